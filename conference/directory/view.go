package directory

import (
	"cmp"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/placement"
)

// view is what is known at one moment. Decisions read it; the loop alone changes it.
type view struct {
	// settled: every bridge has been heard since the store was there. Before, silence means nothing.
	settled bool
	// machines are the operator's list, alive the leases of those in it that are reachable.
	machines   map[string]opsapi.Machine
	alive      map[string]cluster.Lease
	placements map[cluster.RoomKey]cluster.Placement
	// said is what living processes announce of a room, left what dead ones left behind. In order of machines.
	said, left map[cluster.RoomKey][]saying
	// claims are placements on their way into the store.
	claims map[cluster.RoomKey]cluster.Placement
	// ran has the revision of the placement under which a lesson was seen: without a record that has begun, it is over.
	ran map[cluster.RoomKey]uint64
}

// saying is a machine's record of a room.
type saying struct {
	machine string
	record  cluster.Record
}

func begun(r cluster.Record) bool { return r.Epoch != "" }

// standing reports whether the room's placement is good: made for a process that lives.
func (v *view) standing(key cluster.RoomKey) (cluster.Placement, bool) {
	p, placed := v.placements[key]
	return p, placed && v.lives(p.Machine, p.Boot)
}

func (v *view) lives(machine, boot string) bool {
	lease, alive := v.alive[machine]
	return alive && lease.Boot == boot
}

// saidBy returns what a living process of the machine announces of the room.
func (v *view) saidBy(key cluster.RoomKey, machine string) (cluster.Record, bool) {
	for _, s := range v.said[key] {
		if s.machine == machine {
			return s.record, true
		}
	}
	return cluster.Record{}, false
}

// foremost prefers a room that has begun, then the one with more people.
func foremost(sayings []saying) (saying, bool) {
	if len(sayings) == 0 {
		return saying{}, false
	}
	return slices.MinFunc(sayings, func(a, b saying) int {
		if begun(a.record) != begun(b.record) {
			if begun(a.record) {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.record.Participants, a.record.Participants), cmp.Compare(a.machine, b.machine))
	}), true
}

// lost is the record of a lesson that a dead process left behind and no living one has.
func (v *view) lost(key cluster.RoomKey) (cluster.Record, bool) {
	s, ok := foremost(v.left[key])
	return s.record, ok && begun(s.record)
}

// opened reports whether an organiser was let in who is inside, or may still come. Whoever was let in stays in.
func (v *view) opened(key cluster.RoomKey, p cluster.Placement, r cluster.Record, now time.Time) bool {
	over := v.ran[key] == p.Revision && p.Revision != 0
	return p.Opened && (begun(r) || !over && now.Sub(p.At) < openedFor)
}

// remember notes which placed lessons run.
func (v *view) remember() {
	ran := make(map[cluster.RoomKey]uint64, len(v.ran))
	for key, p := range v.placements {
		if r, announced := v.saidBy(key, p.Machine); announced && begun(r) || v.ran[key] == p.Revision {
			ran[key] = p.Revision
		}
	}
	v.ran = ran
}

// bridges are the candidates for a room at now.
func (v *view) bridges(now time.Time) []placement.Bridge {
	list := make([]placement.Bridge, 0, len(v.machines))
	at := make(map[string]int, len(v.machines))
	for id, m := range v.machines {
		lease, alive := v.alive[id]
		at[id] = len(list)
		list = append(list, placement.Bridge{Machine: id, Alive: alive, Known: lease.Load.Known, Ready: m.Ready, Draining: m.Draining,
			Closing: lease.Closing, Stress: lease.Load.Stress, Participants: lease.Load.Participants, Person: lease.Load.Person})
	}
	for key, p := range v.placements {
		if c, claimed := v.claims[key]; claimed && c.Machine == p.Machine {
			continue // counted as it will be
		}
		if v.lives(p.Machine, p.Boot) {
			record, _ := v.saidBy(key, p.Machine)
			v.count(&list[at[p.Machine]], key, p, record, now)
		}
	}
	for key, c := range v.claims {
		if i, listed := at[c.Machine]; listed {
			v.count(&list[i], key, c, cluster.Record{}, now)
		}
	}
	return list
}

// count adds a room to the bridge that has it. A lesson that everybody has left and that only waits for somebody to come back does not grow; one that
// moves from a dead bridge is empty too, and brings its people along.
func (v *view) count(b *placement.Bridge, key cluster.RoomKey, p cluster.Placement, r cluster.Record, now time.Time) {
	switch {
	case begun(r) && r.Participants == 0 && p.People == 0:
	case v.opened(key, p, r, now):
		b.Young = append(b.Young, placement.Room{Opened: p.At, Size: r.Participants, Expect: p.People})
	case !begun(r):
		b.Doors++
	}
}

// bridge is one of the candidates.
func (v *view) bridge(machine string, now time.Time) placement.Bridge {
	for _, b := range v.bridges(now) {
		if b.Machine == machine {
			return b
		}
	}
	return placement.Bridge{}
}
