package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
)

func TestWatchdogPeriod(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "-1": 0, "soon": 0, "60000000": time.Minute, "1500000": 1500 * time.Millisecond, "9223372036854775807": 0,
	} {
		if got := watchdogPeriod(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// TestReportsAsLongAsAllIsWell: a part that fails is silence until it is well again, a part that hangs is silence for good.
func TestReportsAsLongAsAllIsWell(t *testing.T) {
	const pause = 15 * time.Second
	for name, tt := range map[string]struct {
		look func(context.Context, time.Duration) error
		// beats in two minutes, one at the start and one each pause.
		want    int
		mention string
	}{
		"all well": {func(context.Context, time.Duration) error { return nil }, 9, ""},
		"fails for a while": {func(_ context.Context, since time.Duration) error {
			if since > 20*time.Second && since < 70*time.Second {
				return errors.New("no answer")
			}
			return nil
		}, 6, "does not answer"},
		"waits in vain": {func(ctx context.Context, since time.Duration) error {
			if since > 20*time.Second {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}, 2, "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute+time.Second)
				defer cancel()
				start, beats := time.Now(), 0
				var log bytes.Buffer
				report(ctx, pause, []check{
					{"rooms", func(context.Context) error { return nil }},
					{"TLS port", func(ctx context.Context) error { return tt.look(ctx, time.Since(start)) }},
				}, func() { beats++ }, slog.New(slog.NewTextHandler(&log, nil)))
				if beats != tt.want {
					t.Errorf("got %d beats, want %d", beats, tt.want)
				}
				if tt.mention == "" && log.Len() > 0 || !strings.Contains(log.String(), tt.mention) {
					t.Errorf("log: %s", log.String())
				}
			})
		})
	}
}

// TestHangingPartIsNamed: it holds the reports up, ctx or not, and the log says which one it is.
func TestHangingPartIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		hang, beats := make(chan struct{}), 0
		var log bytes.Buffer
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			report(ctx, time.Second, []check{{"rooms", func(context.Context) error { <-hang; return nil }}}, func() { beats++ },
				slog.New(slog.NewTextHandler(&log, nil)))
		}()
		time.Sleep(time.Minute)
		synctest.Wait()
		if beats != 0 || !strings.Contains(log.String(), "hangs") || !strings.Contains(log.String(), "part=rooms") {
			t.Errorf("%d beats, log: %s", beats, log.String())
		}
		cancel()
		close(hang)
		<-ended
	})
}

// TestServerReports: systemd hears of a server without a certificate, and of one with.
func TestServerReports(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "1000000")
	hear := func(what string) {
		t.Helper()
		buf := make([]byte, 256)
		conn.SetReadDeadline(time.Now().Add(patience))
		for {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("still waiting for %s: %v", what, err)
			}
			if string(buf[:n]) == what {
				return
			}
		}
	}
	c := newCounty(t)
	hear("READY=1")
	hear("WATCHDOG=1")
	c.signCSR(t)
	ops := c.ops(t)
	eventually.True(t, "the ops API answers", func() bool { _, err := ops.Info(t.Context()); return err == nil })
	orderCertificate(t, ops)
	hear("WATCHDOG=1")
	hear("WATCHDOG=1")
	if text := c.log.String(); strings.Contains(text, "does not answer") || strings.Contains(text, "hangs") {
		t.Errorf("log: %s", text)
	}
	if c.acme.Orders() != 1 {
		t.Errorf("%d orders", c.acme.Orders())
	}
}

// TestOwnPortThatNobodyServes: the kernel still takes connections for a server whose accept loop has ended or hangs.
func TestOwnPortThatNobodyServes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{}
	s.cfg.Domain = domain
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := s.answers(ctx, l.Addr().String()); err == nil {
		t.Error("a port that nobody serves counts as alive")
	} else if strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("the error has an address: %v", err)
	}
	address := l.Addr().String()
	l.Close()
	if err := s.answers(t.Context(), address); err == nil {
		t.Error("a closed port counts as alive")
	}
}
