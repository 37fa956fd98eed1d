package night

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// 22 November 2026, Europe/Berlin: 03:30 is 02:30 UTC, 04:30 is 03:30 UTC.
func berlin(t testing.TB) *Schedule {
	return &Schedule{At: Clock{3, 30}, Latest: Clock{4, 30}, Zone: zone(t, "Europe/Berlin")}
}

// say makes effects readable.
func say(effects []effect) string {
	var words []string
	for _, e := range effects {
		switch e := e.(type) {
		case notice:
			words = append(words, "notice "+e.at.UTC().Format("15:04"))
		case noNewRooms:
			words = append(words, "no new rooms")
		case endRooms:
			words = append(words, "end rooms")
		case order:
			words = append(words, "order "+e.machine+"/"+e.plan.Boot)
		case endProcess:
			words = append(words, strings.TrimSpace("end "+strings.Join(e.missing, " ")))
		}
	}
	return strings.Join(words, ", ")
}

type look struct {
	at      string // UTC
	inUse   int
	bridges []Bridge
	want    string
}

func follow(t *testing.T, p *planner, looks []look) {
	t.Helper()
	for _, l := range looks {
		at, err := time.Parse("2006-01-02 15:04:05", "2026-11-22 "+l.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := say(p.step(facts{now: at, inUse: l.inUse, bridges: l.bridges})); got != l.want {
			t.Fatalf("%s: got %q, want %q", l.at, got, l.want)
		}
	}
}

func alive(boots ...string) []Bridge {
	var out []Bridge
	for i, boot := range boots {
		out = append(out, Bridge{ID: fmt.Sprintf("bridge-%d", i+1), Boot: boot, Alive: boot != "", Proof: &opsapi.Proof{}})
	}
	return out
}

func TestNightOfThePortal(t *testing.T) {
	tests := map[string][]look{
		"nobody is there": {
			{"01:00:00", 0, nil, ""},
			{"02:24:59", 0, nil, ""},
			{"02:25:00", 0, nil, "notice 03:30"},
			{"02:25:05", 0, nil, ""},
			{"02:30:00", 0, nil, "no new rooms, end"},
			{"02:30:01", 0, nil, ""},
		},
		"a parents' evening ends at its own time": {
			{"02:25:00", 2, nil, "notice 03:30"},
			{"02:30:00", 2, nil, "no new rooms"},
			{"02:41:00", 1, nil, ""},
			{"02:42:00", 0, nil, "end"},
		},
		"a parents' evening has to end": {
			{"02:25:00", 1, nil, "notice 03:30"},
			{"02:30:00", 1, nil, "no new rooms"},
			{"03:25:00", 1, nil, "notice 03:30"},
			{"03:30:00", 1, nil, "end rooms, end"},
		},
		"bridges go first": {
			{"02:25:00", 0, alive("a", "b"), "notice 03:30, order bridge-1/a, order bridge-2/b"},
			{"02:25:02", 0, alive("a", "b"), ""},
			{"02:25:05", 0, alive("a", "b"), "order bridge-1/a, order bridge-2/b"},
			{"02:30:00", 0, alive("a", "b"), "order bridge-1/a, order bridge-2/b, no new rooms"},
			{"02:30:03", 0, alive("c", ""), ""},
			{"02:30:05", 0, alive("c", "b"), "order bridge-2/b"},
			{"02:30:09", 0, alive("c", "d"), "end"},
		},
		"a bridge does not come back": {
			{"02:25:00", 0, alive("a"), "notice 03:30, order bridge-1/a"},
			{"02:30:00", 0, alive("a"), "order bridge-1/a, no new rooms"},
			{"03:30:00", 0, alive(""), "notice 03:30, end rooms"},
			{"03:31:59", 0, alive(""), ""},
			{"03:32:00", 0, alive(""), "end bridge-1"},
		},
		"a bridge that hangs shows an old proof": {
			{"02:25:00", 0, alive("a"), "notice 03:30, order bridge-1/a"},
			{"02:30:00", 0, alive("a"), "order bridge-1/a, no new rooms"},
			{"03:32:00", 0, alive("a"), "notice 03:30, order bridge-1/a, end rooms, end bridge-1"},
		},
		"a bridge is back without a proof": {
			{"02:25:00", 0, alive("a"), "notice 03:30, order bridge-1/a"},
			{"02:30:00", 0, []Bridge{{ID: "bridge-1", Boot: "b", Alive: true}}, "no new rooms, end bridge-1"},
		},
		"a bridge is not heard": {
			{"02:25:00", 0, alive("a", ""), "notice 03:30, order bridge-1/a"},
			{"02:30:00", 0, alive("b", ""), "no new rooms, end bridge-2"},
		},
		"a bridge is heard late": {
			{"02:25:00", 0, alive("a", ""), "notice 03:30, order bridge-1/a"},
			{"02:26:00", 0, alive("a", "b"), "order bridge-1/a, order bridge-2/b"},
			{"02:30:00", 0, alive("c", "b"), "order bridge-2/b, no new rooms"},
			{"02:30:02", 0, alive("c", "d"), "end"},
		},
		"a bridge is made meanwhile": {
			{"02:25:00", 0, alive("a"), "notice 03:30, order bridge-1/a"},
			{"02:30:00", 0, alive("b", "c"), "no new rooms, end"},
		},
		"a bridge is removed meanwhile": {
			{"02:25:00", 0, alive("a"), "notice 03:30, order bridge-1/a"},
			{"02:30:00", 0, nil, "no new rooms, end"},
		},
		"rooms of the portal's own end at latest though a bridge is missing": {
			{"02:25:00", 1, alive("a"), "notice 03:30, order bridge-1/a"},
			{"02:30:00", 1, alive("a"), "order bridge-1/a, no new rooms"},
			{"03:30:00", 1, alive("a"), "notice 03:30, order bridge-1/a, end rooms"},
			{"03:30:03", 0, alive("b"), "end"},
		},
		"the computer slept through it all": {
			{"02:00:00", 0, nil, ""},
			{"07:00:00", 3, nil, "notice 03:30, no new rooms, end rooms, end"},
		},
	}
	for name, looks := range tests {
		t.Run(name, func(t *testing.T) { follow(t, newPlanner(true, "me", berlin(t), utc(t, "2026-11-21 20:00")), looks) })
	}
}

func TestNightOfABridge(t *testing.T) {
	t.Run("silent portal", func(t *testing.T) {
		p := newPlanner(false, "me", berlin(t), utc(t, "2026-11-21 20:00"))
		follow(t, p, []look{
			{"02:30:00", 1, nil, ""},
			{"03:24:59", 1, nil, ""},
			{"03:25:00", 1, nil, "notice 03:30, no new rooms"},
			{"03:30:00", 1, nil, "end rooms, end"},
		})
		if p.plan.Reason != opsapi.ReasonAlone {
			t.Errorf("reason %s", p.plan.Reason)
		}
	})
	t.Run("ordered", func(t *testing.T) {
		p := newPlanner(false, "me", berlin(t), utc(t, "2026-11-21 20:00"))
		at := utc(t, "2026-11-22 02:25")
		plan := cluster.RestartPlan{Reason: opsapi.ReasonNight, Notice: at, At: at.Add(5 * time.Minute), Latest: at.Add(65 * time.Minute), Boot: "me"}
		if !p.adopt(facts{now: at}, plan) || p.adopt(facts{now: at}, plan) {
			t.Fatal("the order counts once")
		}
		follow(t, p, []look{
			{"02:25:00", 1, nil, "notice 03:30"},
			{"02:30:00", 1, nil, "no new rooms"},
			{"02:31:00", 0, nil, "end"},
			{"03:25:00", 0, nil, ""},
		})
	})
	t.Run("started in the night", func(t *testing.T) {
		p := newPlanner(false, "me", berlin(t), utc(t, "2026-11-22 02:30").Add(time.Second))
		follow(t, p, []look{{"03:30:00", 1, nil, ""}, {"12:00:00", 1, nil, ""}})
	})
}

func TestAnOrderMayShortenTheNight(t *testing.T) {
	p := newPlanner(true, "me", berlin(t), utc(t, "2026-11-21 20:00"))
	follow(t, p, []look{
		{"02:25:00", 1, alive("a"), "notice 03:30, order bridge-1/a"},
		{"02:30:00", 1, alive("a"), "order bridge-1/a, no new rooms"},
	})
	now := utc(t, "2026-11-22 02:31")
	if !p.adopt(facts{now: now}, cluster.RestartPlan{Reason: opsapi.ReasonOrder, Notice: now, At: now, Latest: now.Add(time.Minute)}) {
		t.Fatal("the order was not taken")
	}
	follow(t, p, []look{
		{"02:31:00", 1, alive("a"), "notice 02:32, order bridge-1/a"},
		{"02:32:00", 1, alive("b"), "end rooms, end"},
	})
}

func TestWithoutAScheduleThereIsNoNight(t *testing.T) {
	follow(t, newPlanner(true, "me", nil, utc(t, "2026-11-21 20:00")), []look{{"02:30:00", 0, nil, ""}, {"23:59:00", 0, nil, ""}})
}

// Whatever the clock does from look to look, each thing is done once and in order, and the process ends by Latest and patience.
func TestEachThingIsDoneOnceAndInOrder(t *testing.T) {
	for step := time.Second; step < 3*time.Hour; step += 97 * time.Second {
		p := newPlanner(true, "me", berlin(t), utc(t, "2026-11-21 20:00"))
		var done []string
		for now := utc(t, "2026-11-22 02:00"); now.Before(utc(t, "2026-11-22 09:00")); now = now.Add(step) {
			for _, e := range p.step(facts{now: now, inUse: 1}) {
				if kind := reflect.TypeOf(e).Name(); kind != "notice" {
					done = append(done, kind)
				}
			}
		}
		if want := []string{"noNewRooms", "endRooms", "endProcess"}; !slices.Equal(done, want) {
			t.Fatalf("looking every %s: %v", step, done)
		}
	}
}
