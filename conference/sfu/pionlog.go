package sfu

import (
	"log/slog"

	"github.com/pion/logging"
	"golang.org/x/time/rate"
)

// pionLog passes pion's errors on to slog as warnings. pion's warnings tell of every connection that closes and are left out.
// pion's arguments hold addresses, candidates and SDP, so only the message's template is logged, at most ten in a row and one
// per second.
type pionLog struct {
	log   *slog.Logger
	limit *rate.Limiter
}

func newPionLog(log *slog.Logger) *pionLog { return &pionLog{log, rate.NewLimiter(1, 10)} }

// NewLogger implements logging.LoggerFactory.
func (l *pionLog) NewLogger(scope string) logging.LeveledLogger {
	return &scopedLog{l, scope}
}

type scopedLog struct {
	*pionLog
	scope string
}

func (l *scopedLog) warn(template string) {
	if l.limit.Allow() {
		l.log.Warn("pion", "scope", l.scope, "template", template)
	}
}

const withheld = "(text withheld)"

func (l *scopedLog) Trace(string)              {}
func (l *scopedLog) Tracef(string, ...any)     {}
func (l *scopedLog) Debug(string)              {}
func (l *scopedLog) Debugf(string, ...any)     {}
func (l *scopedLog) Info(string)               {}
func (l *scopedLog) Infof(string, ...any)      {}
func (l *scopedLog) Warn(string)               {}
func (l *scopedLog) Warnf(string, ...any)      {}
func (l *scopedLog) Error(string)              { l.warn(withheld) }
func (l *scopedLog) Errorf(f string, _ ...any) { l.warn(f) }
