package serve

import (
	"bytes"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func mkdir(dir string) error { return os.MkdirAll(dir, 0o700) }

// frame is a frame's bytes.
func frame(kind frameKind, content string) []byte {
	var b bytes.Buffer
	_ = writeFrame(&b, kind, []byte(content)) // a buffer takes everything
	return b.Bytes()
}

func connect(t *testing.T, dir string) *net.UnixConn {
	t.Helper()
	conn, err := dial(t.Context(), SocketPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func send(t *testing.T, conn net.Conn, kind frameKind, content string) {
	t.Helper()
	if err := writeFrame(conn, kind, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

// await waits until done is closed.
func await(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(deadline):
		t.Fatalf("still waiting: %s", what)
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// isBroken: the other side has hung up while we wrote.
func isBroken(err error) bool { return errors.Is(err, unix.EPIPE) || errors.Is(err, unix.ECONNRESET) }
