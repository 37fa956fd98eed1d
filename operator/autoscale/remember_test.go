package autoscale

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestRememberIsBounded(t *testing.T) {
	for _, every := range []time.Duration{time.Second, 5 * time.Second, 17 * time.Second, time.Minute} {
		var load []Sample
		for at := monday(7, 0); at.Before(monday(10, 0)); at = at.Add(every) {
			load = Remember(load, Sample{At: at, Known: true, Demand: 1})
			if len(load) > 125 {
				t.Fatalf("every %v: %d samples", every, len(load))
			}
			if !slices.IsSortedFunc(load, func(a, b Sample) int { return a.At.Compare(b.At) }) {
				t.Fatalf("every %v: not in order", every)
			}
			if last := load[len(load)-1]; !last.At.Equal(at) {
				t.Fatalf("every %v: the latest look is lost", every)
			}
		}
		if !load[0].At.Before(monday(9, 1)) {
			t.Errorf("every %v: reaches back to %v only", every, load[0].At)
		}
		if !covered(monday(10, 0), load, DefaultPatience) || !covered(monday(10, 0), load, 20*time.Second) && every < 15*time.Second {
			t.Errorf("every %v: what is remembered does not cover the patience", every)
		}
	}
}

func TestRememberKeepsTheHighest(t *testing.T) {
	var load []Sample
	for at := monday(7, 0); at.Before(monday(8, 0)); at = at.Add(5 * time.Second) {
		s := Sample{At: at, Known: true, Demand: 0.5}
		switch {
		case at.Equal(monday(7, 20).Add(25 * time.Second)):
			s.Demand = 3
		case at.Minute() == 30 && at.Second() != 30:
			s.Known = false
		case at.Minute() == 40:
			s.Known = false
		}
		load = Remember(load, s)
	}
	highest, unknown := 0.0, 0
	for _, s := range load {
		highest = max(highest, s.Demand)
		unknown += truth(!s.Known)
	}
	if highest != 3 {
		t.Errorf("the peak of one look came out as %v", highest)
	}
	if unknown != 1 {
		t.Errorf("%d unknown minutes, want the one of which nothing is known", unknown)
	}
}

func TestRememberLeavesItsArgumentAlone(t *testing.T) {
	load := steady(monday(8, 0), 1)
	before := slices.Clone(load)
	Remember(load[:50], Sample{At: load[50].At, Known: true, Demand: 9})
	Remember(load, Sample{At: monday(9, 30)})
	if !reflect.DeepEqual(load, before) {
		t.Error("it was changed")
	}
}

func TestRememberAfterTheClockWasSetBack(t *testing.T) {
	load := Remember(steady(monday(9, 0), 1), Sample{At: monday(8, 30), Known: true})
	if last := load[len(load)-1]; !last.At.Equal(monday(8, 30)) {
		t.Errorf("the latest is at %v; samples from the future were kept", last.At)
	}
}

func TestLearn(t *testing.T) {
	p := policy()
	p.Timetable = schoolTimetable
	at := func(days, hour, minute int) time.Time { return monday(hour, minute).AddDate(0, 0, days) }
	known := func(at time.Time, demand float64) Sample {
		return Sample{At: at, Known: true, Demand: demand, Rooms: 20}
	}
	first := []Peak{{time.Monday, 32, "2026-11-23", 2}}
	tests := map[string]struct {
		past []Peak
		s    Sample
		want []Peak
	}{
		"first look":             {nil, known(at(0, 8, 3), 2), first},
		"more":                   {first, known(at(0, 8, 14), 2.5), []Peak{{time.Monday, 32, "2026-11-23", 2.5}}},
		"less":                   {first, known(at(0, 8, 14), 1.5), first},
		"waiting rooms count":    {first, Sample{At: at(0, 8, 14), Known: true, Demand: 2, Rooms: 20, WaitingRooms: 10}, []Peak{{time.Monday, 32, "2026-11-23", 3}}},
		"next quarter":           {first, known(at(0, 8, 15), 1), append(slices.Clone(first), Peak{time.Monday, 33, "2026-11-23", 1})},
		"next weekday":           {first, known(at(1, 8, 0), 1), append(slices.Clone(first), Peak{time.Tuesday, 32, "2026-11-24", 1})},
		"a week later":           {first, known(at(7, 8, 0), 1.6), []Peak{{time.Monday, 32, "2026-11-30", 1.6}}},
		"an odd day a week on":   {first, known(at(7, 8, 0), 0), []Peak{{time.Monday, 32, "2026-11-30", 1}}},
		"unknown":                {first, Sample{At: at(0, 8, 14)}, first},
		"no lesson":              {first, known(at(0, 15, 0), 9), first},
		"no school day":          {first, known(at(5, 8, 0), 9), first},
		"Christmas holidays":     {first, known(at(35, 8, 0), 9), first},
		"before the bell's time": {first, known(at(0, 7, 49), 9), first},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(tt.past)
			got := Learn(tt.past, p, tt.s)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if !reflect.DeepEqual(tt.past, before) {
				t.Errorf("the argument was changed to %+v", tt.past)
			}
		})
	}
}
