package hcloudsim

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// maxFaults bounds how many faults may wait at a time. Our own bound.
const maxFaults = 1000

// faults decides which request goes wrong, and counts.
type faults struct {
	mu     sync.Mutex // guards what follows
	list   []*pending
	chaos  *chaos
	struck map[Kind]int
}

// pending is a scripted fault that is not used up.
type pending struct {
	Fault
	until time.Time // zero: no end
	seen  uint64    // matching requests so far
	left  int       // hits left; with For and without Times never used up
}

// FaultReport is what has gone wrong on purpose so far, and what is still to come.
type FaultReport struct {
	// Struck counts the requests hit, by kind, since the start or the last reset.
	Struck map[Kind]int `json:"struck"`
	// Total is the sum of Struck.
	Total int `json:"total"`
	// Pending are the scripted faults that are not used up, oldest first; Times counts what is left.
	Pending []Fault `json:"pending"`
	// Chaos is nil when it is off.
	Chaos *Chaos `json:"chaos"`
}

// InjectFault adds a fault; those added earlier are used up first. Returns an error that tells everything that is wrong with it.
func (s *Server) InjectFault(f Fault) error {
	f, err := f.validate()
	if err != nil {
		return err
	}
	return s.faults.add(f, s.cfg.Clock.Now())
}

// SetChaos lets requests go wrong by chance from now on; nil switches it off. Scripted faults go first.
func (s *Server) SetChaos(c *Chaos) error {
	if c == nil {
		s.faults.setChaos(nil)
		return nil
	}
	started, err := newChaos(*c)
	if err != nil {
		return err
	}
	s.faults.setChaos(started)
	return nil
}

// Faults reports on faults.
func (s *Server) Faults() FaultReport { return s.faults.report(s.cfg.Clock.Now()) }

// ResetFaults forgets all faults that wait, switches chaos off and counts from zero.
func (s *Server) ResetFaults() { s.faults.reset() }

func (f *faults) add(fault Fault, now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forgetOver(now)
	if len(f.list) >= maxFaults {
		return errTooManyFaults
	}
	p := &pending{Fault: fault, left: fault.Times}
	if fault.For > 0 {
		p.until = now.Add(time.Duration(fault.For))
	}
	f.list = append(f.list, p)
	return nil
}

func (f *faults) setChaos(c *chaos) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.chaos = c
}

func (f *faults) reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.chaos, f.struck = nil, nil, nil
}

// next is the fault that hits this request, or nil. route is the path with its placeholders.
func (f *faults) next(now time.Time, method, path, route string) *strike {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forgetOver(now)
	for _, p := range f.list {
		if !p.matches(method, path) {
			continue
		}
		p.seen++
		if p.seen <= uint64(p.Skip) || p.Probability > 0 && draw(p.Seed, method+" "+path, p.seen).Float64() >= p.Probability {
			continue
		}
		if p.Times > 0 {
			p.left--
		}
		st := p.strike()
		st.source = p
		return f.countLocked(st)
	}
	if f.chaos == nil {
		return nil
	}
	return f.countLocked(f.chaos.next(method, route))
}

func (f *faults) countLocked(st *strike) *strike {
	if st == nil {
		return nil
	}
	if f.struck == nil {
		f.struck = map[Kind]int{}
	}
	f.struck[st.kind]++
	return st
}

// giveBack undoes a strike that found nothing to strike: an action's fault at a request without an action.
func (f *faults) giveBack(st *strike) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.struck[st.kind]--; f.struck[st.kind] <= 0 {
		delete(f.struck, st.kind)
	}
	if p := st.source; p != nil && p.Times > 0 {
		p.left++
		if !slices.Contains(f.list, p) {
			f.list = append([]*pending{p}, f.list...)
		}
	}
}

// forgetOver drops what is used up or over.
func (f *faults) forgetOver(now time.Time) {
	f.list = slices.DeleteFunc(f.list, func(p *pending) bool {
		return p.Times > 0 && p.left == 0 || !p.until.IsZero() && !now.Before(p.until)
	})
}

func (f *faults) report(now time.Time) FaultReport {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forgetOver(now)
	r := FaultReport{Struck: map[Kind]int{}, Pending: []Fault{}}
	maps.Copy(r.Struck, f.struck)
	for _, n := range r.Struck {
		r.Total += n
	}
	for _, p := range f.list {
		left := p.Fault
		left.Times = p.left
		r.Pending = append(r.Pending, left)
	}
	if f.chaos != nil {
		c := f.chaos.Chaos
		c.Kinds = slices.Clone(c.Kinds)
		r.Chaos = &c
	}
	return r
}
