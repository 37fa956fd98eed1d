package stress

import (
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var capacity = Capacity{Cores: 2, PacketsPerSecond: 10_000, EgressBits: 80e6, HandshakesPerSecond: 50}

func TestOf(t *testing.T) {
	first := Sample{At: noon, CPU: time.Second, Packets: 100, BytesOut: 1000, Handshakes: 7}
	after := func(d time.Duration, cpu time.Duration, packets, bytes, handshakes uint64) Sample {
		return Sample{noon.Add(d), first.CPU + cpu, first.Packets + packets, first.BytesOut + bytes, first.Handshakes + handshakes}
	}
	known := func(stress, cpu, packets, egress, handshakes float64) cluster.Load {
		return cluster.Load{Known: true, Stress: stress, CPU: cpu, Packets: packets, Egress: egress, Handshakes: handshakes}
	}
	tests := map[string]struct {
		to   Sample
		want cluster.Load
	}{
		"idle":                  {after(time.Second, 0, 0, 0, 0), known(0, 0, 0, 0, 0)},
		"a core of two":         {after(time.Second, time.Second, 0, 0, 0), known(0.5, 0.5, 0, 0, 0)},
		"packets over two s":    {after(2*time.Second, 0, 5000, 0, 0), known(0.25, 0, 0.25, 0, 0)},
		"bytes are eight bits":  {after(time.Second, 0, 0, 10e6, 0), known(1, 0, 0, 1, 0)},
		"joins beyond capacity": {after(time.Second, 0, 0, 0, 100), known(2, 0, 0, 0, 2)},
		"the largest counts":    {after(time.Second, time.Second, 7500, 1e6, 5), known(0.75, 0.5, 0.75, 0.1, 0.1)},
		"no time passed":        {after(0, time.Second, 0, 0, 0), cluster.Load{}},
		"time went back":        {after(-time.Second, 0, 0, 0, 0), cluster.Load{}},
		"counters went back":    {Sample{At: noon.Add(time.Second), CPU: first.CPU}, cluster.Load{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Of(first, tt.to, capacity); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestCapacityOf(t *testing.T) {
	if got := CapacityOf(config.Capacity{}, 4); got != (Capacity{4, 4 * packetsPerCore, 4 * egressPerCore, 4 * handshakesPerCore}) {
		t.Errorf("default %+v", got)
	}
	if got := CapacityOf(config.Capacity{PacketsPerSecond: 1, EgressMbit: 2, HandshakesPerSecond: 3}, 0); got != (Capacity{1, 1, 2e6, 3}) {
		t.Errorf("configured %+v", got)
	}
}

// process is a process whose use the test sets.
type process struct {
	mu       sync.Mutex
	cpu      time.Duration
	counters sfu.Counters
	err      error
}

func (p *process) set(cpu time.Duration, c sfu.Counters, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cpu, p.counters, p.err = cpu, c, err
}

func (p *process) meter() *Meter {
	return NewMeter(MeterConfig{
		Capacity: capacity,
		Counters: func() sfu.Counters { p.mu.Lock(); defer p.mu.Unlock(); return p.counters },
		CPU:      func() (time.Duration, error) { p.mu.Lock(); defer p.mu.Unlock(); return p.cpu, p.err },
		Census:   func() (int, int) { return 3, 40 },
	})
}

func TestMeterKnowsWithTheSecondSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &process{}
		m := p.meter()
		defer m.Close()
		synctest.Wait()
		if l := m.Load(); l.Known || l.Rooms != 3 || l.Participants != 40 {
			t.Errorf("after one sample: %+v", l)
		}
		p.set(time.Second, sfu.Counters{PacketsIn: 1000, PacketsOut: 4000, BytesOut: 1e6, Handshakes: 5}, nil)
		time.Sleep(every)
		synctest.Wait()
		if l := m.Load(); !l.Known || l.CPU != 0.5 || l.Packets != 0.5 || l.Egress != 0.1 || l.Handshakes != 0.1 || l.Stress != 0.5 {
			t.Errorf("after two samples: %+v", l)
		}
	})
}

func TestMeterForgetsWhatIsLongerAgoThanTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &process{}
		m := p.meter()
		defer m.Close()
		synctest.Wait()
		p.set(10*time.Second, sfu.Counters{}, nil)
		time.Sleep(every)
		synctest.Wait()
		if l := m.Load(); l.Stress < 1 {
			t.Errorf("a busy second: %+v", l)
		}
		time.Sleep(window)
		synctest.Wait()
		if l := m.Load(); !l.Known || l.Stress != 0 {
			t.Errorf("a window later: %+v", l)
		}
		if n := len(m.samples); n > int(window/every)+1 {
			t.Errorf("%d samples are kept", n)
		}
	})
}

func TestMeterWithoutFreshSamplesKnowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &process{}
		m := p.meter()
		defer m.Close()
		time.Sleep(2 * every)
		synctest.Wait()
		p.set(0, sfu.Counters{}, errors.New("no"))
		time.Sleep(stale)
		synctest.Wait()
		if l := m.Load(); l.Known {
			t.Errorf("with old samples: %+v", l)
		}
		p.set(0, sfu.Counters{}, nil)
		time.Sleep(2 * every)
		synctest.Wait()
		if l := m.Load(); !l.Known {
			t.Errorf("with fresh samples again: %+v", l)
		}
	})
}

// The process's own CPU time is what it burns.
func TestProcessCPU(t *testing.T) {
	before, err := processCPU()
	if err != nil {
		t.Fatal(err)
	}
	var x float64
	for start := time.Now(); ; {
		now, err := processCPU()
		if err != nil {
			t.Fatal(err)
		}
		if now-before > 20*time.Millisecond {
			break
		}
		if time.Since(start) > 30*time.Second {
			t.Fatalf("%s of CPU time after half a minute of work", now-before)
		}
		for range 100_000 {
			x = math.Sqrt(x + 1)
		}
	}
	_ = x
}
