package directory

import (
	"cmp"
	"context"
	"slices"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// message is what others post to the loop.
type message interface{ apply(l *loop) }

// ask is a request for a room's bridge.
type ask struct {
	// ctx ends when nobody waits for the answer any more.
	ctx       context.Context
	room      string
	key       cluster.RoomKey
	organiser bool
	// answer takes one without blocking.
	answer chan answer
}

type answer struct {
	place cluster.Place
	err   error
}

func (a *ask) apply(l *loop) { l.ask(a) }

// enqueue and dequeue are an organiser who waits, and one who does not any more.
type (
	enqueue struct{ *waiter }
	dequeue struct{ *waiter }
)

func (e enqueue) apply(l *loop) {
	if l.queue.people >= maxWaiting {
		e.end <- cluster.ErrNoBridge
		return
	}
	l.queue.join(e.waiter)
	l.advance()
}

func (e dequeue) apply(l *loop) {
	if l.queue.leave(e.waiter) {
		l.advance()
	}
}

// loadQuestion asks for the load.
type loadQuestion struct{ answer chan opsapi.Load }

func (q loadQuestion) apply(l *loop) { q.answer <- l.load() }

// load is how busy the county is, in the order of the list.
func (l *loop) load() opsapi.Load {
	load := opsapi.Load{At: l.cfg.Now(), Settled: l.view.settled, WaitingRooms: len(l.queue.rooms), WaitingPeople: l.queue.people}
	rooms := map[string]int{}
	for key, p := range l.view.placements {
		if _, stands := l.view.standing(key); stands {
			rooms[p.Machine]++
		}
	}
	for id, m := range l.view.machines {
		lease, alive := l.view.alive[id]
		b := opsapi.BridgeLoad{ID: id, Alive: alive, Boot: lease.Boot, Ready: m.Ready, Draining: m.Draining, Closing: lease.Closing,
			Version: lease.Version, Rooms: rooms[id], Participants: lease.Load.Participants}
		if alive && lease.Load.Known {
			b.Known = true
			b.Stress, b.CPU, b.Packets, b.Egress, b.Handshakes = lease.Load.Stress, lease.Load.CPU, lease.Load.Packets, lease.Load.Egress, lease.Load.Handshakes
		}
		load.Bridges = append(load.Bridges, b)
	}
	slices.SortFunc(load.Bridges, func(a, b opsapi.BridgeLoad) int { return cmp.Compare(a.ID, b.ID) })
	return load
}
