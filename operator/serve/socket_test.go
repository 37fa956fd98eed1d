package serve

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// deadline is how long a test waits for what must come.
const deadline = 30 * time.Second

// startSocket serves run in a home of its own until the test ends.
func startSocket(t *testing.T, run Command) string {
	t.Helper()
	dir := t.TempDir()
	listener, err := listen(SocketPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	s := &socket{
		listener: listener, path: SocketPath(dir), version: "v1", owns: func(county string) bool { return county == "musterkreis" }, run: run,
		log: slog.New(slog.DiscardHandler),
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return dir
}

func request(args ...string) Request {
	return Request{Version: "v1", County: "musterkreis", Args: args}
}

func TestCommandsStreamsPassTheSocket(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	t.Run("", func(t *testing.T) {
		dir := startSocket(t, func(_ context.Context, r Request, s Streams) int {
			in, err := io.ReadAll(s.In)
			fmt.Fprintf(s.Out, "%s|%s|%v", strings.Join(r.Args, " "), in, err)
			fmt.Fprint(s.Err, strings.Repeat("x", 3*maxFrame))
			return 7
		})
		var out, errs bytes.Buffer
		code, err := Call(t.Context(), dir, request("up", "musterkreis"), Streams{In: strings.NewReader("typed"), Out: &out, Err: &errs})
		if code != 7 || err != nil || out.String() != "up musterkreis|typed|<nil>" || errs.Len() != 3*maxFrame {
			t.Errorf("code %d, %v, out %q, %d bytes of errors", code, err, out.String(), errs.Len())
		}
	})
}

// A command that is over before the daemon listens to its client must still end.
func TestShortCommandsEnd(t *testing.T) {
	dir := startSocket(t, func(context.Context, Request, Streams) int { return 3 })
	for range 500 {
		if code, err := Call(t.Context(), dir, request(), Streams{}); code != 3 || err != nil {
			t.Fatalf("code %d, %v", code, err)
		}
	}
}

func TestNoInputIsReadUnlessTheCommandReads(t *testing.T) {
	dir := startSocket(t, func(context.Context, Request, Streams) int { return 0 })
	if _, err := Call(t.Context(), dir, request(), Streams{In: untouchable{t}}); err != nil {
		t.Error(err)
	}
}

type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) { u.t.Error("input was read"); return 0, io.EOF }

func TestCtrlCEndsTheCommandCleanly(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	t.Run("", func(t *testing.T) {
		begun := make(chan struct{})
		dir := startSocket(t, func(ctx context.Context, _ Request, s Streams) int {
			close(begun)
			<-ctx.Done()
			fmt.Fprint(s.Out, "stopped")
			return 1
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-begun; cancel() }()
		var out bytes.Buffer
		code, err := Call(ctx, dir, request(), Streams{Out: &out})
		if code != 1 || err != nil || out.String() != "stopped" {
			t.Errorf("code %d, %v, %q", code, err, out.String())
		}
	})
}

func TestClientThatDiesEndsItsCommand(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	dir := startSocket(t, func(ctx context.Context, _ Request, _ Streams) int {
		close(begun)
		<-ctx.Done()
		close(ended)
		return 1
	})
	conn := connect(t, dir)
	send(t, conn, frameRequest, `{"version":"v1","county":"musterkreis"}`)
	<-begun
	conn.Close()
	await(t, ended, "the command ends")
}

func TestWhoIsNotOurs(t *testing.T) {
	dir := startSocket(t, func(context.Context, Request, Streams) int { t.Error("a command ran"); return 0 })
	other := request()
	other.County = "nachbarkreis"
	if _, err := Call(t.Context(), dir, other, Streams{}); !errors.Is(err, ErrNoDaemon) {
		t.Errorf("another county: %v", err)
	}
	newer := request()
	newer.Version = "v2"
	var errs bytes.Buffer
	if code, err := Call(t.Context(), dir, newer, Streams{Err: &errs}); code != 1 || err != nil || !strings.Contains(errs.String(), "restart `kreisraum serve`") {
		t.Errorf("another version: %d, %v, %q", code, err, errs.String())
	}
}

func TestNoDaemon(t *testing.T) {
	empty := t.TempDir()
	if _, err := Call(t.Context(), empty, request(), Streams{}); !errors.Is(err, ErrNoDaemon) {
		t.Errorf("no socket: %v", err)
	}
	if _, err := Call(t.Context(), filepath.Join(empty, "nowhere"), request(), Streams{}); !errors.Is(err, ErrNoDaemon) {
		t.Errorf("no home: %v", err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: SocketPath(empty), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	if _, err := Call(t.Context(), empty, request(), Streams{}); !errors.Is(err, ErrNoDaemon) {
		t.Errorf("a socket that a killed daemon left: %v", err)
	}
}

func TestDaemonThatDiesIsTold(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("unix", SocketPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _, _ = readFrame(conn)
			conn.Close()
		}
	}()
	if _, err := Call(t.Context(), dir, request(), Streams{}); !errors.Is(err, ErrLost) {
		t.Errorf("got %v", err)
	}
}

func TestDeepHomes(t *testing.T) {
	deep := filepath.Join(t.TempDir(), strings.Repeat("tief/", 40))
	if err := mkdir(deep); err != nil {
		t.Fatal(err)
	}
	l, err := listen(SocketPath(deep))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := dial(t.Context(), SocketPath(deep))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// Whatever a client does, the daemon ends the connection and goes on.
func TestHostileClients(t *testing.T) {
	dir := startSocket(t, func(ctx context.Context, _ Request, _ Streams) int { <-ctx.Done(); return 0 })
	huge := make([]byte, 5)
	huge[0] = byte(frameRequest)
	binary.BigEndian.PutUint32(huge[1:], 1<<31)
	good := frame(frameRequest, `{"version":"v1","county":"musterkreis"}`)
	for name, bytes := range map[string][]byte{
		"oversized frame":        huge,
		"garbage":                []byte("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"),
		"no request":             frame(frameStdin, "x"),
		"no JSON":                frame(frameRequest, "{"),
		"a second request":       append(good[:len(good):len(good)], good...),
		"input nobody asked for": append(append(good[:len(good):len(good)], frame(frameStdin, "a")...), frame(frameStdin, "b")...),
		"garbage in a command":   append(good[:len(good):len(good)], 0xff, 0xff, 0xff, 0xff, 0xff),
	} {
		t.Run(name, func(t *testing.T) {
			conn := connect(t, dir)
			if _, err := conn.Write(bytes); err != nil {
				t.Fatal(err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(deadline)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, conn); errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
				t.Error("the connection stays open")
			}
		})
	}
	t.Run("silence", func(t *testing.T) {
		conn := connect(t, dir)
		_ = conn.SetReadDeadline(time.Now().Add(deadline))
		if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
			t.Error("a client that says nothing is waited for")
		}
	})
}

func TestTooManyClients(t *testing.T) {
	dir := startSocket(t, func(ctx context.Context, _ Request, _ Streams) int { <-ctx.Done(); return 0 })
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	lost := 0
	for range maxClients + 5 {
		wg.Go(func() {
			if _, err := Call(ctx, dir, request(), Streams{}); errors.Is(err, ErrLost) || isBroken(err) {
				mu.Lock()
				defer mu.Unlock()
				if lost++; lost == 5 {
					cancel()
				}
			}
		})
	}
	over := make(chan struct{})
	go func() { wg.Wait(); close(over) }()
	await(t, over, "five of the clients are turned away")
}

// A daemon that is out of files takes commands again once it has some, and is not ended by it.
func TestCommandsWaitForFiles(t *testing.T) {
	dir := startSocket(t, func(context.Context, Request, Streams) int { return 3 })
	client, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(client)
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	none := before
	none.Cur = 0
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	connected := unix.Connect(client, &unix.SockaddrUnix{Name: SocketPath(dir)})
	time.Sleep(acceptAgain / 4)
	if err := errors.Join(connected, unix.Setrlimit(unix.RLIMIT_NOFILE, &before)); err != nil {
		t.Fatal(err)
	}
	if code, err := Call(t.Context(), dir, request(), Streams{}); code != 3 || err != nil {
		t.Errorf("code %d, %v", code, err)
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add(frame(frameRequest, `{}`))
	f.Add([]byte{byte(frameStdin), 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		kind, content, err := readFrame(bytes.NewReader(data))
		if err != nil {
			return
		}
		if len(content) > maxFrame || !bytes.Equal(frame(kind, string(content)), data[:5+len(content)]) {
			t.Errorf("kind %c, %d bytes", kind, len(content))
		}
	})
}
