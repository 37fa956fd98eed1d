package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// ErrNoDaemon says that no daemon looks after the county: the command is the caller's own to run.
var ErrNoDaemon = errors.New("no daemon looks after this county")

// ErrLost says that the daemon ended, or hung up, while it ran the command.
var ErrLost = errors.New("the daemon ended while it ran the command; run the same command again, it goes on from there")

// Streams are a command's input and output.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// maxSocketPath is what fits into a socket's address (unix(7): 108 bytes with the final zero).
const maxSocketPath = 107

// SocketPath is where the daemon of the home in dir listens.
func SocketPath(dir string) string { return filepath.Join(dir, "serve.sock") }

// throughFolder calls f with a path of the socket that is short enough, by way of an open folder if need be.
func throughFolder(path string, f func(string) error) error {
	if len(path) <= maxSocketPath {
		return f(path)
	}
	fd, err := unix.Open(filepath.Dir(path), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: filepath.Dir(path), Err: err}
	}
	defer unix.Close(fd)
	return f(filepath.Join("/proc/self/fd", strconv.Itoa(fd), filepath.Base(path)))
}

func dial(ctx context.Context, path string) (conn *net.UnixConn, err error) {
	err = throughFolder(path, func(path string) error {
		c, err := (&net.Dialer{Timeout: helloTime}).DialContext(ctx, "unix", path)
		if err != nil {
			return err
		}
		conn = c.(*net.UnixConn)
		return nil
	})
	return conn, err
}

// Call lets the daemon of the home in dir run a command and returns its exit code. When ctx ends, the daemon is told so and the command
// ends as it would here. Returns ErrNoDaemon when there is none, or none that looks after the county.
func Call(ctx context.Context, dir string, request Request, streams Streams) (int, error) {
	conn, err := dial(ctx, SocketPath(dir))
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ENOTDIR) {
		return 0, ErrNoDaemon
	}
	if err != nil {
		return 0, fmt.Errorf("reach the daemon: %w", err)
	}
	defer conn.Close()
	if !sameUser(conn) {
		return 0, fmt.Errorf("the daemon at %s runs as another user; run the command as that user", SocketPath(dir))
	}
	data, err := json.Marshal(request)
	if err != nil {
		return 0, err
	}
	c := &call{side: side{conn: conn}, streams: streams}
	if err := c.write(frameRequest, data); err != nil {
		return 0, fmt.Errorf("reach the daemon: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.write(frameCancel, nil) })
	defer stop()
	return c.follow()
}

// call is a command under way in the daemon.
type call struct {
	side
	streams Streams
}

// follow passes the streams on until the command has ended.
func (c *call) follow() (int, error) {
	for {
		kind, data, err := readFrame(c.conn)
		if err != nil {
			return 0, fmt.Errorf("%w (%w)", ErrLost, err)
		}
		switch kind {
		case frameDeclined:
			return 0, ErrNoDaemon
		case frameStdout:
			_, err = c.streams.Out.Write(data)
		case frameStderr:
			_, err = c.streams.Err.Write(data)
		case frameWant:
			go c.feed()
		case frameExit:
			e, err := decode[exit](data)
			return e.Code, err
		default:
			err = errFrame
		}
		if err != nil && !errors.Is(err, os.ErrClosed) {
			_ = c.write(frameCancel, nil)
			return 0, fmt.Errorf("pass on what the command says: %w", err)
		}
	}
}

// feed reads input once. It runs on its own because nobody can take a terminal's read back; it ends with the input or the program.
func (c *call) feed() {
	buf := make([]byte, 4<<10)
	n, _ := c.streams.In.Read(buf) // whatever the error: no bytes say that the input has ended
	_ = c.write(frameStdin, buf[:n])
}
