package server

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/config"
)

func TestPanicStaysInItsRequest(t *testing.T) {
	var log bytes.Buffer
	h := contain(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/abort" {
			panic(http.ErrAbortHandler)
		}
		panic("canary of a client")
	}), slog.New(slog.NewJSONHandler(&log, nil)))
	s := httptest.NewUnstartedServer(h)
	s.Config = newHTTPServer(h)
	s.Start()
	defer s.Close()
	client := s.Client()
	defer client.CloseIdleConnections()
	for _, path := range []string{"/abort", "/"} {
		if resp, err := client.Get(s.URL + path); err == nil {
			resp.Body.Close()
			t.Errorf("%s: answered %s", path, resp.Status)
		}
	}
	s.Close() // waits for the handlers
	text := log.String()
	if strings.Count(text, "panicked") != 1 || !strings.Contains(text, "parts_test.go") || strings.Contains(text, "canary") {
		t.Errorf("log: %s", text)
	}
}

func TestHTTPServerBoundsEverything(t *testing.T) {
	s := newHTTPServer(http.NotFoundHandler())
	for name, d := range map[string]time.Duration{"header": s.ReadHeaderTimeout, "read": s.ReadTimeout, "write": s.WriteTimeout, "idle": s.IdleTimeout} {
		if d <= 0 || d > 2*time.Minute {
			t.Errorf("%s timeout is %s", name, d)
		}
	}
	if s.HTTP2.MaxConcurrentStreams > 16 {
		t.Errorf("a connection may open %d streams", s.HTTP2.MaxConcurrentStreams)
	}
	if s.MaxHeaderBytes <= 0 || s.MaxHeaderBytes > 64<<10 {
		t.Errorf("headers up to %d bytes", s.MaxHeaderBytes)
	}
}

func TestNotifyAbstractSocket(t *testing.T) {
	name := "@kreisraum-test-" + strings.ReplaceAll(t.TempDir(), "/", "-")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", name)
	notify("READY=1")
	conn.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 64)
	n, err := conn.Read(buf)
	if err != nil || string(buf[:n]) != "READY=1" {
		t.Errorf("got %q, %v", buf[:n], err)
	}
	os.Unsetenv("NOTIFY_SOCKET")
	notify("READY=1") // must not panic or wait
}

// TestLostListenerEndsTheServer: a server that cannot be reached any more must end, so that systemd starts it anew.
func TestLostListenerEndsTheServer(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Domain = domain
	cfg.Listen = config.Listen{Addresses: []string{"127.0.0.1"}}
	cfg.Paths = pathsIn(t.TempDir())
	s, err := New(cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.listeners[0].Close()
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "accept on 127.0.0.1:") {
		t.Errorf("got %v", err)
	}
}
