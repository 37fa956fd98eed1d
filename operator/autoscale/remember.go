package autoscale

import (
	"slices"
	"time"
)

const (
	remembered = time.Hour
	// exact is how far back samples are kept every few seconds, for the growth; before that one a minute is.
	exact      = 5 * time.Minute
	exactStep  = 5 * time.Second
	coarseStep = time.Minute
)

// Remember adds s to load and forgets what is no longer needed: about 120 samples stay, however often one looks. It does not change load.
func Remember(load []Sample, s Sample) []Sample {
	out := make([]Sample, 0, len(load)+1)
	for _, old := range append(slices.Clip(load), s) {
		age := s.At.Sub(old.At)
		if age < 0 || age > remembered {
			continue
		}
		step := exactStep
		if age > exact {
			step = coarseStep
		}
		last := len(out) - 1
		if last < 0 || !out[last].At.Truncate(step).Equal(old.At.Truncate(step)) {
			out = append(out, old)
		} else {
			out[last] = merge(out[last], old, step == exactStep)
		}
	}
	return out
}

// merge keeps one of two samples of the same step: the later one when exact, else the one that asks for more. What is known beats what is not.
func merge(a, b Sample, exact bool) Sample {
	switch {
	case exact:
		return b
	case !a.good():
		return b
	case b.good() && b.Demand+float64(b.WaitingRooms)*defaultRoom > a.Demand+float64(a.WaitingRooms)*defaultRoom:
		return b
	}
	return a
}

// forget is what remains of an earlier day's peak when a new day brings less: one odd day does not make the next one suffer.
const forget = 0.5

// Learn adds what s says about its quarter of an hour. Only quarters that begin in a lesson on a school day are kept. It does not change past.
func Learn(past []Peak, p Policy, s Sample) []Peak {
	c := newClock(p)
	local := s.At.In(c.zone)
	quarter := (local.Hour()*60 + local.Minute()) / quarterMinutes
	if !s.good() || !c.schoolDay(s.At) || !c.inLesson(quarter) {
		return past
	}
	seen := Peak{Weekday: local.Weekday(), Quarter: quarter, Day: local.Format(dayLayout), Demand: total(s, roomStress(s))}
	i := slices.IndexFunc(past, func(k Peak) bool { return k.Weekday == seen.Weekday && k.Quarter == quarter })
	if i < 0 {
		return append(slices.Clip(past), seen)
	}
	old := past[i]
	if old.Day == seen.Day {
		if seen.Demand <= old.Demand {
			return past
		}
	} else {
		seen.Demand = max(seen.Demand, forget*old.Demand)
	}
	out := slices.Clone(past)
	out[i] = seen
	return out
}
