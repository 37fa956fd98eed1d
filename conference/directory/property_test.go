package directory

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

var eight = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

const roomKey cluster.RoomKey = "room"

// drawView draws a county in any state, with one room that matters and others.
func drawView(t *rapid.T) *view {
	often := func(name string) bool { return rapid.IntRange(0, 3).Draw(t, name) > 0 }
	v := &view{settled: often("settled"), machines: map[string]opsapi.Machine{}, alive: map[string]cluster.Lease{}, placements: map[cluster.RoomKey]cluster.Placement{},
		said: map[cluster.RoomKey][]saying{}, left: map[cluster.RoomKey][]saying{}, claims: map[cluster.RoomKey]cluster.Placement{}}
	for i := range rapid.IntRange(0, 4).Draw(t, "machines") {
		id := fmt.Sprintf("bridge-%d", i+1)
		v.machines[id] = opsapi.Machine{ID: id, Ready: often("ready"), Draining: !often("draining")}
		if often("alive") {
			v.alive[id] = cluster.Lease{Boot: "new", Closing: !often("closing"), Load: cluster.Load{Known: often("known"), Stress: rapid.Float64Range(0, 1.1).Draw(t, "stress"), Participants: rapid.IntRange(0, 200).Draw(t, "participants")}}
		}
		record := cluster.Record{Boot: "new", Participants: rapid.IntRange(0, 30).Draw(t, "people")}
		if rapid.Bool().Draw(t, "begun") {
			record.Epoch = "epoch"
		}
		switch rapid.IntRange(0, 3).Draw(t, "record") {
		case 0:
			if _, alive := v.alive[id]; alive {
				v.said[roomKey] = append(v.said[roomKey], saying{id, record})
			}
		case 1:
			record.Boot = "old"
			v.left[roomKey] = append(v.left[roomKey], saying{id, record})
		}
	}
	if rapid.Bool().Draw(t, "placed") {
		v.placements[roomKey] = cluster.Placement{Machine: rapid.SampledFrom([]string{"bridge-1", "bridge-2", "bridge-3", "bridge-99"}).Draw(t, "on"),
			Boot: rapid.SampledFrom([]string{"new", "old"}).Draw(t, "boot"), Revision: 7,
			Opened: !often("opened"), At: eight.Add(-time.Duration(rapid.IntRange(0, 90).Draw(t, "age")) * time.Second)}
	}
	if rapid.Bool().Draw(t, "ran") {
		v.ran = map[cluster.RoomKey]uint64{roomKey: rapid.Uint64Range(6, 7).Draw(t, "ran under")}
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "others") {
		key := cluster.RoomKey(fmt.Sprint("other-", i))
		v.placements[key] = cluster.Placement{Machine: "bridge-1", Boot: "new", Revision: 3}
	}
	return v
}

func TestDecisionsKeepTheirWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawView(t)
		organiser, queued := rapid.Bool().Draw(t, "organiser"), rapid.Bool().Draw(t, "queued")
		got := v.decide(roomKey, organiser, queued, eight)
		if again := v.decide(roomKey, organiser, queued, eight); !reflect.DeepEqual(got, again) {
			t.Fatalf("decides %+v and %+v", got, again)
		}
		p, stands := v.standing(roomKey)
		record, there := v.saidBy(roomKey, p.Machine)
		there = there && stands
		lost, isLost := v.lost(roomKey)
		announced := slices.ContainsFunc(v.said[roomKey], func(s saying) bool { return s.machine == got.machine })
		switch got.action {
		case here:
			if !stands || got.machine != p.Machine || got.boot != "new" {
				t.Fatalf("the room is said to be on %s and placed on %+v", got.machine, p)
			}
			if organiser && !begun(record) && !isLost && !v.opened(roomKey, p, record, eight) {
				t.Fatal("a lesson begins and nobody is told")
			}
			if got.restore != nil && (there || !isLost || got.restore.Epoch != lost.Epoch) {
				t.Fatal("a record goes along that is not to")
			}
			if got.restore == nil && isLost && !there {
				t.Fatal("the record of a lost lesson is left behind")
			}
		case move:
			if got.revision != v.placements[roomKey].Revision {
				t.Fatal("changes a placement that it has not seen")
			}
			lease, alive := v.alive[got.machine]
			if !alive || lease.Boot != got.boot {
				t.Fatal("placed on the dead")
			}
			if there && (begun(record) || organiser && v.opened(roomKey, p, record, eight)) {
				t.Fatal("a lesson that runs, or was let in, is moved")
			}
			if !announced && (!v.settled || !v.bridge(got.machine, eight).Open()) {
				t.Fatal("placed before all were heard, or where nothing new is to be placed")
			}
			if !announced && got.opens && !isLost && (queued || !v.bridge(got.machine, eight).Admits(eight)) {
				t.Fatal("a lesson begins where there is no capacity, or before others")
			}
		case full:
			if !organiser || there && begun(record) || isLost && !v.runs(roomKey) && !stands {
				t.Fatal("somebody waits for capacity who needs none")
			}
		case none:
			if there && (begun(record) || !organiser) {
				t.Fatal("a room that is there has no bridge")
			}
		case wait:
			if v.settled && !isLost && (organiser || !slices.ContainsFunc(v.bridges(eight), unmeasured)) {
				t.Fatal("waits for nothing")
			}
		}
	})
}

