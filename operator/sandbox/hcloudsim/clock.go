package hcloudsim

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// maxSpeed is how fast a clock may run. Our own bound: a year passes within 90 seconds.
const maxSpeed = 365_000

// Clock is the time of a simulated cloud. It runs as fast as the computer's, faster, or stands still, and can be put forward; it never
// goes back. Safe for concurrent use.
type Clock struct {
	mu      sync.Mutex // guards what follows
	base    time.Time  // simulated, at real
	real    time.Time  // of the computer, when speed was set or the clock put forward
	speed   float64
	changed chan struct{} // closed when what the sleepers have computed no longer holds
}

// NewClock is a clock that shows the computer's time.
func NewClock() *Clock {
	now := time.Now()
	return &Clock{base: now, real: now, speed: 1, changed: make(chan struct{})}
}

// NewStoppedClock is a clock that stands still at a time, until it is put forward.
func NewStoppedClock(at time.Time) *Clock {
	return &Clock{base: at, real: time.Now(), changed: make(chan struct{})}
}

// Now is the simulated time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nowLocked()
}

func (c *Clock) nowLocked() time.Time {
	return c.base.Add(time.Duration(float64(time.Since(c.real)) * c.speed))
}

// Advance puts the clock forward. Whatever ends within the time skipped ends when it was due. Negative durations are ignored.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resetLocked(max(0, by), c.speed)
}

// AdvanceTo puts the clock forward to a time; one that has passed is ignored.
func (c *Clock) AdvanceTo(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resetLocked(max(0, at.Sub(c.nowLocked())), c.speed)
}

// SetSpeed lets the clock run at a multiple of real time from now on; 0 stops it. Returns an error when it is out of range.
func (c *Clock) SetSpeed(speed float64) error {
	if !(speed >= 0 && speed <= maxSpeed) {
		return fmt.Errorf("clock: speed %v is out of range, need 0 to %d", speed, maxSpeed)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resetLocked(0, speed)
	return nil
}

// Speed is the multiple of real time at which the clock runs.
func (c *Clock) Speed() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.speed
}

func (c *Clock) resetLocked(forward time.Duration, speed float64) {
	c.base = c.nowLocked().Add(forward)
	c.real, c.speed = time.Now(), speed
	close(c.changed)
	c.changed = make(chan struct{})
}

// SleepUntil returns nil when the clock shows the time, or the context's error when that ends before.
func (c *Clock) SleepUntil(ctx context.Context, at time.Time) error {
	for {
		c.mu.Lock()
		left, speed, changed := at.Sub(c.nowLocked()), c.speed, c.changed
		c.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		if err := pause(ctx, left, speed, changed); err != nil {
			return err
		}
	}
}

// pause waits until the time left has passed at the speed, or until the clock was changed.
func pause(ctx context.Context, left time.Duration, speed float64, changed <-chan struct{}) error {
	var rings <-chan time.Time // never, when the clock stands still
	if speed > 0 {
		timer := time.NewTimer(time.Duration(float64(left)/speed) + 1)
		defer timer.Stop()
		rings = timer.C
	}
	select {
	case <-rings:
	case <-changed:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// ClockReport is what the clock shows.
type ClockReport struct {
	Now   time.Time `json:"now"`
	Speed float64   `json:"speed"`
}

// ClockOrder drives the clock: first the speed is set, then it is put forward.
type ClockOrder struct {
	Speed   *float64 `json:"speed,omitempty"`
	Advance Duration `json:"advance,omitempty"`
}

// Clock is the simulator's clock.
func (s *Server) Clock() *Clock { return s.cfg.Clock }

// DriveClock does as ordered.
func (s *Server) DriveClock(o ClockOrder) error {
	if o.Speed == nil && o.Advance == 0 {
		return errors.New("clock: give a speed, a time to advance by, or both")
	}
	if o.Speed != nil {
		if err := s.cfg.Clock.SetSpeed(*o.Speed); err != nil {
			return err
		}
	}
	s.cfg.Clock.Advance(time.Duration(o.Advance))
	return nil
}

func (s *Server) tellClock() ClockReport {
	return ClockReport{s.cfg.Clock.Now().UTC(), s.cfg.Clock.Speed()}
}
