package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// helloTime is how long a client may take to say what it wants.
	helloTime = 5 * time.Second
	// writeTime is how long the other side may take to accept a frame. A client that was stopped with Ctrl-Z while its command had much
	// to say loses the command, which can be run again.
	writeTime = 30 * time.Second
	// maxClients at the same time.
	maxClients = 32
	// acceptAgain is the pause after a command that could not be taken, for want of files as a rule (accept(2), EMFILE): counties are
	// looked after all the same.
	acceptAgain = time.Second
)

// Command runs one command line and returns its exit code. ctx ends when the client gave up.
type Command func(ctx context.Context, request Request, streams Streams) int

// socket takes commands of our own user.
type socket struct {
	listener *net.UnixListener
	path     string
	version  string
	// owns says whether the daemon looks after a county.
	owns func(county string) bool
	run  Command
	log  *slog.Logger

	clients sync.WaitGroup
	slots   chan struct{}
}

// listen replaces what a killed daemon left behind; the caller holds the home's lock.
func listen(path string) (listener *net.UnixListener, err error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("take the place of an old socket: %w", err)
	}
	err = throughFolder(path, func(short string) (err error) {
		listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: short, Net: "unix"})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listen for commands at %s: %w", path, err)
	}
	listener.SetUnlinkOnClose(false) // its path may be one that holds for a moment only
	if err := os.Chmod(path, 0o600); err != nil {
		listener.Close()
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	return listener, nil
}

// serve takes commands until ctx ends, and returns when the last of them has ended.
func (s *socket) serve(ctx context.Context) error {
	s.slots = make(chan struct{}, maxClients)
	stop := context.AfterFunc(ctx, func() { s.listener.Close() })
	defer stop()
	defer os.Remove(s.path)
	defer s.clients.Wait()
	for {
		conn, err := s.listener.AcceptUnix()
		if err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
			s.log.Error("a command could not be taken; it waits", "error", err)
			select {
			case <-ctx.Done():
			case <-time.After(acceptAgain):
			}
			continue
		}
		if err != nil {
			s.listener.Close()
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("listen for commands: %w", err)
		}
		select {
		case s.slots <- struct{}{}:
		default: // too many; whoever hangs there is ours and will be heard of
			s.log.Warn("a command was turned away, too many run", "limit", maxClients)
			conn.Close()
			continue
		}
		s.clients.Go(func() {
			defer func() { conn.Close(); <-s.slots }()
			if err := s.client(ctx, conn); err != nil {
				s.log.Warn("a client of the command socket does not behave", "error", err)
			}
		})
	}
}

// sameUser looks at who holds the other end (unix(7), SO_PEERCRED).
func sameUser(conn *net.UnixConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	same := false
	err = raw.Control(func(fd uintptr) {
		cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		same = err == nil && int(cred.Uid) == os.Getuid()
	})
	return err == nil && same
}

func (s *socket) client(ctx context.Context, conn *net.UnixConn) error {
	if !sameUser(conn) {
		return errors.New("another user")
	}
	request, err := hello(conn)
	if err != nil {
		return err
	}
	c := &command{side: side{conn: conn}, input: make(chan []byte, 1)}
	if !s.owns(request.County) {
		_ = c.write(frameDeclined, nil)
		return nil
	}
	if request.Version != s.version {
		fmt.Fprintf(stream{c, frameStderr}, "kreisraum: the daemon of this home is version %s and this program %s; restart `kreisraum serve`\n", s.version, request.Version)
		_ = c.exit(1)
		return nil
	}
	_ = c.exit(c.run(ctx, request, s.run)) // to whom it may still concern
	return nil
}

// hello reads the first frame.
func hello(conn net.Conn) (Request, error) {
	if err := conn.SetReadDeadline(time.Now().Add(helloTime)); err != nil {
		return Request{}, err
	}
	kind, data, err := readFrame(conn)
	if err != nil {
		return Request{}, fmt.Errorf("read a command: %w", err)
	}
	if kind != frameRequest {
		return Request{}, fmt.Errorf("read a command: %w", errFrame)
	}
	return decode[Request](data)
}

// command is a client's command under way.
type command struct {
	side
	input chan []byte
	// cancel ends the command.
	cancel context.CancelFunc
}

func (c *command) run(ctx context.Context, request Request, run Command) int {
	ctx, c.cancel = context.WithCancel(ctx)
	defer c.cancel()
	if err := c.conn.SetReadDeadline(time.Time{}); err != nil { // hello has set one
		return 1
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		c.listen()
	}()
	code := run(ctx, request, Streams{In: &input{command: c, ctx: ctx}, Out: stream{c, frameStdout}, Err: stream{c, frameStderr}})
	_ = c.conn.SetReadDeadline(time.Now()) // the client has no more to say
	<-over
	return code
}

// listen hears what the client says while its command runs. A client that hangs up, or talks nonsense, has given up.
func (c *command) listen() {
	defer c.cancel()
	for {
		kind, data, err := readFrame(c.conn)
		if err != nil {
			return
		}
		switch kind {
		case frameStdin:
			select {
			case c.input <- data:
			default: // nobody asked
				return
			}
		case frameCancel:
			c.cancel()
		default:
			return
		}
	}
}

func (c *command) exit(code int) error {
	data, err := json.Marshal(exit{code})
	if err != nil {
		return err
	}
	return c.write(frameExit, data)
}

// stream is the command's output; a client that takes no more of it has given up.
type stream struct {
	*command
	kind frameKind
}

func (s stream) Write(p []byte) (int, error) {
	for sent := 0; sent < len(p); sent += maxFrame {
		if err := s.write(s.kind, p[sent:min(sent+maxFrame, len(p))]); err != nil {
			if s.cancel != nil {
				s.cancel()
			}
			return sent, err
		}
	}
	return len(p), nil
}

// input asks the client for input only when the command reads.
type input struct {
	*command
	ctx  context.Context // of the command that reads
	left []byte
	over bool
}

func (i *input) Read(p []byte) (int, error) {
	if i.over {
		return 0, io.EOF
	}
	if len(i.left) == 0 {
		if err := i.write(frameWant, nil); err != nil {
			return 0, err
		}
		select {
		case i.left = <-i.command.input:
		case <-i.ctx.Done():
			return 0, context.Cause(i.ctx)
		}
	}
	if len(i.left) == 0 {
		i.over = true
		return 0, io.EOF
	}
	n := copy(p, i.left)
	i.left = i.left[n:]
	return n, nil
}