// TestDoorsAreBounded: strangers who knock at one room after the other get no more than a bounded number of them, those on their way into
// the store counted.
func TestDoorsAreBounded(t *testing.T) {
	v := &view{settled: true, machines: map[string]opsapi.Machine{"bridge-1": {ID: "bridge-1", Ready: true}},
		alive:      map[string]cluster.Lease{"bridge-1": {Boot: "new", Load: calm}},
		placements: map[cluster.RoomKey]cluster.Placement{}, claims: map[cluster.RoomKey]cluster.Placement{"on its way": {Machine: "bridge-1", Boot: "new"}}}
	for i := range maxDoors - 1 {
		v.placements[cluster.RoomKey(fmt.Sprint(i))] = cluster.Placement{Machine: "bridge-1", Boot: "new", Revision: 1}
	}
	if got := v.decide(roomKey, false, false, eight).action; got != none {
		t.Errorf("beyond the bound: %v", got)
	}
	if got := v.decide(roomKey, true, false, eight).action; got != move {
		t.Errorf("an organiser: %v", got)
	}
}

// TestALostLessonTakesNoMoreThanARoom: how many it was is a bridge's word, and that much room is kept for them elsewhere.
func TestALostLessonTakesNoMoreThanARoom(t *testing.T) {
	v := &view{settled: true, machines: map[string]opsapi.Machine{"bridge-1": {ID: "bridge-1", Ready: true}},
		alive: map[string]cluster.Lease{"bridge-1": {Boot: "new", Load: calm}},
		left:  map[cluster.RoomKey][]saying{roomKey: {{"bridge-2", cluster.Record{Boot: "old", Epoch: "epoch", Participants: 1 << 20}}}}}
	if got := v.decide(roomKey, false, false, eight); got.action != move || got.people != largestRoom {
		t.Errorf("got %+v", got)
	}
}

func TestTidyingHurtsNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawView(t)
		silent := time.Duration(rapid.IntRange(0, 400).Draw(t, "silent")) * time.Second
		p, stands := v.standing(roomKey)
		_, there := v.saidBy(roomKey, p.Machine)
		there = there && stands
		for _, c := range v.tidy(eight, func(cluster.RoomKey) time.Duration { return silent }) {
			if c.key != roomKey {
				continue
			}
			if !v.settled && c.deed != adoptRoom {
				t.Fatalf("%+v before all were heard", c)
			}
			_, lost := v.lost(roomKey)
			switch c.deed {
			case adoptRoom:
				if _, says := v.saidBy(roomKey, c.machine); !says || there {
					t.Fatalf("%+v", c)
				}
			case moveDoor:
				if r, _ := v.saidBy(roomKey, p.Machine); !there || v.runs(roomKey) || v.opened(roomKey, p, r, eight) || !v.machines[p.Machine].Draining {
					t.Fatalf("%+v: a room is moved that was opened, or whose bridge does not drain", c)
				}
				if !v.bridge(c.machine, eight).Open() {
					t.Fatalf("%+v: to where nothing new is placed", c)
				}
			case evictRoom:
				if c.machine == p.Machine && stands || !stands {
					t.Fatalf("%+v is evicted from where it lives", c)
				}
				if r, _ := v.saidBy(roomKey, c.machine); begun(r) && !there {
					t.Fatalf("%+v: a lesson ends for a room with nobody in it", c)
				}
			case dropRecord:
				if _, says := v.saidBy(roomKey, c.machine); says {
					t.Fatalf("%+v is the record of a living process", c)
				}
				if lost && !there && silent < lostFor {
					t.Fatalf("%+v: people may come back", c)
				}
			case unplace:
				if len(v.said[roomKey]) > 0 || silent < silentFor || lost && silent < lostFor || c.revision != p.Revision {
					t.Fatalf("%+v", c)
				}
			}
		}
	})
}
