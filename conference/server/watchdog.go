package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"
)

// watchdogChecks is how many looks fit into the time that the supervisor waits for a word: three may be slow or lost.
const watchdogChecks = 4

// check is one of the parts without which this process is of no use. It may block for good.
type check struct {
	part string
	look func(context.Context) error
}

// watch reports to systemd, WatchdogSec= in systemd.service(5), as long as connections are taken and rooms answer. When they do not, it
// falls silent, and systemd ends the process and starts it anew. Without a supervisor who waits for reports it does nothing.
func (s *Server) watch(ctx context.Context) {
	period := watchdogPeriod(os.Getenv("WATCHDOG_USEC"))
	if period == 0 {
		return
	}
	checks := []check{{"rooms", s.rooms.Alive}}
	for _, l := range s.listeners {
		checks = append(checks, check{"TLS port", func(ctx context.Context) error { return s.answers(ctx, l.Addr().String()) }})
	}
	report(ctx, period/watchdogChecks, checks, func() { notify("WATCHDOG=1") }, s.opt.Log)
}

// watchdogPeriod reads sd_watchdog_enabled(3)'s variable, microseconds; 0 if there is none.
func watchdogPeriod(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 || n > time.Hour.Microseconds() {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}

// report looks at all parts, one after the other, and beats when all are well, until ctx ends.
func report(ctx context.Context, pause time.Duration, checks []check, beat func(), log *slog.Logger) {
	next := time.NewTicker(pause)
	defer next.Stop()
	for {
		if allWell(ctx, pause, checks, log) {
			beat()
		}
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
	}
}

func allWell(ctx context.Context, limit time.Duration, checks []check, log *slog.Logger) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	well := true
	for _, c := range checks {
		// A part that hangs holds this goroutine as well, and the report with it; the reason is in the log then.
		hangs := time.AfterFunc(limit+time.Second, func() {
			log.Error("a part of the server hangs; it is about to be ended and started anew", "part", c.part)
		})
		err := c.look(ctx)
		hangs.Stop()
		if err != nil {
			well = false
			log.Error("a part of the server does not answer; if it stays so, the server is ended and started anew", "part", c.part, "error", err)
		}
	}
	return well
}

// answers makes a connection to the server's own port as a browser would. Any answer will do while there is no site or no certificate; with
// one, a request must be answered too: "OPTIONS *", which net/http answers itself and which reaches no log.
func (s *Server) answers(ctx context.Context, address string) error {
	d := tls.Dialer{Config: &tls.Config{ServerName: s.cfg.Domain, NextProtos: []string{"http/1.1"},
		InsecureSkipVerify: true}} // it is ourselves, and the question is whether we answer
	conn, err := d.DialContext(ctx, "tcp", address)
	if refusedByTLS(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("connect to the own port: %w", withoutAddress(err))
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if _, err := io.WriteString(conn, "OPTIONS * HTTP/1.1\r\nHost: "+s.cfg.Domain+"\r\nConnection: close\r\n\r\n"); err != nil {
		return fmt.Errorf("ask the own port: %w", withoutAddress(err))
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return fmt.Errorf("answer of the own port: %w", withoutAddress(err))
	}
	return answer.Body.Close()
}

// refusedByTLS reports whether the other side has answered with an alert (RFC 8446 §6).
func refusedByTLS(err error) bool {
	var alert tls.AlertError
	if errors.As(err, &alert) {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error" // crypto/tls wraps alerts of the other side so outside of QUIC
}

// withoutAddress keeps only the reason of a network error: the machine's addresses belong into no log.
func withoutAddress(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
