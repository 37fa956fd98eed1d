package serve

import (
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

func TestUnknownIsNotIdle(t *testing.T) {
	busy := opsapi.BridgeLoad{ID: "portal", Alive: true, Ready: true, Known: true, Stress: 0.5, Rooms: 2, Participants: 20}
	tests := []struct {
		name   string
		answer bool
		load   opsapi.Load
		known  bool
		demand float64
	}{
		{"silent portal", false, opsapi.Load{}, false, 0},
		{"portal that has just begun", true, opsapi.Load{Bridges: []opsapi.BridgeLoad{busy}}, false, 0.5},
		{"all tell", true, opsapi.Load{Settled: true, Bridges: []opsapi.BridgeLoad{busy, {ID: "bridge-1", Alive: true, Ready: true, Known: true, Stress: 1}}}, true, 1.5},
		{"one says nothing", true, opsapi.Load{Settled: true, Bridges: []opsapi.BridgeLoad{busy, {ID: "bridge-1", Alive: true, Ready: true}}}, false, 0.5},
		{"one is being made", true, opsapi.Load{Settled: true, Bridges: []opsapi.BridgeLoad{busy, {ID: "bridge-1", Alive: true}}}, true, 0.5},
		{"one is dead", true, opsapi.Load{Settled: true, Bridges: []opsapi.BridgeLoad{busy, {ID: "bridge-1", Ready: true, Known: true, Stress: 9}}}, true, 0.5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := view{at: monday, answers: tt.answer, load: tt.load}.sample()
			if s.Known != tt.known || s.Demand != tt.demand {
				t.Errorf("known %v, demand %v", s.Known, s.Demand)
			}
		})
	}
}

func TestMachinesJoinStateAndLoad(t *testing.T) {
	v := view{
		at: monday, answers: true,
		load: opsapi.Load{Bridges: []opsapi.BridgeLoad{
			{ID: "portal", Alive: true, Ready: true, Known: true, Stress: 0.1},
			{ID: "bridge-2", Alive: true, Known: true, Stress: 0.7, Rooms: 3},
			{ID: "bridge-9", Alive: true, Known: true}, // ours no more
		}},
		bridges: []Bridge{{Number: 1, Ready: true, Created: monday}, {Number: 2, Ready: true, Draining: true, ByHand: true}},
	}
	got := v.machines(nil)
	if len(got) != 3 || got[0].Number != 0 || !got[0].Ready || got[0].Stress != 0.1 {
		t.Fatalf("got %+v", got)
	}
	if dead := got[1]; dead.Alive || dead.Known || !dead.Ready || !dead.Created.Equal(monday) {
		t.Errorf("bridge 1: %+v", dead)
	}
	if b := got[2]; !b.Alive || b.Stress != 0.7 || b.Rooms != 3 || !b.Draining || !b.ByHand {
		t.Errorf("bridge 2: %+v", b)
	}
}

func TestNumberOf(t *testing.T) {
	for id, want := range map[string]int{"portal": 0, "bridge-1": 1, "bridge-42": 42, "bridge-0": -1, "bridge-x": -1, "": -1, "bridge--1": -1} {
		if got := numberOf(id); got != want {
			t.Errorf("%q is %d, want %d", id, got, want)
		}
	}
}
