package directory

import (
	"slices"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// queue is the rooms whose organisers wait for a bridge, in the order of arrival. All who ask for one room share a place. Owned by
// the loop.
type queue struct {
	rooms  []*waitingRoom
	people int
}

type waitingRoom struct {
	key     cluster.RoomKey
	waiters []*waiter
}

// waiter is one organiser.
type waiter struct {
	key cluster.RoomKey
	// place has the latest one that was not told yet.
	place chan int
	// end gets nil once the room has a bridge.
	end chan error
}

func newWaiter(key cluster.RoomKey) *waiter {
	return &waiter{key: key, place: make(chan int, 1), end: make(chan error, 1)}
}

func (q *queue) find(key cluster.RoomKey) int {
	return slices.IndexFunc(q.rooms, func(r *waitingRoom) bool { return r.key == key })
}

// join puts a waiter behind all others, or to those who wait for the same room.
func (q *queue) join(w *waiter) {
	i := q.find(w.key)
	if i < 0 {
		i = len(q.rooms)
		q.rooms = append(q.rooms, &waitingRoom{key: w.key})
	}
	q.rooms[i].waiters = append(q.rooms[i].waiters, w)
	q.people++
	w.tell(i + 1)
}

// leave takes a waiter out, and its room with the last one. It returns false if the waiter is not there any more.
func (q *queue) leave(w *waiter) bool {
	i := q.find(w.key)
	if i < 0 {
		return false
	}
	r := q.rooms[i]
	j := slices.Index(r.waiters, w)
	if j < 0 {
		return false
	}
	r.waiters = slices.Delete(r.waiters, j, j+1)
	q.people--
	if len(r.waiters) == 0 {
		q.remove(i)
	}
	return true
}

// grant ends the wait for a room.
func (q *queue) grant(key cluster.RoomKey) {
	i := q.find(key)
	if i < 0 {
		return
	}
	for _, w := range q.rooms[i].waiters {
		w.end <- nil
	}
	q.people -= len(q.rooms[i].waiters)
	q.remove(i)
}

func (q *queue) remove(i int) {
	q.rooms = slices.Delete(q.rooms, i, i+1)
	for at := i; at < len(q.rooms); at++ {
		for _, w := range q.rooms[at].waiters {
			w.tell(at + 1)
		}
	}
}

// tell replaces what was not told yet. The loop alone calls it.
func (w *waiter) tell(place int) {
	select {
	case <-w.place:
	default:
	}
	w.place <- place
}
