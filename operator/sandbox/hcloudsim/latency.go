package hcloudsim

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// latencyJSON holds how long things take, with date and source.
//
//go:embed latency.json
var latencyJSON []byte

// fromSnapshot is appended to a command whose server's disk comes from a snapshot; without an entry of its own it takes as long as the
// command alone.
const fromSnapshot = " from snapshot"

// Profile says how long things take. The zero value: no longer than their work.
type Profile struct {
	// Actions by command, for example "create_server" or "create_server from snapshot"; by the simulator's clock.
	Actions map[string]Spread `json:"actions"`
	// Otherwise is how long actions of all other commands take.
	Otherwise Spread `json:"otherwise"`
	// Answers of requests by method and route, for example "POST /servers", or by method alone; in real time, since real clients wait.
	Answers map[string]Spread `json:"answers"`
}

// Spread is a triangular distribution: nothing outside of Min and Max, Typical most often.
type Spread struct {
	Min     Duration `json:"min"`
	Typical Duration `json:"typical"`
	Max     Duration `json:"max"`
}

// LoadProfile finds a profile: "instant" takes no time, "demo" is long enough that clients must wait for actions, "hetzner" is like
// the real cloud.
func LoadProfile(name string) (Profile, error) {
	var file struct {
		Profiles map[string]Profile `json:"profiles"`
	}
	if err := json.Unmarshal(latencyJSON, &file); err != nil {
		return Profile{}, fmt.Errorf("read embedded latencies: %w", err)
	}
	p, ok := file.Profiles[name]
	if !ok {
		return Profile{}, fmt.Errorf("profile %q is unknown, need one of %s", name, strings.Join(slices.Sorted(maps.Keys(file.Profiles)), ", "))
	}
	for what, s := range p.all() {
		if s.Min > s.Typical || s.Typical > s.Max {
			return Profile{}, fmt.Errorf("read embedded latencies: profile %s, %s: need min ≤ typical ≤ max", name, what)
		}
	}
	return p, nil
}

func (p Profile) all() map[string]Spread {
	all := map[string]Spread{"otherwise": p.Otherwise}
	maps.Copy(all, p.Actions)
	maps.Copy(all, p.Answers)
	return all
}

// Scaled is the profile with all times multiplied by a factor.
func (p Profile) Scaled(factor float64) Profile {
	scale := func(s Spread) Spread {
		return Spread{s.Min.times(factor), s.Typical.times(factor), s.Max.times(factor)}
	}
	scaled := Profile{Actions: map[string]Spread{}, Answers: map[string]Spread{}, Otherwise: scale(p.Otherwise)}
	for name, s := range p.Actions {
		scaled.Actions[name] = scale(s)
	}
	for name, s := range p.Answers {
		scaled.Answers[name] = scale(s)
	}
	return scaled
}

func (d Duration) times(factor float64) Duration { return Duration(float64(d) * factor) }

// action is the spread of an action's time.
func (p Profile) action(command string) Spread {
	for _, name := range []string{command, strings.TrimSuffix(command, fromSnapshot)} {
		if s, ok := p.Actions[name]; ok {
			return s
		}
	}
	return p.Otherwise
}

// answer is the spread of a request's time.
func (p Profile) answer(method, route string) Spread {
	if s, ok := p.Answers[method+" "+route]; ok {
		return s
	}
	return p.Answers[method]
}

// at is the spread's quantile, for u from 0 to 1: the inverse of the triangular distribution's cumulative function.
func (s Spread) at(u float64) time.Duration {
	low, mode, high := float64(s.Min), float64(s.Typical), float64(s.Max)
	if high <= low {
		return time.Duration(s.Min)
	}
	if u < (mode-low)/(high-low) {
		return time.Duration(low + math.Sqrt(u*(high-low)*(mode-low)))
	}
	return time.Duration(high - math.Sqrt((1-u)*(high-low)*(high-mode)))
}

// takesLocked draws how long the next action of a command takes. The n-th one of a command takes the same with the same seed.
func (s *Server) takesLocked(command string) time.Duration {
	if s.cfg.Latency != nil {
		return s.cfg.Latency(strings.TrimSuffix(command, fromSnapshot))
	}
	s.drawn[command]++
	return s.cfg.Profile.action(command).at(draw(s.cfg.Seed, command, s.drawn[command]).Float64())
}

// linger waits as long as the answer to a request takes, or until the client is gone.
func (s *Server) linger(ctx context.Context, method, route string) {
	spread := s.cfg.Profile.answer(method, route)
	if spread == (Spread{}) {
		return
	}
	n := s.answers.Add(1)
	timer := time.NewTimer(spread.at(draw(s.cfg.Seed, "answer", n).Float64()))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
