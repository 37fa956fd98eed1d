package certs

import (
	"context"
	"log/slog"

	"go.uber.org/zap/zapcore"
)

// logCore hands the library's warnings and errors to slog: message and logger name only. Its fields hold clients' addresses, the contact's e-mail
// address and more; what an operator needs of them is in Status.
type logCore struct{ log *slog.Logger }

var _ zapcore.Core = (*logCore)(nil)

// Enabled implements zapcore.LevelEnabler.
func (c *logCore) Enabled(l zapcore.Level) bool { return l >= zapcore.WarnLevel }

// With implements zapcore.Core and drops the fields.
func (c *logCore) With([]zapcore.Field) zapcore.Core { return c }

// Check implements zapcore.Core. A scan of the TLS port must not fill the log, therefore nothing of single handshakes.
func (c *logCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) && e.Message != "tls-alpn challenge" {
		return ce.AddCore(e, c)
	}
	return ce
}

// Write implements zapcore.Core.
func (c *logCore) Write(e zapcore.Entry, _ []zapcore.Field) error {
	level := slog.LevelWarn
	if e.Level >= zapcore.ErrorLevel {
		level = slog.LevelError
	}
	c.log.Log(context.Background(), level, "certificate library", "part", e.LoggerName, "says", e.Message)
	return nil
}

// Sync implements zapcore.Core.
func (c *logCore) Sync() error { return nil }
