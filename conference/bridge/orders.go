package bridge

import (
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
)

// Totals is what the bridge has known since it was made.
type Totals struct {
	// Rooms that began, participants who came in and messages that were said.
	Rooms, Participants, Messages int
}

// counters are the Totals while they grow.
type counters struct{ rooms, participants, messages atomic.Int64 }

// Totals returns what there was since the start.
func (b *Bridge) Totals() Totals {
	return Totals{
		Rooms: int(b.known.rooms.Load()), Participants: int(b.known.participants.Load()), Messages: int(b.known.messages.Load()),
	}
}

// RoomsInUse is how many rooms have a lesson: somebody is inside, waits at the door for its organiser or, for as long as a pause lasts, is
// expected back. One that sleeps all alone keeps nobody from a restart.
func (b *Bridge) RoomsInUse() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, e := range b.rooms {
		if e.inUse.Load() {
			n++
		}
	}
	return n
}

// Evict ends the room here and sends everybody on, whether it has begun or not: it is on another bridge.
func (b *Bridge) Evict(key cluster.RoomKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.rooms {
		if e.key == key {
			e.inbox.post(evict{})
		}
	}
}

// Notice tells everybody in every room when all rooms end, also who comes in later. The last word counts; zero: nobody more is told.
func (b *Bridge) Notice(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notice = at
	for _, l := range b.loopsLocked() {
		l.inbox.post(input{room.SetNotice{At: at}})
	}
}

// DrainNew says whether no new room may begin. Rooms that run go on, and so do those that come with a record.
func (b *Bridge) DrainNew(on bool) { b.drained.Store(on) }

func (b *Bridge) loopsLocked() []*roomLoop {
	loops := make([]*roomLoop, 0, len(b.rooms))
	for _, e := range b.rooms {
		loops = append(loops, e.roomLoop)
	}
	return loops
}
