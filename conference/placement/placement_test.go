package placement

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var eight = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// idle is a bridge that may get everything.
func idle(machine string) Bridge {
	return Bridge{Machine: machine, Alive: true, Known: true, Ready: true}
}

func TestExpected(t *testing.T) {
	at := func(ago time.Duration) time.Time { return eight.Add(-ago) }
	for _, tt := range []struct {
		name   string
		bridge Bridge
		want   float64
	}{
		{"nobody", Bridge{}, 0},
		{"stress alone", Bridge{Stress: 0.3, Participants: 60}, 0.3},
		{"a lesson that was just opened", Bridge{Stress: 0.3, Participants: 60, Young: []Room{{Opened: eight}}}, 0.3 + 12*0.005},
		{"a small bridge says what a person costs it", Bridge{Stress: 0.3, Participants: 9, Person: 0.05, Young: []Room{{Opened: eight}}}, 0.3 + 12*0.05},
		{"too few to measure", Bridge{Stress: 0.3, Participants: 9, Young: []Room{{Opened: eight}}}, 0.3 + 12*DefaultShare},
		{"people who arrived are not counted twice", Bridge{Stress: 0.3, Participants: 60, Young: []Room{{Opened: eight, Size: 8}}}, 0.3 + 4*0.005},
		{"more are there", Bridge{Stress: 0.3, Participants: 60, Young: []Room{{Opened: eight, Size: 28}}}, 0.3},
		{"five minutes have passed", Bridge{Stress: 0.3, Participants: 60, Young: []Room{{Opened: at(Growth)}}}, 0.3},
		{"just not yet", Bridge{Stress: 0.3, Participants: 60, Young: []Room{{Opened: at(Growth - 1)}}}, 0.3 + 12*0.005},
		{"a lesson from a dead bridge", Bridge{Stress: 0.3, Participants: 60, Young: []Room{{Opened: eight, Expect: 30, Size: 10}}}, 0.3 + 20*0.005},
		{"doors cost nothing", Bridge{Stress: 0.3, Participants: 60, Doors: 40}, 0.3},
		{"people who have come a moment ago are not measured yet", Bridge{Stress: 0, Participants: 100, Young: []Room{{Opened: eight}}}, 12 * DefaultShare},
		{"people who cost more than was thought", Bridge{Stress: 0.5, Participants: 20, Young: []Room{{Opened: eight}}}, 0.5 + 12*0.025},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.bridge.Expected(eight); math.Abs(got-tt.want) > 1e-9 {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestChoice(t *testing.T) {
	with := func(machine string, change func(*Bridge)) Bridge {
		b := idle(machine)
		change(&b)
		return b
	}
	stress := func(machine string, s float64) Bridge {
		return with(machine, func(b *Bridge) { b.Stress, b.Participants = s, 100 })
	}
	for _, tt := range []struct {
		name             string
		bridges          []Bridge
		lesson, anywhere string
	}{
		{"none", nil, "", ""},
		{"the only one", []Bridge{idle("portal")}, "portal", "portal"},
		{"the first of equals", []Bridge{idle("portal"), idle("bridge-2"), idle("bridge-1")}, "bridge-1", "bridge-1"},
		{"the least stressed", []Bridge{stress("bridge-1", 0.5), stress("bridge-2", 0.4)}, "bridge-2", "bridge-2"},
		{"rooms to come count", []Bridge{with("bridge-1", func(b *Bridge) { b.Young = []Room{{Opened: eight}} }), with("bridge-2", func(b *Bridge) { b.Stress = 0.01 })},
			"bridge-2", "bridge-2"},
		{"doors count for the order", []Bridge{with("bridge-1", func(b *Bridge) { b.Doors = 1 }), idle("bridge-2")}, "bridge-2", "bridge-2"},
		{"all full", []Bridge{stress("bridge-1", 0.9), stress("bridge-2", 0.86)}, "", "bridge-2"},
		{"just not full", []Bridge{stress("bridge-1", Limit)}, "bridge-1", "bridge-1"},
		{"full by what will come", []Bridge{with("bridge-1", func(b *Bridge) { *b = stress("bridge-1", 0.8); b.Young = []Room{{Opened: eight}} })}, "", "bridge-1"},
		{"unknown", []Bridge{with("bridge-1", func(b *Bridge) { b.Known = false })}, "", ""},
		{"dead", []Bridge{with("bridge-1", func(b *Bridge) { b.Alive = false })}, "", ""},
		{"draining", []Bridge{with("bridge-1", func(b *Bridge) { b.Draining = true })}, "", ""},
		{"closing", []Bridge{with("bridge-1", func(b *Bridge) { b.Closing = true })}, "", ""},
		{"not ready", []Bridge{with("bridge-1", func(b *Bridge) { b.Ready = false })}, "", ""},
		{"not a number", []Bridge{stress("bridge-1", math.NaN())}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, ok := Lesson(tt.bridges, eight); got != tt.lesson || ok != (tt.lesson != "") {
				t.Errorf("lesson: got %q, %v; want %q", got, ok, tt.lesson)
			}
			if got, ok := Anywhere(tt.bridges, eight, 0); got != tt.anywhere || ok != (tt.anywhere != "") {
				t.Errorf("anywhere: got %q, %v; want %q", got, ok, tt.anywhere)
			}
		})
	}
}

func drawRoom(t *rapid.T) Room {
	return Room{
		Opened: eight.Add(-time.Duration(rapid.IntRange(0, 600).Draw(t, "age")) * time.Second),
		Size:   rapid.IntRange(0, 40).Draw(t, "size"),
		Expect: rapid.SampledFrom([]int{0, 0, 0, 5, 30}).Draw(t, "expect"),
	}
}

func drawBridges(t *rapid.T) []Bridge {
	likely := func(name string) bool { return rapid.IntRange(0, 4).Draw(t, name) > 0 }
	bridges := make([]Bridge, rapid.IntRange(0, 6).Draw(t, "bridges"))
	for i := range bridges {
		bridges[i] = Bridge{
			Machine: fmt.Sprintf("bridge-%d", i+1), Alive: likely("alive"), Known: likely("known"), Ready: likely("ready"),
			Draining: !likely("draining"), Closing: !likely("closing"),
			Stress: rapid.Float64Range(0, 1.2).Draw(t, "stress"), Participants: rapid.IntRange(0, 300).Draw(t, "participants"),
			Young: rapid.SliceOfN(rapid.Custom(drawRoom), 0, 8).Draw(t, "young"), Doors: rapid.IntRange(0, 5).Draw(t, "doors"),
		}
	}
	return bridges
}

// deciders are the two ways to place, each with who is eligible.
var deciders = map[string]struct {
	choose   func([]Bridge, time.Time) (string, bool)
	eligible func(Bridge) bool
	people   int
}{
	"lesson":   {Lesson, func(b Bridge) bool { return b.Admits(eight) }, TypicalRoom},
	"anywhere": {func(b []Bridge, now time.Time) (string, bool) { return Anywhere(b, now, 25) }, Bridge.Open, 25},
}

func TestOnlyOpenBridgesAndTheLeastOfThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bridges := drawBridges(t)
		for name, d := range deciders {
			got, ok := d.choose(bridges, eight)
			at := slices.IndexFunc(bridges, func(b Bridge) bool { return b.Machine == got })
			if ok != slices.ContainsFunc(bridges, d.eligible) {
				t.Fatalf("%s: placed %v", name, ok)
			}
			if !ok {
				continue
			}
			chosen := bridges[at]
			if !chosen.Alive || !chosen.Known || !chosen.Ready || chosen.Draining || chosen.Closing || !d.eligible(chosen) {
				t.Fatalf("%s: placed on %+v", name, chosen)
			}
			for _, other := range bridges {
				if d.eligible(other) && other.after(eight, d.people) < chosen.after(eight, d.people) {
					t.Fatalf("%s: %s would have had less than %s", name, other.Machine, got)
				}
			}
		}
	})
}

