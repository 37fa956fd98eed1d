package autoscale

import (
	"math"
	"slices"
	"time"
)

// Decide says what is to be done now.
//
// It asks three questions in order: how much must fit (need), how many bridges that is within what is allowed (target), and which machines
// are touched to get there (act). Growing is quick and by as many as it takes; shrinking is slow, see want.
func Decide(in Input) Decision {
	s := look(in)
	d := Decision{At: in.Now}
	d.Desired = s.target()
	s.grow(&d)
	s.shrink(&d)
	s.remove(&d)
	d.Why = s.why(d)
	return d
}

// state is an Input, sorted.
type state struct {
	Input
	clock clock
	load  load
	fleet fleet
	want  want
	// manual is the order in force, or nil.
	manual *Manual
	// crowded: a lost machine holds a place that another needs.
	crowded bool
	// limits says for people what held the decision back.
	limits []string
}

func look(in Input) *state {
	in.Policy = in.Policy.withDefaults()
	in.Lead = leadOf(in.Lead)
	s := &state{Input: in, clock: newClock(in.Policy)}
	s.load = newLoad(in.Now, in.Load, view{in.Policy.Headroom, in.Policy.Patience, in.Lead + reaction})
	s.fleet = newFleet(in, s.load)
	s.want = s.need()
	if m := in.Manual; m != nil && (m.Until.IsZero() || in.Now.Before(m.Until)) {
		s.manual = m
	}
	return s
}

func (p Policy) withDefaults() Policy {
	p.Max = max(p.Max, 0)
	p.Min = min(max(p.Min, 0), p.Max)
	if !(p.Headroom >= 1) { // NaN too
		p.Headroom = DefaultHeadroom
	}
	if !(p.Target > 0 && p.Target <= 1) {
		p.Target = DefaultTarget
	}
	if p.Patience <= 0 {
		p.Patience = DefaultPatience
	}
	if p.PaidPeriod <= 0 {
		p.PaidPeriod = DefaultPaidPeriod
	}
	p.Timetable.Lead = min(max(p.Timetable.Lead, 0), 24*time.Hour)
	return p
}

const (
	// firstLead is a guess of how long a bridge takes before that has been measured.
	firstLead = 3 * time.Minute
	// longestLead bounds how far ahead growth is drawn on: a straight line holds no longer.
	longestLead = 15 * time.Minute
)

func leadOf(measured time.Duration) time.Duration {
	if measured <= 0 {
		return firstLead
	}
	return min(measured, longestLead)
}

// target is how many dedicated bridges shall take rooms.
func (s *state) target() int {
	have := len(s.fleet.serving) + s.fleet.coming
	switch {
	case s.manual != nil:
		return s.byHand()
	case s.Frozen:
		return have
	}
	return s.bounded(s.settled(have))
}

func (s *state) byHand() int {
	if s.manual.Bridges > s.Policy.Max {
		s.limit("bridges.max is %d", s.Policy.Max)
	}
	return min(max(s.manual.Bridges, 0), s.Policy.Max)
}

// settled keeps what there is between the lowest number that is enough and the highest that is not too much.
func (s *state) settled(have int) int {
	switch {
	case have < s.want.grow:
		return s.want.grow
	case have > s.want.keep && s.mayShrink():
		return s.want.keep
	}
	return have
}

func (s *state) bounded(n int) int {
	if n > s.Policy.Max {
		s.limit("bridges.max is %d", s.Policy.Max)
	}
	return min(max(n, s.Policy.Min), s.Policy.Max)
}

// mayShrink: the load is known now and has been for long enough, no bridge in use hides its own, and nobody waits for one.
func (s *state) mayShrink() bool {
	return s.load.known && s.load.patient && s.fleet.allKnown && s.load.waiting == 0
}

// grow takes back what drains and makes the rest, within places, money and what can be had.
func (s *state) grow(d *Decision) {
	if s.Frozen && s.manual == nil {
		return
	}
	missing := d.Desired - len(s.fleet.serving) - s.fleet.coming
	if missing <= 0 {
		return
	}
	paid := s.affordable(missing)
	if paid < missing {
		d.Desired -= missing - paid
		missing = paid
	}
	for _, b := range s.fleet.backInUse(s.Now, s.Policy.PaidPeriod) {
		if len(d.Undrain) < missing {
			d.Undrain = append(d.Undrain, b.Number)
		}
	}
	slices.Sort(d.Undrain)
	d.Add = s.canBeHad(missing - len(d.Undrain))
}

// stuckLimit is how many machines that never came up stop the making of others: something is wrong with all of them, not with one.
const stuckLimit = 2

// canBeHad bounds how many machines are made.
func (s *state) canBeHad(wished int) int {
	switch places := s.Policy.Max - s.fleet.machines; {
	case wished <= 0:
		return 0
	case s.Now.Before(s.SoldOutUntil):
		s.limit("every allowed server type is sold out, next try at %s", s.clock.clockTime(s.SoldOutUntil))
		return 0
	case s.fleet.stuck >= stuckLimit:
		s.limit("%d machines never took rooms, so no more are made until they are gone", s.fleet.stuck)
		return 0
	case wished > places:
		s.limit("bridges.max is %d, those that drain or are lost included", s.Policy.Max)
		s.crowded = true
		return max(places, 0)
	default:
		return wished
	}
}

// shrink drains what is too much, the emptiest first, and what was given up.
func (s *state) shrink(d *Decision) {
	if s.Frozen && s.manual == nil {
		return
	}
	if s.manual != nil || s.mayShrink() {
		// Machines that are still being made may fail, so what drains is what is too much even without them.
		surplus := len(s.fleet.serving) - d.Desired
		for _, b := range s.fleet.emptiestFirst(s.Now, s.Policy.PaidPeriod) {
			if len(d.Drain) < surplus {
				d.Drain = append(d.Drain, b.Number)
			}
		}
	}
	s.drainUnpaid(d)
	for _, b := range s.fleet.givenUp {
		if !b.Draining {
			d.Drain = append(d.Drain, b.Number)
		}
	}
	slices.Sort(d.Drain)
}

// removeBefore is how long before the end of a paid period a drained, empty machine goes: long enough for a Pulumi run that waits for another
// and then deletes, short enough to have it back for nothing until then.
const removeBefore = 6 * time.Minute

// remove names the machines that are drained, empty and paid to the end.
func (s *state) remove(d *Decision) {
	if s.Frozen && s.manual == nil || !s.load.known {
		return
	}
	for _, b := range s.fleet.draining {
		lost := s.fleet.isGivenUp(b.Number)
		empty := b.Rooms == 0 && b.Participants == 0 && (b.Known || lost)
		now := s.manual != nil || b.ByHand || lost && s.crowded || s.untilPaid(b) <= s.removeBefore()
		if empty && now && !slices.Contains(d.Undrain, b.Number) {
			d.Remove = append(d.Remove, b.Number)
		}
	}
	slices.Sort(d.Remove)
}

func (s *state) removeBefore() time.Duration { return min(removeBefore, s.Policy.PaidPeriod/2) }

// untilPaid is how much of b's paid period is left; 0 when its age is unknown.
func (s *state) untilPaid(b Bridge) time.Duration {
	return paidLeft(b.Created, s.Now, s.Policy.PaidPeriod)
}

// bridges is how many bridges carry demand.
func (p Policy) bridges(demand float64) int {
	// The small amount keeps 0.85/0.85 from being two for the sake of the last bit.
	n := math.Ceil(demand/p.Target - 1e-9)
	// More than any bound; a float that does not fit an int has no defined value.
	return int(min(max(n, 0), 1e6))
}
