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
	// waiting rooms at the latest known sample.
	waiting int
}

func newLoad(now time.Time, samples []Sample, patience time.Duration) load {
	var l load
	past := upTo(now, samples)
	if len(past) == 0 {
		return l
	}
	known := keepKnown(past)
	if len(known) == 0 {
		return l
	}
	last := known[len(known)-1]
	l.known = past[len(past)-1].good() && now.Sub(last.At) <= fresh
	l.patient = covered(now, known, patience)
	room := roomStress(last)
	// What was known an hour ago says nothing about now; the maxima look at their spans only.
	l.now = total(last, room)
	l.waiting = last.WaitingRooms
	l.recent = peakSince(now.Add(-patience), known, room)
	l.hour = peakSince(now.Add(-time.Hour), known, room)
	l.growth = growth(last.At, known, room)
	if !l.known {
		l.now, l.growth = l.recent, 0
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

// growth is the slope between the mean of the last minute and that of the minutes before it, in bridges per minute.
func growth(now time.Time, known []Sample, room float64) float64 {
	var recent, earlier mean
	for _, s := range known {
		switch age := now.Sub(s.At); {
		case age <= growthNow:
			recent.add(age, total(s, room))
		case age <= growthThen:
			earlier.add(age, total(s, room))
		}
	}
	if recent.n == 0 || earlier.n == 0 {
		return 0
	}
	return max(0, (recent.demand()-earlier.demand())/(earlier.age()-recent.age()).Minutes())
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
