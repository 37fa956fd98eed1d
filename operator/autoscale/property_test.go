package autoscale

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anyInput draws from everything that can be, the absurd included.
func anyInput(t *rapid.T) Input {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, berlin).Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(t, "minute")) * time.Minute)
	in := Input{
		Now: now, Lead: time.Duration(rapid.IntRange(0, 1200).Draw(t, "lead")) * time.Second, Frozen: rapid.IntRange(0, 9).Draw(t, "frozen") == 0,
		Policy:     anyPolicy(t),
		SpentToday: rapid.IntRange(0, 2000).Draw(t, "spent"), PricePerHour: rapid.IntRange(0, 20).Draw(t, "price"),
		Load: anyLoad(t, now), Bridges: anyBridges(t, now), Past: rapid.SliceOfN(anyPeak(), 0, 30).Draw(t, "past"),
	}
	if rapid.IntRange(0, 4).Draw(t, "manual") == 0 {
		in.Manual = &Manual{Bridges: rapid.IntRange(-1, 15).Draw(t, "order"), Until: now.Add(time.Duration(rapid.IntRange(-5, 60).Draw(t, "until")) * time.Minute)}
	}
	if rapid.IntRange(0, 4).Draw(t, "sold out") == 0 {
		in.SoldOutUntil = now.Add(10 * time.Minute)
	}
	return in
}

func anyPolicy(t *rapid.T) Policy {
	p := Policy{
		Min: rapid.IntRange(0, 4).Draw(t, "min"), Headroom: rapid.Float64Range(1, 3).Draw(t, "headroom"),
		Target: rapid.Float64Range(0.5, 1).Draw(t, "target"), TimeZone: "Europe/Berlin",
	}
	p.Max = p.Min + rapid.IntRange(0, 10).Draw(t, "more")
	if rapid.Bool().Draw(t, "budget") {
		p.BudgetPerDay = rapid.IntRange(1, 2000).Draw(t, "a day")
	}
	if rapid.Bool().Draw(t, "timetable") {
		p.Timetable = schoolTimetable
	}
	return p
}

func anyLoad(t *rapid.T, now time.Time) []Sample {
	demand := rapid.Float64Range(0, 8).Draw(t, "demand")
	slope := rapid.Float64Range(-0.1, 0.1).Draw(t, "slope")
	waiting := rapid.IntRange(0, 20).Draw(t, "waiting")
	unknownEvery := rapid.IntRange(2, 200).Draw(t, "unknown every")
	n := rapid.IntRange(0, 120).Draw(t, "samples")
	var out []Sample
	for i := range n {
		age := time.Duration(n-1-i) * 30 * time.Second
		s := Sample{At: now.Add(-age), Known: (i+1)%unknownEvery != 0, Demand: max(0, demand+slope*age.Minutes()), WaitingRooms: waiting}
		s.Rooms = int(s.Demand * 10)
		out = append(out, s)
	}
	return out
}

func anyBridges(t *rapid.T, now time.Time) []Bridge {
	out := []Bridge{own()}
	for i := range rapid.IntRange(0, 12).Draw(t, "bridges") {
		b := Bridge{Number: i + 1, Ready: rapid.IntRange(0, 5).Draw(t, "ready") > 0, Created: now.Add(-time.Duration(rapid.IntRange(0, 600).Draw(t, "age")) * time.Minute)}
		if b.Ready {
			b.Alive = rapid.IntRange(0, 7).Draw(t, "alive") > 0
			b.Known = b.Alive && rapid.IntRange(0, 30).Draw(t, "known") > 0
		}
		if b.Known {
			b.Rooms = rapid.IntRange(0, 4).Draw(t, "rooms")
			b.Participants, b.Stress = 12*b.Rooms, 0.08*float64(b.Rooms)
		}
		b.Seen = now
		if !b.Alive {
			b.Seen = now.Add(-time.Duration(rapid.IntRange(0, 300).Draw(t, "away")) * time.Second)
		}
		b.Draining = rapid.IntRange(0, 3).Draw(t, "draining") == 0
		b.ByHand = b.Draining && rapid.IntRange(0, 3).Draw(t, "by hand") == 0
		out = append(out, b)
	}
	return out
}

