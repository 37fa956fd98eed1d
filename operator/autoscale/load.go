package autoscale

import (
	"math"
	"time"
)

const (
	// fresh is how old the latest sample may be to say something about now.
	fresh = 2 * time.Minute
	// growthNow and growthThen are the two spans whose means give the growth.
	growthNow  = time.Minute
	growthThen = 4 * time.Minute
	// defaultRoom is the stress that a lesson is expected to bring when there are none to look at, and the least: twelve people on a
	// bridge for a hundred and fifty. A guess.
	defaultRoom = 0.08
	largestRoom = 0.5
	// queued is for how long rooms wait until figures that say there is room are not believed any more.
	queued = 15 * time.Second
)

// load is what the samples say.
type load struct {
	// known: the latest sample is fresh and known. Without it now is what was last known.
	known bool
	// patient: the load has been known for as long as Patience, without gaps.
	patient bool
	// now is the demand at the latest known sample, waiting rooms included; recent and hour are its maxima since Patience and in an hour.
	now, recent, hour float64
	// growth in bridges per minute, never below 0.
	growth float64
	// ahead is what growth makes of now within the horizon, recentAhead the largest that it was since Patience.
	ahead, recentAhead float64
	// waiting rooms at the latest known sample.
	waiting int
	// queue: rooms have waited without a pause for long enough that something must be short of them.
	queue bool
}

// view is how one looks at samples.
type view struct {
	headroom float64
	patience time.Duration
	// horizon is how far growth is drawn on.
	horizon time.Duration
}

func newLoad(now time.Time, samples []Sample, v view) load {
	var l load
	past := upTo(now, samples)
	known := keepKnown(past)
	if len(known) == 0 {
		return l
	}
	last := known[len(known)-1]
	l.known = past[len(past)-1].good() && now.Sub(last.At) <= fresh
	l.patient = covered(now, known, v.patience)
	room := roomStress(last)
	l.now, l.waiting = total(last, room), last.WaitingRooms
	// What was known an hour ago says nothing about now; the maxima look at their spans only.
	l.recent = peakSince(now.Add(-v.patience), known, room)
	l.hour = peakSince(now.Add(-time.Hour), known, room)
	l.queue = l.known && waitedFor(now, known)
	series := trace(now, known, room)
	for n := len(series); n > 0 && series[n-1].age <= v.patience; n-- {
		growth, ahead := drawOn(series[:n], v)
		if n == len(series) {
			l.growth, l.ahead = growth, ahead
		}
		l.recentAhead = max(l.recentAhead, ahead)
	}
	if !l.known {
		// What was believed when it was last known stands.
		l.now, l.growth, l.ahead = l.recent, 0, l.recentAhead
	}
	return l
}

// upTo leaves out samples from the future, which a clock that was set back would leave.
func upTo(now time.Time, samples []Sample) []Sample {
	for i, s := range samples {
		if s.At.After(now) {
			return samples[:i]
		}
	}
	return samples
}

func keepKnown(samples []Sample) []Sample {
	var out []Sample
	for _, s := range samples {
		if s.good() {
			out = append(out, s)
		}
	}
	return out
}

// good: the sample says something.
func (s Sample) good() bool {
	return s.Known && s.Demand >= 0 && !math.IsInf(s.Demand, 1) && s.Rooms >= 0 && s.WaitingRooms >= 0
}

// total is the demand with the waiting rooms counted as if they had a bridge.
func total(s Sample, room float64) float64 { return s.Demand + float64(s.WaitingRooms)*room }

// roomStress is what one more room brings: what a room brings now, within reason.
func roomStress(s Sample) float64 {
	if s.Rooms == 0 {
		return defaultRoom
	}
	return min(max(s.Demand/float64(s.Rooms), defaultRoom), largestRoom)
}

func peakSince(from time.Time, known []Sample, room float64) float64 {
	peak := 0.0
	for _, s := range known {
		if !s.At.Before(from) {
			peak = max(peak, total(s, room))
		}
	}
	return peak
}

// waitedFor reports whether there was no look within queued without a waiting room.
func waitedFor(now time.Time, known []Sample) bool {
	for i := len(known) - 1; i >= 0 && known[i].WaitingRooms > 0; i-- {
		if now.Sub(known[i].At) >= queued {
			return true
		}
	}
	return false
}

// point is a sample as the growth sees it.
type point struct {
	age time.Duration
	// demand then, and the highest that there had been until then within the hour.
	demand, highest float64
}

func trace(now time.Time, known []Sample, room float64) []point {
	out := make([]point, 0, len(known))
	highest := 0.0
	for _, s := range known {
		if age := now.Sub(s.At); age <= time.Hour {
			demand := total(s, room)
			highest = max(highest, demand)
			out = append(out, point{age, demand, highest})
		}
	}
	return out
}

// drawOn says how fast demand grows at the end of the series, and what that makes of it within the horizon.
//
// Growth up to what there was within the hour is a return, as after a break, and is drawn on that far. Beyond, only what is more than
// ever in that hour counts as growth: lessons that all come back within two minutes do not go on like that.
func drawOn(series []point, v view) (growth, ahead float64) {
	end := series[len(series)-1]
	var raw, top slope
	for i := len(series) - 1; i >= 0 && series[i].age-end.age <= growthThen; i-- {
		raw.add(series[i].age-end.age, series[i].demand)
		top.add(series[i].age-end.age, series[i].highest)
	}
	minutes := v.headroom * v.horizon.Minutes()
	returning := min(end.demand+raw.perMinute()*minutes, v.headroom*end.highest)
	beyond := min(raw.perMinute(), top.perMinute()) // a height that was reached and left again does not grow
	return raw.perMinute(), max(returning, end.demand+beyond*minutes)
}

// slope is that between the mean of the last minute and that of the minutes before it.
type slope struct{ recent, earlier mean }

func (s *slope) add(age time.Duration, demand float64) {
	switch {
	case age <= growthNow:
		s.recent.add(age, demand)
	case age <= growthThen:
		s.earlier.add(age, demand)
	}
}

// perMinute is never below 0: a load that falls asks for nothing.
func (s *slope) perMinute() float64 {
	if s.recent.n == 0 || s.earlier.n == 0 {
		return 0
	}
	return max(0, (s.recent.demand()-s.earlier.demand())/(s.earlier.age()-s.recent.age()).Minutes())
}

type mean struct {
	n    int
	sum  float64
	ages time.Duration
}

func (m *mean) add(age time.Duration, demand float64) {
	m.n, m.sum, m.ages = m.n+1, m.sum+demand, m.ages+age
}
func (m *mean) demand() float64    { return m.sum / float64(m.n) }
func (m *mean) age() time.Duration { return m.ages / time.Duration(m.n) }

// covered reports whether known samples reach back over span without a gap that could hide a load.
func covered(now time.Time, known []Sample, span time.Duration) bool {
	gap := fresh // samples older than exact are up to two minutes apart, see Remember
	if span <= exact {
		gap = max(15*time.Second, span/5)
	}
	later := now
	for i := len(known) - 1; i >= 0; i-- {
		if later.Sub(known[i].At) > gap {
			return false
		}
		later = known[i].At
		if now.Sub(later) >= span {
			return true
		}
	}
	return false
}
