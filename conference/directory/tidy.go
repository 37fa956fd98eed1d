package directory

import (
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// deed is what a chore does.
type deed int

const (
	adoptRoom  deed = iota // place the room where it is announced
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
func (v *view) tidy(silent func(cluster.RoomKey) time.Duration) []chore {
	var list []chore
	for key := range v.said {
		list = v.tidyAnnounced(list, key)
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

func (v *view) dropAll(list []chore, key cluster.RoomKey) []chore {
	for _, s := range v.left[key] {
		list = append(list, chore{deed: dropRecord, key: key, machine: s.machine})
	}
	return list
}
