package server

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // not every computer has the database

	"github.com/medienzentrenverbund/kreisraum/conference/config"
)

func TestNextNight(t *testing.T) {
	for _, tt := range []struct{ name, at, zone, now, want string }{
		{"tonight", "03:30", "Europe/Berlin", "2026-11-21T18:00:00Z", "2026-11-22T02:30:00Z"},
		{"later today", "03:30", "Europe/Berlin", "2026-11-21T01:00:00Z", "2026-11-21T02:30:00Z"},
		{"just restarted", "03:30", "Europe/Berlin", "2026-11-21T02:30:00Z", "2026-11-22T02:30:00Z"},
		{"the date there, not in UTC", "00:15", "Europe/Berlin", "2026-11-21T23:10:00Z", "2026-11-21T23:15:00Z"},
		{"in summer", "03:30", "Europe/Berlin", "2026-07-01T12:00:00Z", "2026-07-02T01:30:00Z"},
		{"over the end of a year", "02:00", "Europe/Berlin", "2026-12-31T12:00:00Z", "2027-01-01T01:00:00Z"},
		{"a time that the night leaves out", "02:30", "Europe/Berlin", "2027-03-27T12:00:00Z", "2027-03-28T01:30:00Z"},
		{"never", "", "", "2026-11-21T18:00:00Z", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tt.now)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := nextNight(config.Restart{At: tt.at, TimeZone: tt.zone}, now)
			if text := got.UTC().Format(time.RFC3339); ok != (tt.want != "") || ok && text != tt.want {
				t.Errorf("got %s, %v, want %q", text, ok, tt.want)
			}
		})
	}
}

// TestNightlyRestart: the server ends by itself and without an error, so that systemd starts it anew.
func TestNightlyRestart(t *testing.T) {
	cfg := config.Default()
	cfg.Domain = domain
	cfg.Listen = config.Listen{Addresses: []string{"127.0.0.1"}}
	cfg.Paths = config.Paths{State: t.TempDir(), Logs: t.TempDir(), CountyCA: "/nonexistent/ca.crt", OpsCertificate: "/nonexistent/ops.crt"}
	cfg.Restart = config.Restart{At: "03:30", TimeZone: "UTC"}
	log := &logBuffer{}
	clock := sync.OnceValue(time.Now) // begins to run when the server first looks, however slow this machine is
	s, err := New(cfg, Options{Log: slog.New(slog.NewJSONHandler(log, nil)), Now: func() time.Time {
		return time.Date(2026, 11, 21, 3, 29, 59, 500e6, time.UTC).Add(time.Since(clock()))
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err != nil || t.Context().Err() != nil {
		t.Errorf("Run: %v", err)
	}
	if !strings.Contains(log.String(), "nightly restart") {
		t.Errorf("log: %s", log)
	}
}
