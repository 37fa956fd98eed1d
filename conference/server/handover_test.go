package server

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
)

// TestLessonsComeBackAfterARestartByDay: portal and bridge are one process, or the bridge alone restarts. The same people are inside again
// by themselves, under their own IDs and without the code; a stranger is not.
func TestLessonsComeBackAfterARestartByDay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		role    string
		bridges int
		who     func(*fleet) *machine
	}{
		"one machine": {config.RoleBoth, 0, func(f *fleet) *machine { return f.portal }},
		"a bridge":    {config.RolePortal, 1, func(f *fleet) *machine { return f.bridges["bridge-1"] }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, tt.role, tt.bridges)
			organiser, pupil := f.lesson(t, "klasse-5a")
			code, ids := organiser.Code(), []string{organiser.ID(), pupil.ID()}
			restarted := tt.who(f)
			before := restarted.started()
			restarted.signal(t, syscall.SIGTERM)
			eventually.True(t, "the lesson is interrupted", func() bool { return !organiser.Inside() && !pupil.Inside() })
			start := time.Now()
			for who, p := range map[string]*client.Participant{"organiser": organiser, "pupil": pupil} {
				eventually.True(t, "the "+who+" is inside again", func() bool { return p.Inside() && p.Stats().PeerConnections > 1 })
			}
			t.Logf("everybody is inside again after %s", time.Since(start))
			hearing(t, organiser, pupil)
			if organiser.Code() != code || organiser.ID() != ids[0] || pupil.ID() != ids[1] {
				t.Error("the room has another code, or somebody came back as somebody else")
			}
			if restarted.started() != before+1 {
				t.Errorf("%d starts", restarted.started())
			}
		})
	}
}

func TestHandover(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	good, err := json.Marshal(handover{At: now.Add(-2 * time.Second), Rooms: map[cluster.RoomKey]cluster.Record{"k": {Epoch: "e"}}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		content []byte
		at      time.Time
		want    int
	}{
		"taken over":      {good, now, 1},
		"too old":         {good, now.Add(2 * handoverLife), 0},
		"from the future": {good, now.Add(-time.Hour), 0},
		"damaged":         {good[:20], now, 0},
		"none":            {nil, now, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Server{opt: Options{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return tt.at }}}
			s.cfg.Role, s.cfg.Paths.Runtime = config.RoleBoth, t.TempDir()
			file := filepath.Join(s.cfg.Paths.Runtime, handoverFile)
			if tt.content != nil {
				if err := os.WriteFile(file, tt.content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.openHandover(); err != nil || len(s.inherited) != tt.want {
				t.Errorf("%d rooms (%v), want %d", len(s.inherited), err, tt.want)
			}
			if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it can be read a second time (%v)", err)
			}
		})
	}
}

// TestOnlyLessonsAreHandedOver: a room that nobody has opened has nobody to come back to, and a bridge's records are with its portal.
func TestOnlyLessonsAreHandedOver(t *testing.T) {
	for name, tt := range map[string]struct {
		site  *site
		rooms map[cluster.RoomKey]cluster.Record
		there bool
	}{
		"lesson": {&site{}, map[cluster.RoomKey]cluster.Record{"a": {Epoch: "e"}, "b": {}}, true},
		"door":   {&site{}, map[cluster.RoomKey]cluster.Record{"b": {}}, false},
		"bridge": {nil, map[cluster.RoomKey]cluster.Record{"a": {Epoch: "e"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Server{site: tt.site, opt: Options{Log: slog.New(slog.DiscardHandler), Now: time.Now}}
			s.cfg.Paths.Runtime = t.TempDir()
			s.handOver(tt.rooms)
			left, err := readHandover(s.handoverPath())
			if err != nil || (len(left.Rooms) == 1) != tt.there {
				t.Errorf("left %v (%v)", left.Rooms, err)
			}
		})
	}
}
