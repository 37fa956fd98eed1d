package night

import (
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

const (
	// repeat is how often the portal says its order again: a message may get lost.
	repeat = 5 * time.Second
	// bridgePatience is how long after Latest the portal waits for a bridge that does not come back. A dead bridge has forgotten
	// everything too, and must not keep the portal from forgetting.
	bridgePatience = 2 * time.Minute
)

// facts is what a step is decided on.
type facts struct {
	now time.Time
	// inUse is how many rooms have somebody inside, on this machine.
	inUse int
	// bridges are the county's other machines, as the portal sees them; nil on a bridge.
	bridges []Bridge
}

// Bridge is a machine that follows the portal.
type Bridge struct {
	ID, Boot string
	Alive    bool
	// Proof of its last restart.
	Proof *opsapi.Proof
}

// effect is something to be done about a step: notice, noNewRooms, endRooms, order or endProcess.
type effect any

type (
	notice     struct{ at time.Time }
	noNewRooms struct{}
	endRooms   struct{}
	order      struct {
		machine string
		plan    cluster.RestartPlan
	}
	// endProcess comes with what the bridges have proven, and which of them have not.
	endProcess struct {
		proofs  []opsapi.Proof
		missing []string
	}
)

// planner decides how a process comes to its end. It knows no clock but the facts'.
type planner struct {
	leads bool
	boot  string
	// night is the next one; zero: there is none.
	night Times
	plan  *cluster.RestartPlan

	told, warned, closed, emptied, ended bool
	// awaited is the boot that each bridge in the list had when the plan was made or, if it was not heard then, when it was heard at
	// last; empty: not yet. Who is not heard is told later, or restarts alone, and nobody waits for it.
	awaited map[string]string
	ordered time.Time
}

func newPlanner(leads bool, boot string, s *Schedule, started time.Time) *planner {
	p := &planner{leads: leads, boot: boot}
	if s != nil {
		p.night = s.After(started)
	}
	return p
}

// step returns what is to be done now.
func (p *planner) step(f facts) []effect {
	if p.ended || p.plan == nil && !p.begin(f) {
		return nil
	}
	var todo []effect
	last := due(f.now, p.plan.Latest.Add(-noticeBefore))
	if due(f.now, p.plan.Notice) && !p.told || last && !p.warned {
		p.told, p.warned = true, last
		todo = append(todo, notice{p.plan.Latest})
	}
	todo = append(todo, p.orders(f)...)
	if due(f.now, p.plan.At) && !p.closed {
		p.closed = true
		todo = append(todo, noNewRooms{})
	}
	if due(f.now, p.plan.Latest) && !p.emptied {
		p.emptied = true
		todo = append(todo, endRooms{})
	}
	if p.closed && (f.inUse == 0 || p.emptied) {
		if p.bridgesBack(f) {
			p.ended = true
			proofs, missing := p.reports(f)
			todo = append(todo, endProcess{proofs, missing})
		}
	}
	return todo
}

func due(now, at time.Time) bool { return !now.Before(at) }

// begin makes the plan of the night once it is time. A bridge makes one only if no order came.
func (p *planner) begin(f facts) bool {
	n := p.night
	switch {
	case n.At.IsZero():
		return false
	case p.leads && due(f.now, n.Notice):
		p.adopt(f, cluster.RestartPlan{Reason: opsapi.ReasonNight, Day: n.Day, Notice: n.Notice, At: n.At, Latest: n.Latest})
	case !p.leads && due(f.now, n.Latest.Add(-noticeBefore)):
		last := n.Latest.Add(-noticeBefore)
		p.adopt(f, cluster.RestartPlan{Reason: opsapi.ReasonAlone, Day: n.Day, Notice: last, At: last, Latest: n.Latest})
	default:
		return false
	}
	return true
}

// adopt takes a plan over, or lets the one under way end earlier. It reports whether anything changed.
func (p *planner) adopt(f facts, plan cluster.RestartPlan) bool {
	if p.plan != nil {
		if !plan.Latest.Before(p.plan.Latest) {
			return false
		}
		p.plan.Latest = plan.Latest
		if plan.At.Before(p.plan.At) {
			p.plan.At = plan.At
		}
		p.told, p.ordered = false, time.Time{}
		return true
	}
	p.plan = &plan
	p.awaited = map[string]string{}
	for _, b := range f.bridges {
		p.awaited[b.ID] = ""
		if b.Alive {
			p.awaited[b.ID] = b.Boot
		}
	}
	return true
}

// orders tells the bridges that still have something to forget.
func (p *planner) orders(f facts) []effect {
	if !p.leads || !p.told || f.now.Sub(p.ordered) < repeat {
		return nil
	}
	var todo []effect
	for _, b := range f.bridges {
		boot, known := p.awaited[b.ID]
		if known && boot == "" && b.Alive {
			boot, p.awaited[b.ID] = b.Boot, b.Boot
		}
		if known && b.Alive && b.Boot == boot {
			plan := *p.plan
			plan.Boot = boot
			todo = append(todo, order{b.ID, plan})
		}
	}
	p.ordered = f.now
	return todo
}

// bridgesBack reports whether the bridges are back with another boot, or need not be waited for any more.
func (p *planner) bridgesBack(f facts) bool {
	return due(f.now, p.plan.Latest.Add(bridgePatience)) || !slices.ContainsFunc(f.bridges, func(b Bridge) bool {
		boot := p.awaited[b.ID]
		return boot != "" && !b.restarted(boot)
	})
}

// restarted reports whether this is another process than the one with that boot.
func (b Bridge) restarted(boot string) bool { return boot != "" && b.Alive && b.Boot != boot }

// reports are the proofs of the bridges that have restarted, and all others that were in the list and still are: whoever cannot show
// what it has forgotten may not have.
func (p *planner) reports(f facts) (proofs []opsapi.Proof, missing []string) {
	for _, b := range f.bridges {
		boot, known := p.awaited[b.ID]
		switch {
		case !known:
		case b.restarted(boot) && b.Proof != nil:
			proof := *b.Proof
			proof.Machine, proof.Bridges = b.ID, nil // it speaks for itself alone
			proofs = append(proofs, proof)
		default:
			missing = append(missing, b.ID)
		}
	}
	slices.Sort(missing)
	return proofs, missing
}

// phase is where the machine is, and until when at the latest.
func (p *planner) phase(inUse int) (string, time.Time) {
	switch {
	case p.plan == nil:
		return opsapi.PhaseDay, time.Time{}
	case p.ended:
		return opsapi.PhaseEnding, time.Time{}
	case !p.closed:
		return opsapi.PhaseNotice, p.plan.At
	case inUse > 0 && !p.emptied:
		return opsapi.PhaseWaiting, p.plan.Latest
	}
	return opsapi.PhaseBridges, p.plan.Latest.Add(bridgePatience)
}

// next is the first moment after now at which a step may have something to do by the clock alone; zero: there is none.
func (p *planner) next(now time.Time) time.Time {
	moments := []time.Time{p.night.Notice, p.night.Latest.Add(-noticeBefore)}
	if p.plan != nil {
		moments = []time.Time{p.plan.Notice, p.plan.Latest.Add(-noticeBefore), p.plan.At, p.plan.Latest, p.plan.Latest.Add(bridgePatience)}
	}
	var first time.Time
	for _, m := range moments {
		if m.After(now) && (first.IsZero() || m.Before(first)) {
			first = m
		}
	}
	return first
}
