package serve

import (
	"slices"
	"time"
)

// bill is what a bridge costs from its making to its end.
type bill struct {
	Number int       `json:"number"`
	Kind   Kind      `json:"kind"`
	From   time.Time `json:"from"`
	// To is when it was gone; zero: it runs.
	To time.Time `json:"to,omitzero"`
}

// maxHours bounds the hours of one bill that are looked at: more than a day has.
const maxHours = 26

// bill brings the bills up to date with the bridges that exist, and forgets those that ended more than two days ago.
func (m *memory) bill(bridges []Bridge, now time.Time) {
	for i := range m.Bills {
		b := &m.Bills[i]
		runs := slices.ContainsFunc(bridges, func(x Bridge) bool { return x.Number == b.Number && x.Created.Equal(b.From) })
		if b.To.IsZero() && !runs {
			b.To = now
		}
	}
	for _, x := range bridges {
		known := slices.ContainsFunc(m.Bills, func(b bill) bool { return b.Number == x.Number && b.From.Equal(x.Created) })
		if !x.Created.IsZero() && !known {
			m.Bills = append(m.Bills, bill{Number: x.Number, Kind: x.Kind, From: x.Created})
		}
	}
	m.Bills = slices.DeleteFunc(m.Bills, func(b bill) bool { return !b.To.IsZero() && now.Sub(b.To) > 48*time.Hour })
}

// spent is what the bridges have cost since midnight in zone, in cents. Hetzner bills every hour that has begun, so an hour counts on
// the day on which it begins.
func (m *memory) spent(now time.Time, zone *time.Location) int {
	local := now.In(zone)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
	sum := 0
	for _, b := range m.Bills {
		cents, _ := m.priceOf(b.Kind, now)
		end := now
		if !b.To.IsZero() {
			end = b.To
		}
		sum += cents * hours(b.From, end, midnight)
	}
	return sum
}

// hours counts the hours of a bill from one time to another that begin at or after midnight.
func hours(from, to, midnight time.Time) int {
	first := from
	if skipped := midnight.Sub(from); skipped > 0 {
		first = from.Add((skipped + time.Hour - 1).Truncate(time.Hour))
	}
	if !first.Before(to) {
		if first.Equal(to) && first.Equal(from) {
			return 1
		}
		return 0
	}
	return min(int((to.Sub(first)+time.Hour-1)/time.Hour), maxHours)
}
