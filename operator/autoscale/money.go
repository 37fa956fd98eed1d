package autoscale

import (
	"slices"
	"time"
)

// paidLeft is how much is left of the period that has been begun; 0 when it is not known when the machine was made.
func paidLeft(created, now time.Time, period time.Duration) time.Duration {
	age := now.Sub(created)
	if created.IsZero() || age < 0 {
		return 0
	}
	return period - age%period
}

// affordable is how many of the missing bridges the day's budget allows. Min is not held back by it, nor is an operator's word.
//
// A bridge is made, or taken back, only when the budget also pays a further hour of those that run: or else the new one would be paid
// for by sending an old one away.
func (s *state) affordable(missing int) int {
	if s.Policy.BudgetPerDay <= 0 || s.manual != nil {
		return missing
	}
	have := len(s.fleet.serving) + s.fleet.coming
	free := min(missing, max(0, s.Policy.Min-have))
	if s.PricePerHour <= 0 {
		if missing > free {
			s.limit("the price is not known, so the budget allows no more")
		}
		return free
	}
	more := max(0, s.payable()-have-free)
	if missing-free > more {
		s.limit("the budget of %s a day allows no more (%s spent)", money(s.Policy.BudgetPerDay), money(s.SpentToday))
	}
	return free + min(missing-free, more)
}

// hours is how many bridge hours the rest of today's budget pays.
func (s *state) hours() int { return max(0, s.Policy.BudgetPerDay-s.SpentToday) / s.PricePerHour }

// payable is how many of them are free for others than those that drain and are not empty yet.
func (s *state) payable() int {
	free := s.hours()
	for _, b := range s.fleet.draining {
		if b.Rooms > 0 {
			free--
		}
	}
	return max(free, 0)
}

// drainUnpaidBefore is how long before the end of their paid period bridges are drained that the budget does not pay any further: a lesson
// that has just begun is not over by then, and is not ended for money either.
const drainUnpaidBefore = 15 * time.Minute

// drainUnpaid drains bridges whose next hour the budget does not pay, down to Min. It trusts that what drains already will be empty in time:
// otherwise each bridge whose lessons last longer would drag the next one along. That lessons wait is no reason to go on paying.
func (s *state) drainUnpaid(d *Decision) {
	if s.Policy.BudgetPerDay <= 0 || s.PricePerHour <= 0 || s.manual != nil || !s.load.known || !s.fleet.allKnown {
		return
	}
	due := slices.DeleteFunc(s.fleet.emptiestFirst(s.Now, s.Policy.PaidPeriod), func(b Bridge) bool {
		return !s.endsSoon(b) || slices.Contains(d.Drain, b.Number)
	})
	over := min(len(due)-s.hours(), len(s.fleet.serving)-len(d.Drain)-s.Policy.Min)
	if over <= 0 {
		return
	}
	for _, b := range due[:over] {
		d.Drain = append(d.Drain, b.Number)
	}
	d.Desired = min(d.Desired, max(s.Policy.Min, len(s.fleet.serving)-len(d.Drain)+s.fleet.coming))
	s.limit("the budget of %s a day does not pay a further hour of %s (%s spent)", money(s.Policy.BudgetPerDay), count(over, "bridge"), money(s.SpentToday))
}

func (s *state) endsSoon(b Bridge) bool {
	return !b.Created.IsZero() && s.untilPaid(b) <= min(drainUnpaidBefore, s.Policy.PaidPeriod/4)
}
