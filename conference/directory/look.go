package directory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// settling is the time after a start, or after the store was away, in which bridges are heard.
type settling struct {
	// listed: there is a list of machines.
	listed bool
	// session is the store's; another one than this has to be settled anew. called: bridges have been asked in it.
	session uint64
	begun   bool
	calling bool
	retry   time.Time
	// word of the call, and since when it is out; empty: not called yet.
	word  string
	since time.Time
	// before is the last word that each machine had answered when it was first seen in this session: one that comes back after the
	// store was lost may still have an old one.
	before map[string]string
	// heard are the machines that have answered, by boot.
	heard map[string]string
}

// look brings the view up to date.
func (l *loop) look(now time.Time) {
	store := l.cfg.Store
	if !store.Ready() {
		// Whoever is not heard now may be alive: what was known last goes on.
		l.settle.begun, l.view.settled = false, false
		return
	}
	leases := store.Leases()
	if session := store.Session(); !l.settle.begun || session != l.settle.session {
		l.beginSettling(session)
	}
	l.lookAtLeases(leases, now)
	if !l.view.settled {
		l.callOnce(now)
		if l.heardAll(leases, now) {
			l.view.settled = true
			l.cfg.Log.Info("all bridges have been heard", "alive", len(l.view.alive), "listed", len(l.view.machines))
		}
	}
	l.lookAtRooms(now)
}

func (l *loop) beginSettling(session uint64) {
	s := &l.settle
	*s = settling{listed: s.listed, calling: s.calling, session: session, begun: true, before: map[string]string{}, heard: map[string]string{}}
	l.view.settled = false
	clear(l.written) // revisions of another store mean nothing
}

// callOnce asks all bridges to announce their rooms.
func (l *loop) callOnce(now time.Time) {
	s := &l.settle
	if s.word != "" || s.calling || now.Before(s.retry) {
		return
	}
	s.calling = true
	session := s.session
	l.beside(func(ctx context.Context) result {
		word, err := l.cfg.Store.Call(ctx)
		return func(l *loop) {
			s := &l.settle
			s.calling = false
			switch now := l.cfg.Now(); {
			case err != nil:
				s.retry = now.Add(recallEvery)
				l.complain.Do(func() { l.cfg.Log.Warn("bridges cannot be called", "error", err) })
			case s.begun && s.session == session:
				s.word, s.since = word, now
			}
		}
	})
}

// heardAll reports whether every machine in the list has answered the call or has missed its lease. A bridge that answers any call
// at all in this session has announced all its rooms, even if it was another portal's.
func (l *loop) heardAll(leases map[string]cluster.Lease, now time.Time) bool {
	s := &l.settle
	for id, lease := range leases {
		if _, seen := s.before[id]; !seen {
			s.before[id] = lease.Call
		}
	}
	if s.word == "" || !s.listed {
		return false
	}
	for id := range l.view.machines {
		lease, there := leases[id]
		if there && lease.Call != "" && (lease.Call == s.word || lease.Call != s.before[id]) {
			s.heard[id] = lease.Boot
		}
		switch waited := now.Sub(s.since); {
		case there && s.heard[id] == lease.Boot:
		case !there && waited >= l.cfg.LeaseLife:
		case there && waited >= max(answerWithin, l.cfg.LeaseLife):
			l.cfg.Log.Error("bridge renews its lease and does not answer; its rooms may be placed elsewhere: restart it", "machine", id)
			s.heard[id] = lease.Boot
		default:
			return false
		}
	}
	return true
}

// lookAtLeases: who is alive. While the county settles, who was alive before is given the time of one lease.
func (l *loop) lookAtLeases(leases map[string]cluster.Lease, now time.Time) {
	alive := make(map[string]cluster.Lease, len(leases))
	for id := range l.view.machines {
		if lease, there := leases[id]; there {
			alive[id] = lease
		} else if lease, was := l.view.alive[id]; was && !l.view.settled && (l.settle.word == "" || now.Sub(l.settle.since) < l.cfg.LeaseLife) {
			alive[id] = lease
		}
	}
	for id := range leases {
		l.seen[id] = true
	}
	l.view.alive = alive
}

// lookAtRooms reads placements and records, and tells the living's records from the dead's.
func (l *loop) lookAtRooms(now time.Time) {
	store := l.cfg.Store
	placements := store.Placements()
	for key, w := range l.written {
		if p, shown := placements[key]; shown && p.Revision >= w.placement.Revision || now.Sub(w.at) >= opTimeout {
			delete(l.written, key)
			continue
		}
		placements[key] = w.placement
	}
	for _, p := range placements {
		l.seen[p.Machine] = true
	}
	l.view.placements = placements
	l.view.said, l.view.left = map[cluster.RoomKey][]saying{}, map[cluster.RoomKey][]saying{}
	for id := range l.seen {
		for key, record := range store.RecordsOf(id) {
			if l.view.lives(id, record.Boot) {
				l.view.said[key] = append(l.view.said[key], saying{id, record})
			} else {
				l.view.left[key] = append(l.view.left[key], saying{id, record})
			}
		}
	}
	for _, sayings := range []map[cluster.RoomKey][]saying{l.view.said, l.view.left} {
		for _, list := range sayings {
			slices.SortFunc(list, func(a, b saying) int { return cmp.Compare(a.machine, b.machine) })
		}
	}
	l.view.remember()
}
