// Package accesslog writes the only log with addresses, all of them shortened, and deletes it after the configured days. One
// line per request, fields separated by one blank:
//
//	2026-11-21T08:15:02Z 192.0.2.0 GET /api/rooms/{room}/ws 101 0 2714503
//	time (UTC)           address   method  class            status bytes duration in ms
//
// The class is the pattern that matched, so a room's name is never written. No user agent, no referrer, no query.
package accesslog

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// queueSize is how many lines may wait for the disk; beyond it lines are lost rather than requests delayed.
const queueSize = 1024

// Config says where the files are and how long they stay.
type Config struct {
	// Dir is the folder of access-YYYY-MM-DD.log, dates in UTC.
	Dir string
	// RetentionDays is how many days a file is kept, today counted. 0: nothing is written and what is left is deleted.
	RetentionDays int
	Log           *slog.Logger
}

// Log is an open access log. One goroutine owns the files.
type Log struct {
	cfg     Config
	entries chan entry
	stop    chan struct{}
	done    chan struct{}
	once    sync.Once
	full    rate.Sometimes // the goroutine's
}

type entry struct {
	at       time.Time
	addr     netip.Addr
	method   string
	class    string
	status   int
	bytes    int64
	duration time.Duration
}

// Open deletes what is too old and begins to write. The error says what is wrong with the folder.
func Open(cfg Config) (*Log, error) {
	if err := prepare(cfg); err != nil {
		return nil, fmt.Errorf("access log in %s: %w; check the folder's owner, or set access_log.retention_days: 0", cfg.Dir, err)
	}
	l := &Log{cfg: cfg, entries: make(chan entry, queueSize), stop: make(chan struct{}), done: make(chan struct{}),
		full: rate.Sometimes{Interval: time.Hour}}
	go l.run()
	return l, nil
}

// Close writes what is waiting and closes the file. Idempotent.
func (l *Log) Close() {
	l.once.Do(func() { close(l.stop) })
	<-l.done
}

// Wrap logs what next answers. next must set the request's Pattern, as http.ServeMux does, on the request it is given.
func (l *Log) Wrap(next http.Handler) http.Handler {
	if l.cfg.RetentionDays == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			l.put(entry{at: start, addr: remote(r), method: method(r.Method), class: class(r.Pattern), status: rec.code(),
				bytes: rec.bytes, duration: time.Since(start)})
		}()
		next.ServeHTTP(rec, r)
	})
}

// put never blocks.
func (l *Log) put(e entry) {
	select {
	case l.entries <- e:
	default: // the line is lost; a busy server matters more
	}
}

func (e entry) String() string {
	return fmt.Sprintf("%s %s %s %s %d %d %d\n", e.at.UTC().Format(time.RFC3339), Shorten(e.addr), e.method, e.class, e.status,
		e.bytes, e.duration.Milliseconds())
}

// Shorten makes an address one of many: the last octet of IPv4 becomes 0, of IPv6 the first 48 bits stay. "-" for none.
func Shorten(a netip.Addr) string {
	if !a.IsValid() {
		return "-"
	}
	a = a.Unmap().WithZone("")
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, _ := a.Prefix(bits) // fails for more bits than the address has
	return p.Addr().String()
}

func remote(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr()
}

// method keeps free text out of the log.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return m
	default:
		return "OTHER"
	}
}

// class is the path of a http.ServeMux pattern.
func class(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	if pattern == "" {
		return "-"
	}
	return pattern
}
