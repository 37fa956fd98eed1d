package hcloudsim

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestClockRunsAtItsSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock()
		begin := c.Now()
		shows := func(what string, want time.Duration) {
			t.Helper()
			if got := c.Now().Sub(begin); got != want {
				t.Errorf("%s: the clock has moved by %v, want %v", what, got, want)
			}
		}
		time.Sleep(time.Second) // the bubble's clock
		shows("real time", time.Second)
		if err := c.SetSpeed(60); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		shows("60 times as fast", 61*time.Second)
		if err := c.SetSpeed(0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		shows("stopped", 61*time.Second)
		c.Advance(time.Hour)
		c.Advance(-time.Hour)
		c.AdvanceTo(begin)
		shows("put forward", time.Hour+61*time.Second)
		for _, bad := range []float64{-1, maxSpeed + 1} {
			if err := c.SetSpeed(bad); err == nil {
				t.Errorf("speed %v was taken", bad)
			}
		}
	})
}

func TestSleepersFollowTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock()
		begin, real := c.Now(), time.Now()
		var all sync.WaitGroup
		for hours := range 50 {
			all.Go(func() {
				if err := c.SleepUntil(t.Context(), begin.Add(time.Duration(hours)*time.Hour)); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		c.Advance(10 * time.Hour)
		if err := c.SetSpeed(3600); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		if passed := time.Since(real); passed < 39*time.Second || passed > 40*time.Second {
			t.Errorf("39 simulated hours took %v, want 39 s", passed)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.SleepUntil(ctx, c.Now().Add(time.Hour)); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// TestActionsFollowTheClock creates a server at a cloud whose clock stands still.
func TestActionsFollowTheClock(t *testing.T) {
	start := time.Date(2026, 11, 22, 7, 30, 0, 0, time.UTC)
	hetzner, err := LoadProfile("hetzner")
	if err != nil {
		t.Fatal(err)
	}
	hetzner.Answers = nil
	c := newCloud(t, func(cfg *Config) { cfg.Clock, cfg.Latency, cfg.Profile = NewStoppedClock(start), nil, &hetzner })
	made := must[hcloud.ServerCreateResult](t)(c.client.Server.Create(c.ctx, serverOpts("portal")))
	action := func(id int64) *hcloud.Action { return must[*hcloud.Action](t)(c.client.Action.GetByID(c.ctx, id)) }
	if !made.Server.Created.Equal(start) || action(made.Action.ID).Status != hcloud.ActionStatusRunning {
		t.Errorf("created %v, action %s", made.Server.Created, action(made.Action.ID).Status)
	}
	if status, _ := c.control("PUT", "/sandbox/clock", `{"advance":"1h"}`); status != 204 {
		t.Fatalf("clock: status %d", status)
	}
	c.wait(append(made.NextActions, made.Action)...)
	create, boot := action(made.Action.ID), action(made.NextActions[0].ID)
	if took := create.Finished.Sub(start); took < 7*time.Second || took > 15*time.Second {
		t.Errorf("create took %v", took)
	}
	if took := boot.Finished.Sub(start); took < 10*time.Second || took > 22*time.Second || !boot.Finished.After(create.Finished) {
		t.Errorf("create and start took %v: what was due in the hour skipped ends when it was due", took)
	}
	if shown := controlJSON[ClockReport](c, "/sandbox/clock"); !shown.Now.Equal(start.Add(time.Hour)) || shown.Speed != 0 {
		t.Errorf("clock: %+v", shown)
	}
	for _, bad := range []string{`{}`, `{"speed":-1}`, `{"advance":"-1h"}`, `{"advance":60}`, `{"speed":1,"now":"2026-11-22"}`} {
		if status, body := c.control("PUT", "/sandbox/clock", bad); status != 400 {
			t.Errorf("%s: status %d %s", bad, status, body)
		}
	}
}

func TestRateLimitFollowsTheClock(t *testing.T) {
	c := newCloud(t, func(cfg *Config) {
		cfg.RequestsPerHour, cfg.Clock = 2, NewStoppedClock(time.Date(2026, 11, 22, 7, 30, 0, 0, time.UTC))
	})
	for _, want := range []int{200, 200, 429} {
		if got := answerOf(c.sim, "GET", "/v1/servers").Code; got != want {
			t.Errorf("status %d, want %d", got, want)
		}
	}
	c.sim.Clock().Advance(30 * time.Minute)
	for _, want := range []int{200, 429} {
		if got := answerOf(c.sim, "GET", "/v1/servers").Code; got != want {
			t.Errorf("half an hour later: status %d, want %d", got, want)
		}
	}
}

// TestClockDoesNotGoBackWithARestart would give things a past in the future.
func TestClockDoesNotGoBackWithARestart(t *testing.T) {
	var cfg Config
	c := newCloud(t, func(base *Config) {
		base.StateFile = filepath.Join(t.TempDir(), "cloud.json")
		cfg = *base
	})
	c.sim.Clock().Advance(1000 * time.Hour)
	s := c.create(serverOpts("portal"))
	c.restart(cfg)
	if now := c.sim.Clock().Now(); now.Before(s.Created) {
		t.Errorf("the clock shows %v, the server was created at %v", now, s.Created)
	}
}

func FuzzClockOrder(f *testing.F) {
	f.Add([]byte(`{"speed":60,"advance":"1h30m"}`))
	f.Add([]byte(`{"speed":0}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := parseOrder[ClockOrder](strings.NewReader(string(data)))
		if err != nil {
			return
		}
		s := &Server{cfg: Config{Clock: NewStoppedClock(time.Unix(0, 0))}}
		before := s.cfg.Clock.Now()
		_ = s.DriveClock(o) // refusing is fine, going back is not
		if s.cfg.Clock.Now().Before(before) {
			t.Fatalf("%s put the clock back", data)
		}
	})
}
