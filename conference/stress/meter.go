package stress

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

const (
	// every is how often a Meter samples.
	every = time.Second
	// window is what a load is taken over: short enough that a lease tells of a lesson that began, long enough that a keyframe or a
	// garbage collection does not count as one.
	window = 5 * time.Second
	// stale is the age from which on the newest sample says nothing any more: the machine is too busy to take samples.
	stale = 5 * time.Second
)

// MeterConfig is what a Meter looks at.
type MeterConfig struct {
	Capacity Capacity
	// Counters are the SFU's, see sfu.Engine.Counters.
	Counters func() sfu.Counters
	// Census says how many rooms have begun and how many people are inside; nil: none.
	Census func() (rooms, people int)
	// CPU is the process's CPU time; nil: getrusage(2).
	CPU func() (time.Duration, error)
	Log *slog.Logger
}

// Meter samples the process it runs in. Safe for concurrent use.
type Meter struct {
	config MeterConfig
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	samples []Sample // of the window, oldest first
}

// NewMeter starts to sample. Close it.
func NewMeter(c MeterConfig) *Meter {
	if c.CPU == nil {
		c.CPU = processCPU
	}
	if c.Census == nil {
		c.Census = func() (int, int) { return 0, 0 }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &Meter{config: c, cancel: cancel}
	m.done.Go(func() { m.run(ctx) })
	return m
}

// Close stops sampling. Idempotent.
func (m *Meter) Close() {
	m.cancel()
	m.done.Wait()
}

// Load is the load of the last seconds. It is not known before there are two samples, nor when the last is old.
func (m *Meter) Load() cluster.Load {
	m.mu.Lock()
	var l cluster.Load
	if n := len(m.samples); n > 1 && time.Since(m.samples[n-1].At) < stale {
		l = Of(m.samples[0], m.samples[n-1], m.config.Capacity)
	}
	m.mu.Unlock()
	l.Rooms, l.Participants = m.config.Census()
	l.Person = m.config.Capacity.Person()
	return l
}

func (m *Meter) run(ctx context.Context) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for failed := false; ; {
		err := m.sample()
		if err != nil && !failed {
			m.config.Log.Error("the CPU time can't be read: this bridge's load is unknown and it gets no rooms", "error", err)
		}
		failed = err != nil
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// sample adds a sample and drops those that the window has passed, but keeps one at or before its beginning.
func (m *Meter) sample() error {
	cpu, err := m.config.CPU()
	if err != nil {
		return err
	}
	c := m.config.Counters()
	s := Sample{At: time.Now(), CPU: cpu, Packets: c.PacketsIn + c.PacketsOut, BytesOut: c.BytesOut, Handshakes: c.Handshakes}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.samples = append(m.samples, s)
	for len(m.samples) > 2 && s.At.Sub(m.samples[1].At) >= window {
		m.samples = m.samples[1:]
	}
	return nil
}
