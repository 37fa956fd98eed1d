package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

var errFault = errors.New("a fault that the test made")

// plant is a county as far as the daemon can tell: machines that take their time, and a portal that knows how busy they are.
type plant struct {
	mu      sync.Mutex
	bridges map[int]*Bridge
	rooms   map[int]int
	stress  float64 // of the portal's own bridge
	calls   []string
	soldOut []Kind
	// making is how long a machine takes.
	making time.Duration
	// fault is returned by the call of that name for ever.
	fault  map[string]error
	survey Survey
	// silent portals never answer: they hang until the caller gives up.
	silent bool
	most   int // machines at the same time
	// untold: the portal was away when it was last told of its machines.
	untold bool
	// unoffered kinds are not in the price list.
	unoffered []Kind
}

func newPlant() *plant {
	return &plant{bridges: map[int]*Bridge{}, rooms: map[int]int{}, making: 90 * time.Second, fault: map[string]error{}, survey: Survey{
		Answers: true, NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}}
}

func (p *plant) call(format string, args ...any) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	p.calls = append(p.calls, text)
	for name, err := range p.fault {
		if len(text) >= len(name) && text[:len(name)] == name {
			return err
		}
	}
	return nil
}

// changes are the calls that changed something.
func (p *plant) changes() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.calls), func(c string) bool {
		return c == "load" || c == "bridges" || c == "survey" || c == "price"
	})
}

func (p *plant) count(name string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		if c == name {
			n++
		}
	}
	return n
}

// set changes the plant from outside.
func (p *plant) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *plant) ready() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.bridges {
		if b.Ready && !b.Draining {
			n++
		}
	}
	return n
}

func (p *plant) machines() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.bridges)
}

func (p *plant) Load(ctx context.Context) (opsapi.Load, error) {
	if err := p.call("load"); err != nil {
		return opsapi.Load{}, err
	}
	p.mu.Lock()
	silent := p.silent
	p.mu.Unlock()
	if silent {
		<-ctx.Done()
		return opsapi.Load{}, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	l := opsapi.Load{Settled: true, Bridges: []opsapi.BridgeLoad{{ID: identity.Portal, Alive: true, Ready: true, Known: true, Stress: p.stress}}}
	for n, b := range p.bridges {
		l.Bridges = append(l.Bridges, opsapi.BridgeLoad{
			ID: identity.Bridge(n), Alive: b.Ready, Ready: b.Ready, Draining: b.Draining != p.untold, Known: b.Ready, Rooms: p.rooms[n],
		})
	}
	return l, nil
}

func (p *plant) Bridges(context.Context) ([]Bridge, error) {
	if err := p.call("bridges"); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Bridge
	for _, b := range p.bridges {
		all = append(all, *b)
	}
	slices.SortFunc(all, func(a, b Bridge) int { return a.Number - b.Number })
	return all, nil
}

func (p *plant) AddBridges(ctx context.Context, kinds []Kind, progress func(string)) (ready []int, err error) {
	if err := p.call("add %v", kinds); err != nil {
		return nil, err
	}
	p.mu.Lock()
	for _, k := range kinds {
		if slices.Contains(p.soldOut, k) {
			p.mu.Unlock()
			return nil, fmt.Errorf("%v: %w", k, ErrSoldOut)
		}
	}
	for _, k := range kinds {
		n := 1
		for p.bridges[n] != nil {
			n++
		}
		p.bridges[n] = &Bridge{Number: n, Kind: k, Created: time.Now()}
	}
	p.most = max(p.most, len(p.bridges))
	p.mu.Unlock()
	progress("a machine is being made")
	select {
	case <-time.After(p.making):
	case <-ctx.Done():
		return nil, ctx.Err() // as after a kill: wanted, but not ready
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, b := range p.bridges {
		if !b.Ready {
			b.Ready, ready = true, append(ready, n)
		}
	}
	slices.Sort(ready)
	return ready, nil
}

func (p *plant) Drain(_ context.Context, numbers []int, on, byHand bool) error {
	if err := p.call("drain %v %v %v", numbers, on, byHand); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.untold = false
	for _, n := range numbers {
		if p.bridges[n] == nil {
			return errFault
		}
		p.bridges[n].Draining, p.bridges[n].ByHand = on, on && byHand
	}
	return nil
}

func (p *plant) RemoveBridges(_ context.Context, numbers []int, _ func(string)) error {
	if err := p.call("remove %v", numbers); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range numbers {
		if p.rooms[n] > 0 {
			return errFault
		}
		delete(p.bridges, n)
	}
	return nil
}

func (p *plant) PricePerHour(_ context.Context, k Kind) (int, error) {
	if slices.Contains(p.unoffered, k) {
		return 0, fmt.Errorf("%v: %w", k, ErrSoldOut)
	}
	return 4, p.call("price")
}

func (p *plant) Survey(context.Context) (Survey, error) {
	err := p.call("survey")
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.survey, err
}

func (p *plant) Close() {}

var (
	small = Kind{ServerType: "cpx22", Location: "fsn1"}
	other = Kind{ServerType: "cpx22", Location: "nbg1"}
	large = Kind{ServerType: "cpx32", Location: "fsn1"}
	last  = Kind{ServerType: "cpx32", Location: "nbg1"}
)

func testSettings(t testing.TB) Settings {
	t.Helper()
	return Settings{
		Dir: t.TempDir(), Kinds: []Kind{small, other, large, last},
		Policy:  autoscale.Policy{Max: 5, Headroom: 1.5, Target: 0.85, TimeZone: "Europe/Berlin"},
		Nightly: Nightly{At: 3*60 + 30, Latest: 4*60 + 30, Zone: berlin(t)},
	}
}

func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func testMind(t testing.TB, c County, s Settings) *mind {
	t.Helper()
	m, err := newMind("musterkreis", c, s, autoscale.Decide, slog.New(slog.NewTextHandler(testLog{t}, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// testLog shows the log of a test that fails.
type testLog struct{ testing.TB }

func (l testLog) Write(line []byte) (int, error) {
	l.Logf("%s", line)
	return len(line), nil
}

// start runs a runner until stop is called.
func start(t testing.TB, c County, s Settings) (r *runner, stop func()) {
	t.Helper()
	r = newRunner(testMind(t, c, s), 5*time.Second, func() time.Duration { return time.Minute }, newMetrics())
	ctx, cancel := context.WithCancel(context.Background())
	go r.run(ctx)
	return r, func() { cancel(); <-r.over }
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
