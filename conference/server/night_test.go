package server

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // not every computer has the database

	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
	"github.com/medienzentrenverbund/kreisraum/conference/myrooms"
	"github.com/medienzentrenverbund/kreisraum/conference/night"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

func TestScheduleOf(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		restart config.Restart
		want    *night.Schedule
		fails   bool
	}{
		{"none", config.Restart{}, nil, false},
		{"an hour", config.Restart{At: "23:30", TimeZone: "Europe/Berlin"}, &night.Schedule{At: night.Clock{Hour: 23, Minute: 30}, Latest: night.Clock{Hour: 0, Minute: 30}, Zone: berlin}, false},
		{"as said", config.Restart{At: "03:30", Latest: "03:45", TimeZone: "UTC"}, &night.Schedule{At: night.Clock{Hour: 3, Minute: 30}, Latest: night.Clock{Hour: 3, Minute: 45}, Zone: time.UTC}, false},
		{"no such zone", config.Restart{At: "03:30", TimeZone: "Europe/Nowhere"}, nil, true},
		{"no such time", config.Restart{At: "late", TimeZone: "UTC"}, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := scheduleOf(tt.restart)
			if (err != nil) != tt.fails || (got == nil) != (tt.want == nil) {
				t.Fatalf("got %v, %v", got, err)
			}
			if got != nil && (got.At != tt.want.At || got.Latest != tt.want.Latest || got.Zone.String() != tt.want.Zone.String()) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

// TestNightlyRestart: the server ends by itself and without an error, so that systemd starts it anew; the next one proves what was
// forgotten, and finds no file that it does not know.
func TestNightlyRestart(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Domain = domain
	cfg.Listen = config.Listen{Addresses: []string{"127.0.0.1"}}
	cfg.Paths = pathsIn(t.TempDir())
	cfg.Restart = config.Restart{At: "03:30", TimeZone: "UTC"}
	log := &logtest.Buffer{}
	// The clock stands just before the night until the server has seen that, however slow this machine is.
	begun := sync.OnceValue(time.Now)
	opt := Options{Log: slog.New(slog.NewJSONHandler(log, nil)), Version: "1.2.3", Now: func() time.Time {
		now := time.Date(2026, 11, 21, 3, 29, 59, 900e6, time.UTC)
		if strings.Contains(log.String(), "rooms are told of the restart") {
			now = now.Add(time.Since(begun()))
		}
		return now
	}}
	s, err := New(cfg, opt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.site.myRooms.Add("id-ahorn", myrooms.Draft{Title: "Chor"}); err != nil { // outlives the night, as accounts do
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err != nil || t.Context().Err() != nil {
		t.Errorf("Run: %v", err)
	}
	if !strings.Contains(log.String(), `"msg":"restart"`) {
		t.Errorf("log: %s", log)
	}
	if err := os.WriteFile(filepath.Join(cfg.Paths.State, "notes.txt"), []byte("who was there"), 0o600); err != nil {
		t.Fatal(err)
	}
	var proofs []opsapi.Proof
	for range 2 {
		again, err := New(cfg, opt)
		if err != nil {
			t.Fatal(err)
		}
		again.close()
		proofs = again.night.Status().Proofs
		if rooms := again.site.myRooms.Of("id-ahorn"); len(rooms) != 1 {
			t.Errorf("%d of the teacher's rooms have outlived the night", len(rooms))
		}
		os.Remove(filepath.Join(cfg.Paths.State, "notes.txt"))
	}
	if len(proofs) != 2 || proofs[1].Reason != opsapi.ReasonNight || proofs[1].Day != "2026-11-21" || proofs[1].NewVersion != "1.2.3" {
		t.Fatalf("proofs: %+v", proofs)
	}
	if found := checkOf(t, proofs[1], opsapi.CheckFiles); found.OK || !strings.Contains(found.Detail, "1 files in "+cfg.Paths.State) {
		t.Errorf("a file of somebody else: %+v", found)
	}
	for _, name := range []string{opsapi.CheckFiles, opsapi.CheckNoStore, opsapi.CheckProcessGone} {
		if found := checkOf(t, proofs[0], name); !found.OK {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

func checkOf(t *testing.T, p opsapi.Proof, name string) opsapi.Check {
	t.Helper()
	for _, c := range p.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no check %q in %+v", name, p)
	return opsapi.Check{}
}

// hangingRooms are held by a bug.
type hangingRooms struct {
	noRooms
	bug chan struct{}
}

func (h hangingRooms) Close(context.Context) error {
	<-h.bug
	return nil
}

// TestARoomThatHangsKeepsNoProcessAlive: a process that waits for it would neither forget nor serve.
func TestARoomThatHangsKeepsNoProcessAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logtest.Buffer{}
		rooms := hangingRooms{bug: make(chan struct{})}
		defer close(rooms.bug)
		s := &Server{rooms: rooms, opt: Options{Log: slog.New(slog.NewJSONHandler(log, nil))}}
		begun := time.Now()
		nightRooms{s}.EndRooms()
		if took := time.Since(begun); took > 10*time.Second || !strings.Contains(log.String(), "does not end") {
			t.Errorf("after %s: %s", took, log)
		}
	})
}