func TestEqualInputsEqualAnswers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bridges := drawBridges(t)
		shuffled := rapid.Permutation(bridges).Draw(t, "order")
		for name, d := range deciders {
			a, okA := d.choose(bridges, eight)
			b, okB := d.choose(shuffled, eight)
			if a != b || okA != okB {
				t.Fatalf("%s: %q, %v and %q, %v", name, a, okA, b, okB)
			}
		}
	})
}

func TestMoreStressNeverMakesABridgePreferred(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bridges := drawBridges(t)
		if len(bridges) == 0 {
			return
		}
		i := rapid.IntRange(0, len(bridges)-1).Draw(t, "which")
		stressed := slices.Clone(bridges)
		stressed[i].Stress += rapid.Float64Range(0, 1).Draw(t, "more")
		for name, d := range deciders {
			before, _ := d.choose(bridges, eight)
			after, _ := d.choose(stressed, eight)
			if after == stressed[i].Machine && before != after {
				t.Fatalf("%s: %s was chosen only with more stress", name, after)
			}
			if before != stressed[i].Machine && before != after {
				t.Fatalf("%s: %s instead of %s because another one has more stress", name, after, before)
			}
		}
	})
}

// TestABurstSpreads: between two leases nothing but the placements themselves tells bridges apart.
func TestABurstSpreads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "bridges")
		stress := rapid.Float64Range(0, 0.05).Draw(t, "stress")
		participants := rapid.IntRange(measuredFrom, 300).Draw(t, "participants")
		doors := rapid.Bool().Draw(t, "doors")
		bridges := make([]Bridge, n)
		for i := range bridges {
			bridges[i] = idle(fmt.Sprintf("bridge-%d", i+1))
			bridges[i].Stress, bridges[i].Participants = stress, participants
		}
		placed := make([]int, n)
		for range 100 {
			machine, ok := Lesson(bridges, eight)
			if !ok {
				break
			}
			i := slices.IndexFunc(bridges, func(b Bridge) bool { return b.Machine == machine })
			placed[i]++
			if doors {
				bridges[i].Doors++
			} else {
				bridges[i].Young = append(bridges[i].Young, Room{Opened: eight})
			}
		}
		if slices.Max(placed)-slices.Min(placed) > 1 {
			t.Fatalf("placed %v", placed)
		}
	})
}

// TestAHundredRoomsOverFourBridges is the burst at eight o'clock: nobody is full and all get the same.
func TestAHundredRoomsOverFourBridges(t *testing.T) {
	bridges := []Bridge{idle("bridge-1"), idle("bridge-2"), idle("bridge-3"), idle("portal")}
	for i := range bridges {
		bridges[i].Stress, bridges[i].Participants, bridges[i].Person = 0.05, 100, 0.001 // large ones
	}
	for n := range 100 {
		machine, ok := Lesson(bridges, eight)
		if !ok {
			t.Fatalf("room %d is refused", n)
		}
		i := slices.IndexFunc(bridges, func(b Bridge) bool { return b.Machine == machine })
		bridges[i].Young = append(bridges[i].Young, Room{Opened: eight})
	}
	for _, b := range bridges {
		if len(b.Young) != 25 {
			t.Errorf("%s got %d rooms", b.Machine, len(b.Young))
		}
	}
}
