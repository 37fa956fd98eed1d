package accesslog

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func config(t *testing.T, days int) Config {
	return Config{Dir: t.TempDir(), RetentionDays: days, Log: slog.New(slog.DiscardHandler)}
}

func open(t *testing.T, cfg Config) *Log {
	t.Helper()
	l, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// site answers as the portal does, through a ServeMux.
func site() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{room}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	mux.HandleFunc("POST /api/login", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /quiet", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	return mux
}

// visit makes one request.
func visit(h http.Handler, method, target, remote string) {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = remote
	r.Header.Set("User-Agent", "canary-agent")
	r.Header.Set("Referer", "https://canary.example/")
	defer func() { recover() }()
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// lines closes the log and returns everything written, with times and durations replaced.
func lines(t *testing.T, l *Log) []string {
	t.Helper()
	l.Close()
	files, err := filepath.Glob(filepath.Join(l.cfg.Dir, "access-*.log"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			line = regexp.MustCompile(`^\S+T\S+Z `).ReplaceAllString(line, "TIME ")
			all = append(all, regexp.MustCompile(` \d+\n$`).ReplaceAllString(line, " MS"))
		}
	}
	return all
}

func TestLines(t *testing.T) {
	l := open(t, config(t, 7))
	h := l.Wrap(site())
	visit(h, "GET", "/klasse-canary?token=canary", "203.0.113.77:4711")
	visit(h, "POST", "/api/login", "[2001:db8:1:2:3:4:5:6]:4711")
	visit(h, "GET", "/quiet", "203.0.113.77:4711")
	visit(h, "GET", "/no/such/path/canary", "203.0.113.77:4711")
	visit(h, "CANARY", "/klasse-canary", "203.0.113.77:4711")
	visit(h, "GET", "/panic", "203.0.113.77:4711")
	visit(h, "GET", "/quiet", "@")
	got := lines(t, l)
	want := []string{
		"TIME 203.0.113.0 GET /{room} 200 5 MS",
		"TIME 2001:db8:1:: POST /api/login 204 0 MS",
		"TIME 203.0.113.0 GET /quiet 200 0 MS",
		"TIME 203.0.113.0 GET - 404 19 MS",
		"TIME 203.0.113.0 OTHER - 405 19 MS",
		"TIME 203.0.113.0 GET /panic 200 0 MS",
		"TIME - GET /quiet 200 0 MS",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestHijackedConnection(t *testing.T) {
	l := open(t, config(t, 7))
	logged := make(chan struct{})
	wrapped := l.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.Close()
	}))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wrapped.ServeHTTP(w, r)
		close(logged)
	}))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	bufio.NewReader(conn).ReadString('\n')
	<-logged // the server does not wait for hijacked connections
	if got := lines(t, l); len(got) != 1 || !strings.Contains(got[0], " 127.0.0.0 GET - 101 0 ") {
		t.Errorf("got %q", got)
	}
}

func TestShorten(t *testing.T) {
	for in, want := range map[string]string{
		"203.0.113.77": "203.0.113.0", "203.0.113.0": "203.0.113.0", "::ffff:203.0.113.77": "203.0.113.0",
		"2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff": "2001:db8:aaaa::", "fe80::1%eth0": "fe80::", "::1": "::",
	} {
		if got := Shorten(netip.MustParseAddr(in)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
	if got := Shorten(netip.Addr{}); got != "-" {
		t.Errorf("no address: got %s", got)
	}
}

func TestNoAccessLog(t *testing.T) {
	cfg := config(t, 0)
	old := filepath.Join(cfg.Dir, "access-2026-11-20.log")
	today := filepath.Join(cfg.Dir, "access-"+time.Now().UTC().Format(time.DateOnly)+".log")
	for _, name := range []string{old, today} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, cfg)
	visit(l.Wrap(site()), "GET", "/klasse", "203.0.113.77:4711")
	l.Close()
	if left, _ := os.ReadDir(cfg.Dir); len(left) != 0 {
		t.Errorf("files stay or appear: %v", left)
	}
	cfg.Dir = filepath.Join(cfg.Dir, "missing")
	open(t, cfg)
}

// TestRetention runs three weeks with a clock of its own: one visit a day, at most seven files at any time.
func TestRetention(t *testing.T) {
	cfg := config(t, 7)
	for _, name := range []string{"access-1999-12-24.log", "access-1999-12-26.log", "access-soon.log", "notes.txt"} {
		if err := os.WriteFile(filepath.Join(cfg.Dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC, 2000-01-01
		l, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		want := []string{"access-1999-12-26.log", "access-soon.log", "notes.txt"}
		if got := names(t, cfg.Dir); !slices.Equal(got, want) {
			t.Errorf("at the start: got %v, want %v", got, want)
		}
		h := l.Wrap(site())
		for day := range 21 {
			visit(h, "GET", "/klasse", "203.0.113.77:4711")
			synctest.Wait()
			time.Sleep(24 * time.Hour)
			synctest.Wait()
			files := 0
			for _, name := range names(t, cfg.Dir) {
				if _, ok := dayOf(name); ok {
					files++
				}
			}
			if files > 7 {
				t.Fatalf("day %d: %d files", day, files)
			}
		}
		// It is the 22nd: seven days are the 16th to the 22nd, and today nobody came.
		want = []string{"access-2000-01-16.log", "access-2000-01-17.log", "access-2000-01-18.log", "access-2000-01-19.log",
			"access-2000-01-20.log", "access-2000-01-21.log", "access-soon.log", "notes.txt"}
		if got := names(t, cfg.Dir); !slices.Equal(got, want) {
			t.Errorf("after three weeks: got %v, want %v", got, want)
		}
	})
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestLostFolderIsReportedAndCostsNoRequest(t *testing.T) {
	var buf bytes.Buffer
	cfg := config(t, 7)
	cfg.Log = slog.New(slog.NewTextHandler(&buf, nil))
	l := open(t, cfg)
	if err := os.RemoveAll(cfg.Dir); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	l.Wrap(site()).ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), "GET", "/klasse-canary", nil))
	l.Close()
	if w.Code != http.StatusOK || !strings.Contains(buf.String(), "access log line lost") || strings.Contains(buf.String(), "canary") {
		t.Errorf("answer %d, log %s", w.Code, buf.String())
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: file, RetentionDays: 7}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
}

func TestFullQueueLosesLinesNotTime(t *testing.T) {
	l := &Log{cfg: config(t, 7), entries: make(chan entry)} // nobody reads
	done := make(chan struct{})
	go func() { l.put(entry{}); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("put blocks")
	}
}

// TestADayIsBounded: whoever floods the site does not fill the disk, not by restarts either.
func TestADayIsBounded(t *testing.T) {
	defer func(n int64) { maxFile = n }(maxFile)
	maxFile = 1000
	cfg := config(t, 7)
	var log bytes.Buffer
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	for range 3 {
		l := open(t, cfg)
		h := l.Wrap(site())
		for range 100 {
			visit(h, "GET", "/quiet", "192.0.2.1:4711")
		}
		l.Close()
	}
	files, _ := filepath.Glob(filepath.Join(cfg.Dir, "access-*.log"))
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	if info, err := os.Stat(files[0]); err != nil || info.Size() > maxFile || info.Size() < maxFile/2 {
		t.Errorf("%v, %v", info.Size(), err)
	}
	if n := strings.Count(log.String(), "full"); n != 3 {
		t.Errorf("%d warnings of three servers:\n%s", n, log.String())
	}
}
