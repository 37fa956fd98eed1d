package hcloudsim

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestProfiles(t *testing.T) {
	for _, tt := range []struct {
		profile, command string
		min, max         time.Duration
	}{
		{"instant", "create_server", 0, 0},
		{"demo", "create_server", 1200 * time.Millisecond, 1200 * time.Millisecond},
		{"demo", "create_server from snapshot", 1200 * time.Millisecond, 1200 * time.Millisecond},
		{"demo", "apply_firewall", 100 * time.Millisecond, 100 * time.Millisecond},
		{"hetzner", "create_server", 7 * time.Second, 15 * time.Second},
		{"hetzner", "create_server from snapshot", 62 * time.Second, 124 * time.Second},
		{"hetzner", "start_server from snapshot", 3 * time.Second, 7 * time.Second},
	} {
		p, err := LoadProfile(tt.profile)
		if err != nil {
			t.Fatal(err)
		}
		s := p.action(tt.command)
		if s.at(0) != tt.min || s.at(1) != tt.max {
			t.Errorf("%s, %s: from %v to %v, want %v to %v", tt.profile, tt.command, s.at(0), s.at(1), tt.min, tt.max)
		}
		half := p.Scaled(0.5).action(tt.command)
		if half.at(1) != tt.max/2 {
			t.Errorf("%s, %s: scaled to half it takes up to %v", tt.profile, tt.command, half.at(1))
		}
	}
	if _, err := LoadProfile("slow"); err == nil {
		t.Error("an unknown profile was loaded")
	}
	if got := DefaultLatency("create_server"); got != 1200*time.Millisecond {
		t.Errorf("default: %v", got)
	}
}

func TestSpreadHasItsTypicalValue(t *testing.T) {
	s := Spread{Duration(10 * time.Second), Duration(12 * time.Second), Duration(22 * time.Second)}
	dice := rand.New(rand.NewPCG(1, 2))
	var sum time.Duration
	const n = 20000
	for range n {
		d := s.at(dice.Float64())
		if d < 10*time.Second || d > 22*time.Second {
			t.Fatalf("%v is out of range", d)
		}
		sum += d
	}
	want := (10.0 + 12 + 22) / 3 // mean of a triangular distribution
	if mean := (sum / n).Seconds(); mean < want-0.1 || mean > want+0.1 {
		t.Errorf("mean %.2f s, want %.2f s", mean, want)
	}
}

func TestLatencyIsDrawnFromTheSeed(t *testing.T) {
	hetzner, err := LoadProfile("hetzner")
	if err != nil {
		t.Fatal(err)
	}
	drawn := func(seed uint64) (all [20]time.Duration) {
		s := &Server{cfg: Config{Profile: &hetzner, Seed: seed}, drawn: map[string]uint64{}}
		for i := range all {
			all[i] = s.takesLocked("create_server")
		}
		return all
	}
	if first := drawn(1); first != drawn(1) || first == drawn(2) {
		t.Error("the same seed must draw the same, another one something else")
	}
}

func TestAnswersTakeTheirTime(t *testing.T) {
	slow := Profile{Answers: map[string]Spread{"GET": {Duration(60 * time.Millisecond), Duration(60 * time.Millisecond), Duration(60 * time.Millisecond)}}}
	c := newCloud(t, func(cfg *Config) { cfg.Profile = &slow })
	begin := time.Now()
	answerOf(c.sim, "GET", "/v1/servers")
	if took := time.Since(begin); took < 60*time.Millisecond {
		t.Errorf("the answer took %v, want at least 60 ms", took)
	}
}
