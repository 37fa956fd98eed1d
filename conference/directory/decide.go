package directory

import (
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/placement"
)

// action is what is to be done for somebody who asks for a room.
type action int

const (
	wait action = iota // until more is known
	here               // the room has its bridge
	move               // make or change the placement first
	full               // no bridge has capacity for a lesson
	none               // no bridge is there
)

// verdict is the answer to one question.
type verdict struct {
	action action
	// machine and boot are where the room is or shall be.
	machine, boot string
	// revision of the placement that is to be changed, 0 if there is none.
	revision uint64
	// restore goes along while the room's new bridge does not have it.
	restore *cluster.Record
	// opens: with the move an organiser is let in, or a lesson that lost its bridge; people is how many come, 0: the usual number.
	opens  bool
	people int
}

// opening is the verdict with the room opened.
func (v verdict) opening(people int) verdict {
	v.opens, v.people = true, people
	return v
}

// decide answers who asks for a room. Organisers who would begin a lesson are held against capacity, and wait while others
// do (queued). Pure.
func (v *view) decide(key cluster.RoomKey, organiser, queued bool, now time.Time) verdict {
	p, stands := v.standing(key)
	if stands {
		if r, announced := v.saidBy(key, p.Machine); announced || v.settled && !v.runs(key) {
			return v.enter(key, p, r, announced, organiser, queued, now)
		}
	}
	if s, ok := foremost(v.said[key]); ok {
		return v.adopt(key, s)
	}
	if !v.settled {
		return verdict{action: wait}
	}
	if r, ok := v.lost(key); ok {
		return v.rescue(key, r, now)
	}
	if organiser {
		return v.open(key, queued, now)
	}
	if len(v.placements)+len(v.claims) >= maxDoors { // first: to look at all bridges for each of a flood would be its aim
		return verdict{action: none}
	}
	list := v.bridges(now)
	machine, ok := placement.Anywhere(list, now, 0)
	switch {
	case ok:
		return v.moveTo(key, machine)
	case slices.ContainsFunc(list, unmeasured):
		return verdict{action: wait}
	}
	return verdict{action: none}
}

// unmeasured is a bridge that has just started: in a moment it says how busy it is, and may take rooms.
func unmeasured(b placement.Bridge) bool {
	return b.Alive && b.Ready && !b.Known && !b.Draining && !b.Closing
}

// runs reports whether a living process has the room with people in it.
func (v *view) runs(key cluster.RoomKey) bool {
	s, ok := foremost(v.said[key])
	return ok && begun(s.record)
}

// enter is for a room that has its bridge.
func (v *view) enter(key cluster.RoomKey, p cluster.Placement, r cluster.Record, announced, organiser, queued bool, now time.Time) verdict {
	stay := verdict{action: here, machine: p.Machine, boot: p.Boot}
	if lost, ok := v.lost(key); ok && !announced {
		stay.restore = carried(lost)
		return stay
	}
	if begun(r) || !organiser || v.opened(key, p, r, now) {
		return stay
	}
	if !v.settled {
		return verdict{action: wait} // the lesson may run on a bridge that has not been heard yet
	}
	if !queued && v.bridge(p.Machine, now).Admits(now) {
		return v.moveTo(key, p.Machine).opening(0) // to where it is: now it is opened, and every portal knows
	}
	return v.open(key, queued, now)
}

// adopt is for a room that its bridge announces and no placement tells of.
func (v *view) adopt(key cluster.RoomKey, s saying) verdict { return v.moveTo(key, s.machine) }

// rescue is for a lesson whose bridge died. It is not held against capacity: its people are in it already.
func (v *view) rescue(key cluster.RoomKey, lost cluster.Record, now time.Time) verdict {
	machine, ok := placement.Anywhere(v.bridges(now), now, lost.Participants)
	if !ok {
		return verdict{action: wait} // a class is at the door; the bridge may be back in a moment
	}
	return v.moveTo(key, machine).opening(min(lost.Participants, largestRoom))
}

// open is for an organiser who begins a lesson.
func (v *view) open(key cluster.RoomKey, queued bool, now time.Time) verdict {
	list := v.bridges(now)
	machine, ok := placement.Lesson(list, now)
	switch {
	case ok && !queued:
		return v.moveTo(key, machine).opening(0)
	case anyThere(list):
		return verdict{action: full}
	}
	return verdict{action: none}
}

// anyThere reports whether waiting makes sense.
func anyThere(list []placement.Bridge) bool {
	for _, b := range list {
		if b.Alive && b.Ready {
			return true
		}
	}
	return false
}

func (v *view) moveTo(key cluster.RoomKey, machine string) verdict {
	return verdict{action: move, machine: machine, boot: v.alive[machine].Boot, revision: v.placements[key].Revision}
}
