package bus

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// serverLog hands the server's warnings and errors on. They name machines, subjects and addresses of the private network; rooms are
// keys there.
type serverLog struct {
	log *slog.Logger

	// fatal has a token once the server can't start.
	fatal chan struct{}

	mu     sync.Mutex
	latest string
}

func newServerLog(l *slog.Logger) *serverLog {
	return &serverLog{log: l, fatal: make(chan struct{}, 1)}
}

func (l *serverLog) note(level slog.Level, format string, v []any) {
	text := fmt.Sprintf(format, v...)
	l.mu.Lock()
	l.latest = text
	l.mu.Unlock()
	l.log.Log(context.Background(), level, "message server", "event", text)
}

// last is the newest warning or error.
func (l *serverLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.latest == "" {
		return "it does not accept connections"
	}
	return l.latest
}

// Errorf implements server.Logger.
func (l *serverLog) Errorf(format string, v ...any) { l.note(slog.LevelError, format, v) }

// Fatalf implements server.Logger. The server does not end the process by it.
func (l *serverLog) Fatalf(format string, v ...any) {
	l.note(slog.LevelError, format, v)
	select {
	case l.fatal <- struct{}{}:
	default:
	}
}

// Warnf implements server.Logger.
func (l *serverLog) Warnf(format string, v ...any) { l.note(slog.LevelWarn, format, v) }

// Noticef implements server.Logger.
func (l *serverLog) Noticef(string, ...any) {}

// Debugf implements server.Logger.
func (l *serverLog) Debugf(string, ...any) {}

// Tracef implements server.Logger.
func (l *serverLog) Tracef(string, ...any) {}
