package autoscale

import (
	"testing"
	"time"
)

func schoolPolicy(most int) Policy {
	return Policy{Max: most, Headroom: DefaultHeadroom, Target: DefaultTarget, TimeZone: "Europe/Berlin", Timetable: schoolTimetable}
}

// TestAfternoonIsNotPaidFor: the bridges of an ordinary morning are gone in the afternoon, and those of a lockdown in the evening.
func TestAfternoonIsNotPaidFor(t *testing.T) {
	for _, tt := range []struct {
		peak int
		gone time.Time
	}{{300, monday(14, 30)}, {3000, monday(22, 30)}} {
		p := newPlant(monday(6, 0), schoolPolicy(60))
		p.dayUntil(tt.gone, lockdown, tt.peak, func() { p.decide(1) })
		if len(p.machines) > 0 {
			t.Errorf("%d people: %d machines are still there at %s:\n%s", tt.peak, len(p.machines), tt.gone.Format("15:04"), sentences(p.decisions))
		}
	}
}

// TestNoLessonIsCut: whatever is decided in a day, only empty machines go.
func TestNoLessonIsCut(t *testing.T) {
	p := newPlant(monday(6, 0), schoolPolicy(60))
	p.dayUntil(monday(22, 0), steep, 1500, func() {
		before := p.sorted()
		p.decide(1)
		for _, m := range before {
			if p.machines[m.number] != m && m.rooms > 0 {
				t.Fatalf("%s: bridge-%d went with %d rooms", p.now.Format("15:04:05"), m.number, m.rooms)
			}
		}
	})
}

// TestBudgetHoldsOverADay: a lockdown on a budget for a fifth of it ends near the budget, with every lesson that has begun.
func TestBudgetHoldsOverADay(t *testing.T) {
	p := newPlant(monday(6, 0), schoolPolicy(60))
	p.policy.BudgetPerDay = 30 * pricePerHour
	p.dayUntil(monday(22, 0), lockdown, 1500, func() { p.decide(1) })
	// What drains when the money ends has lessons on it, and they take as long as they take: an hour each at most.
	if p.hours > 30+p.most {
		t.Errorf("%d hours with a budget for 30, %d bridges at most:\n%s", p.hours, p.most, sentences(p.decisions))
	}
	if p.hours < 25 {
		t.Errorf("%d hours only with a budget for 30", p.hours)
	}
	t.Logf("%d hours, %d bridges at most", p.hours, p.most)
}

// TestBlindHour: the portal is silent for an hour in the busiest time. Nothing goes meanwhile, and all is as before when it is back.
func TestBlindHour(t *testing.T) {
	p := newPlant(monday(6, 0), schoolPolicy(60))
	from, to := monday(10, 0), monday(11, 0)
	p.dayUntil(from, lockdown, 1500, func() { p.decide(1) })
	had := len(p.machines)
	p.blind = true
	p.dayUntil(to, lockdown, 1500, func() {
		if d := p.decide(1); len(d.Drain)+len(d.Remove) > 0 {
			t.Fatalf("takes away what it cannot see: %+v", d)
		}
	})
	p.blind = false
	if got := len(p.machines); got != had {
		t.Errorf("%d machines after it, %d before", got, had)
	}
	p.dayUntil(monday(11, 10), lockdown, 1500, func() {
		if d := p.decide(1); len(d.Drain)+len(d.Remove) > 0 {
			t.Fatalf("takes away before it has looked for long enough: %+v", d)
		}
	})
}

// TestBridgeDies: it is replaced as soon as the engine is free and gone in the end, and its lessons go on elsewhere.
func TestBridgeDies(t *testing.T) {
	p := newPlant(monday(6, 0), schoolPolicy(60))
	p.dayUntil(monday(10, 0), lockdown, 1500, func() { p.decide(1) })
	victim, had := p.sorted()[2], len(p.machines)
	p.kill(victim)
	replaced := time.Time{}
	p.dayUntil(monday(11, 0), lockdown, 1500, func() {
		p.decide(1)
		if alive := p.living(); replaced.IsZero() && alive >= had {
			replaced = p.now
		}
	})
	if replaced.IsZero() || replaced.Sub(monday(10, 0)) > mayReturn+2*lead+time.Minute {
		t.Errorf("replaced at %v:\n%s", replaced, sentences(p.decisions))
	}
	p.dayUntil(monday(12, 0), lockdown, 1500, func() { p.decide(1) })
	if p.machines[victim.number] == victim {
		t.Error("the dead machine is paid for to this day")
	}
}