func anyPeak() *rapid.Generator[Peak] {
	return rapid.Custom(func(t *rapid.T) Peak {
		back := rapid.IntRange(1, 20).Draw(t, "days ago")
		day := monday(12, 0).AddDate(0, 0, -back)
		return Peak{day.Weekday(), rapid.IntRange(0, 95).Draw(t, "quarter"), day.Format(time.DateOnly), rapid.Float64Range(0, 8).Draw(t, "peak")}
	})
}

func inForce(in Input) bool { return in.Manual != nil && in.Now.Before(in.Manual.Until) }

func find(in Input, number int) Bridge {
	for _, b := range in.Bridges {
		if b.Number == number {
			return b
		}
	}
	return Bridge{Number: -1}
}

func TestDecisionStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		d := Decide(in)
		machines := len(in.Bridges) - 1
		switch {
		case d.Add < 0 || d.Add > 0 && machines+d.Add > in.Policy.Max:
			t.Fatalf("%d machines and %d more, at most %d: %s", machines, d.Add, in.Policy.Max, d.Why)
		case d.Desired < 0 || d.Desired > in.Policy.Max && !in.Frozen:
			t.Fatalf("%d desired, at most %d: %s", d.Desired, in.Policy.Max, d.Why)
		case d.Desired < in.Policy.Min && !in.Frozen && !inForce(in):
			t.Fatalf("%d desired, at least %d: %s", d.Desired, in.Policy.Min, d.Why)
		case in.Frozen && !inForce(in) && !d.Nothing():
			t.Fatalf("frozen, but %+v", d)
		case in.Now.Before(in.SoldOutUntil) && d.Add > 0:
			t.Fatalf("sold out, but %d more: %s", d.Add, d.Why)
		case d.Why == "":
			t.Fatal("no reason is given")
		}
		if p := in.Policy; p.BudgetPerDay > 0 && !inForce(in) && d.Add > p.Min && in.SpentToday+(d.Add-p.Min)*in.PricePerHour > p.BudgetPerDay {
			t.Fatalf("%d more at %d after %d spent is beyond the budget of %d: %s", d.Add, in.PricePerHour, in.SpentToday, p.BudgetPerDay, d.Why)
		}
		if p := in.Policy; p.BudgetPerDay > 0 && in.PricePerHour == 0 && !inForce(in) && d.Add > p.Min {
			t.Fatalf("%d more at an unknown price: %s", d.Add, d.Why)
		}
	})
}

func TestOnlyWhatMayBeTouchedIsTouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		d := Decide(in)
		for _, list := range [][]int{d.Drain, d.Undrain, d.Remove} {
			if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
				t.Fatalf("%v has no order, or something twice", list)
			}
		}
		for _, n := range d.Drain {
			if b := find(in, n); n <= 0 || b.Number != n || b.Draining {
				t.Fatalf("drains %+v: %s", b, d.Why)
			}
		}
		for _, n := range d.Undrain {
			if b := find(in, n); n <= 0 || !b.Draining || b.ByHand || !b.Alive || !b.Ready {
				t.Fatalf("takes back %+v: %s", b, d.Why)
			}
		}
		for _, n := range d.Remove {
			b := find(in, n)
			if n <= 0 || !b.Draining || b.Rooms > 0 || b.Participants > 0 || slices.Contains(d.Undrain, n) {
				t.Fatalf("removes %+v: %s", b, d.Why)
			}
			if !b.Known && b.Alive {
				t.Fatalf("removes %+v, of which nothing is known: %s", b, d.Why)
			}
		}
		if len(d.Undrain) > 0 && d.Add > 0 {
			for _, b := range in.Bridges {
				if b.Draining && !b.ByHand && b.Ready && b.Alive && !slices.Contains(d.Undrain, b.Number) {
					t.Fatalf("makes %d, but bridge-%d could be had back: %s", d.Add, b.Number, d.Why)
				}
			}
		}
	})
}

func TestUnknownIsNeverZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.Manual, in.Frozen = nil, false
		if len(in.Load) == 0 {
			in.Load = []Sample{{}}
		}
		in.Load[len(in.Load)-1] = Sample{At: in.Now, Known: true}
		zero := Decide(in)
		in.Load[len(in.Load)-1] = Sample{At: in.Now}
		unknown := Decide(in)
		if unknown.Desired < zero.Desired {
			t.Fatalf("%d when unknown (%s), %d when idle (%s)", unknown.Desired, unknown.Why, zero.Desired, zero.Why)
		}
		if len(unknown.Remove) > 0 {
			t.Fatalf("removes %v: %s", unknown.Remove, unknown.Why)
		}
		for _, n := range unknown.Drain {
			if b := find(in, n); b.Alive {
				t.Fatalf("drains %+v: %s", b, unknown.Why)
			}
		}
	})
}

// TestDrainingLeavesEnough asks for less than the decision does: head-room over what is in use now.
func TestDrainingLeavesEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		in.Manual, in.Policy.BudgetPerDay = nil, 0
		d := Decide(in)
		drained := 0
		for _, n := range d.Drain {
			drained += truth(find(in, n).Alive)
		}
		if drained == 0 || len(in.Load) == 0 {
			return
		}
		left := -drained
		for _, b := range in.Bridges {
			left += truth(b.Ready && b.Alive && !b.Draining)
		}
		if left-1 >= in.Policy.Max {
			return // the file wants fewer
		}
		now := in.Load[len(in.Load)-1].Demand
		if float64(left)*in.Policy.Target < now*in.Policy.Headroom-1e-6 {
			t.Fatalf("%d bridges are left for %.2f: %s", left, now, d.Why)
		}
	})
}

func TestMoreLoadNeverAsksForFewer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		before := Decide(in)
		factor, plus := rapid.Float64Range(1, 3).Draw(t, "factor"), rapid.Float64Range(0, 3).Draw(t, "plus")
		more := in
		more.Load = slices.Clone(in.Load)
		for i := range more.Load {
			more.Load[i].Demand = more.Load[i].Demand*factor + plus
		}
		if n := len(more.Load); n > 0 {
			more.Load[n-1].WaitingRooms += rapid.IntRange(0, 10).Draw(t, "wait")
		}
		if after := Decide(more); after.Desired < before.Desired || len(after.Drain) > len(before.Drain) {
			t.Fatalf("%+v\nafter more load %+v", before, after)
		}
	})
}

func TestEqualInputsEqualAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		before, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		first := Decide(in)
		after, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if string(before) != string(after) {
			t.Fatalf("the input was changed:\n%s\n%s", before, after)
		}
		var again Input
		if err := json.Unmarshal(before, &again); err != nil {
			t.Fatal(err)
		}
		if second := Decide(again); !same(first, second) || !reflect.DeepEqual(first, Decide(in)) {
			t.Fatalf("%+v\n%+v", first, second)
		}
		// The order in which machines are listed is no reason.
		slices.Reverse(again.Bridges)
		if third := Decide(again); third.Desired != first.Desired || third.Add != first.Add || !slices.Equal(third.Drain, first.Drain) ||
			!slices.Equal(third.Undrain, first.Undrain) || !slices.Equal(third.Remove, first.Remove) {
			t.Fatalf("%+v\nin another order %+v", first, third)
		}
	})
}

func TestNonsenseIsUnknown(t *testing.T) {
	now := monday(15, 0)
	for _, demand := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1} {
		in := Input{Now: now, Policy: policy(), Bridges: []Bridge{own(), serving(1, 0, 30, now)}}
		in.Load = append(steady(now.Add(-30*time.Second), 0), Sample{At: now, Known: true, Demand: demand})
		if d := Decide(in); d.Desired != 1 || !d.Nothing() {
			t.Errorf("%v: %+v", demand, d)
		}
	}
	in := Input{Now: now, Load: curve(now, func(time.Duration) Sample { return Sample{Known: true, Demand: 1e300} }), Bridges: []Bridge{own()}, Policy: Policy{Max: 7, Headroom: math.NaN(), Target: -1, TimeZone: "Mars/Olympus"}}
	if d := Decide(in); d.Add != 7 {
		t.Errorf("got %+v, want all seven", d)
	}
}
