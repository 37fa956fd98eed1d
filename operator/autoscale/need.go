package autoscale

import "time"

const (
	// reaction is what passes between a look and the beginning of a lead time: the tick, another county's engine, the placement.
	reaction = time.Minute
	// slack is how much must fit into fewer bridges before one is drained: demand that wobbles by less moves nothing.
	slack = 1.15
	// keepAhead is how far ahead shrinking looks for a bell: a lesson and a long break.
	keepAhead = 75 * time.Minute
	// afterBell is how long after a bell the lesson's load is still to come. The joins of Darmstadt's schools took ten minutes after eight.
	afterBell = 15 * time.Minute
)

// want is how many dedicated bridges there must be at least (grow) and how many are not too many (keep), grow <= keep.
type want struct {
	grow, keep int
	// growBell and keepBell are what the timetable had to say; their zero value is nothing.
	growBell, keepBell bellNeed
}

// bellNeed is what one bell asks for.
type bellNeed struct {
	at time.Time
	// peak of that lesson on earlier days; known is false when nobody has seen one.
	peak  float64
	known bool
}

// need works out want from load and timetable.
func (s *state) need() want {
	p, l := s.Policy, s.load
	demand := max(p.Headroom*l.recent, l.ahead)

	w := want{
		growBell: s.largestBell(s.Now.Add(-afterBell), s.Now.Add(p.Timetable.Lead+s.Lead)),
		keepBell: s.largestBell(s.Now.Add(-afterBell), s.Now.Add(max(keepAhead, p.Timetable.Lead+s.Lead))),
	}
	w.grow = max(s.dedicated(demand, w.growBell), s.forQueue())

	kept := max(slack*p.Headroom*l.recent, l.recentAhead)
	if s.clock.nearBell(s.Now) {
		// The dip around a bell is no end: what there was within the hour comes again.
		kept = max(kept, p.Headroom*l.hour)
	}
	w.keep = max(w.grow, s.dedicated(kept, w.keepBell))
	return w
}

// forQueue is one more than serve when rooms wait although the figures say that they would fit: lessons cannot be divided. One that is coming
// is that one more; while a bridge stands empty, the queue is its own.
func (s *state) forQueue() int {
	if !s.load.queue || s.fleet.idle {
		return 0
	}
	return len(s.fleet.serving) + 1
}

// dedicated is how many dedicated bridges demand and a bell ask for, beside the portal's own.
func (s *state) dedicated(demand float64, bell bellNeed) int {
	floor := 0
	switch {
	case bell.at.IsZero():
	case bell.known:
		demand = max(demand, s.Policy.Headroom*bell.peak)
	default:
		floor = 1
	}
	return max(floor, s.Policy.bridges(demand)-s.fleet.own)
}

// largestBell is the bell between from and to that asks for most; among equals the first. One of which nothing is known asks for a bridge.
func (s *state) largestBell(from, to time.Time) bellNeed {
	var out bellNeed
	best := -1.0
	for _, at := range s.clock.bells(from, to) {
		b := bellNeed{at: at}
		b.peak, b.known = s.clock.peak(at, s.Past)
		weight := s.Policy.Headroom * b.peak
		if !b.known {
			weight = s.Policy.Target * float64(s.fleet.own+1)
		}
		if weight > best {
			out, best = b, weight
		}
	}
	return out
}
