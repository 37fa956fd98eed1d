package directory

import (
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/placement"
)

// deed is what a chore does.
type deed int

const (
	adoptRoom  deed = iota // place the room where it is announced
	moveDoor               // place a room that nobody has opened elsewhere: its bridge drains
	evictRoom              // tell the machine to let the room go, which lives elsewhere
	dropRecord             // of a dead process
	unplace                // a room that is gone
)

// chore is something to be put in order.
type chore struct {
	deed     deed
	key      cluster.RoomKey
	machine  string
	revision uint64
}

// tidy says what is to be put in order. silent is how long no living process has announced a room that is placed, or of which a dead
// process left something behind. Before the view has settled only what is announced and nowhere placed is adopted. Pure.
func (v *view) tidy(now time.Time, silent func(cluster.RoomKey) time.Duration) []chore {
	var list []chore
	bridges := sync.OnceValue(func() []placement.Bridge { return v.bridges(now) })
	for key := range v.said {
		list = v.tidyAnnounced(list, key)
		list = v.tidyDoor(list, key, bridges, now)
	}
	if !v.settled {
		return list
	}
	for key, p := range v.placements {
		if _, announced := v.said[key]; announced {
			continue
		}
		if _, lost := v.lost(key); silent(key) >= silentFor && (!lost || silent(key) >= lostFor) {
			list = append(list, chore{deed: unplace, key: key, machine: p.Machine, revision: p.Revision})
		}
	}
	for key := range v.left {
		if _, lost := v.lost(key); !lost || silent(key) >= lostFor {
			list = v.dropAll(list, key)
		}
	}
	return list
}

// tidyAnnounced: the placement says where the room is, as long as it is there. If it is not there yet and a lesson runs elsewhere,
// then the lesson is right: it has people in it.
func (v *view) tidyAnnounced(list []chore, key cluster.RoomKey) []chore {
	p, stands := v.standing(key)
	_, there := v.saidBy(key, p.Machine)
	if !stands || !there && v.runs(key) {
		s, _ := foremost(v.said[key])
		return append(list, chore{deed: adoptRoom, key: key, machine: s.machine})
	}
	if !v.settled {
		return list
	}
	for _, s := range v.said[key] {
		if s.machine != p.Machine {
			list = append(list, chore{deed: evictRoom, key: key, machine: s.machine})
		}
	}
	if there {
		list = v.dropAll(list, key)
	}
	return list
}

// tidyDoor: whoever waits at the door of a bridge that drains waits elsewhere. Anybody may knock, for as long as they like, and a
// machine that is paid for by the hour would never be empty.
func (v *view) tidyDoor(list []chore, key cluster.RoomKey, bridges func() []placement.Bridge, now time.Time) []chore {
	p, stands := v.standing(key)
	r, there := v.saidBy(key, p.Machine)
	if !v.settled || !stands || !there || begun(r) || v.runs(key) || v.opened(key, p, r, now) || !v.machines[p.Machine].Draining {
		return list
	}
	machine, ok := placement.Anywhere(bridges(), now, 0)
	if !ok {
		return list
	}
	return append(list, chore{deed: moveDoor, key: key, machine: machine})
}

func (v *view) dropAll(list []chore, key cluster.RoomKey) []chore {
	for _, s := range v.left[key] {
		list = append(list, chore{deed: dropRecord, key: key, machine: s.machine})
	}
	return list
}
