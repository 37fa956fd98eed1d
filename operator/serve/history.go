package serve

import (
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

const (
	// past is how far back a decision looks.
	past = time.Hour
	// fine is how far back every look is kept; before that one a minute, the largest, so that a decision's record stays small.
	fine = 5 * time.Minute
)

// remember adds a look to the history, oldest first.
func remember(history []autoscale.Sample, s autoscale.Sample) []autoscale.Sample {
	out := make([]autoscale.Sample, 0, len(history)+1)
	for _, h := range history {
		age := s.At.Sub(h.At)
		if age < 0 || age >= past { // a clock that was set back makes the old looks worthless
			continue
		}
		if last := len(out) - 1; age >= fine && last >= 0 && h.At.Truncate(time.Minute).Equal(out[last].At.Truncate(time.Minute)) {
			out[last] = larger(out[last], h)
			continue
		}
		out = append(out, h)
	}
	return append(out, s)
}

// larger is the look with more demand; one that knows nothing says less than any that does.
func larger(a, b autoscale.Sample) autoscale.Sample {
	if !a.Known || b.Known && b.Demand > a.Demand {
		b.At = a.At
		b.WaitingRooms = max(a.WaitingRooms, b.WaitingRooms)
		return b
	}
	a.WaitingRooms = max(a.WaitingRooms, b.WaitingRooms)
	return a
}
