package server

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/medienzentrenverbund/kreisraum/conference/bus"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/directory"
)

// lateDirectory is the directory once the county is joined; before, no bridge is to be had. Safe for concurrent use.
type lateDirectory struct {
	there atomic.Pointer[directory.Directory]
}

var _ cluster.Directory = (*lateDirectory)(nil)

// Locate implements cluster.Directory.
func (l *lateDirectory) Locate(ctx context.Context, who cluster.Seeker) (cluster.Place, error) {
	if d := l.there.Load(); d != nil {
		return d.Locate(ctx, who)
	}
	return cluster.Place{}, cluster.ErrNoBridge
}

// Queue implements cluster.Directory.
func (l *lateDirectory) Queue(ctx context.Context, who cluster.Seeker, told func(place int)) error {
	if d := l.there.Load(); d != nil {
		return d.Queue(ctx, who, told)
	}
	return cluster.ErrNoBridge
}

// lateAnnouncer is what tells the portal of this machine's rooms, once there is something that can. No room begins before: who asks for
// one comes through the directory or the room port, which are opened after it. Safe for concurrent use.
type lateAnnouncer struct {
	there atomic.Pointer[bus.Bridge]

	mu     sync.Mutex
	rooms  map[cluster.RoomKey]cluster.Record
	frozen bool
}

var _ cluster.Announcer = (*lateAnnouncer)(nil)

// Room implements cluster.Announcer.
func (l *lateAnnouncer) Room(key cluster.RoomKey, r cluster.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frozen {
		return
	}
	if l.rooms == nil {
		l.rooms = map[cluster.RoomKey]cluster.Record{}
	}
	l.rooms[key] = r
	if b := l.there.Load(); b != nil {
		b.Room(key, r)
	}
}

// Gone implements cluster.Announcer.
func (l *lateAnnouncer) Gone(key cluster.RoomKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.frozen {
		return
	}
	delete(l.rooms, key)
	if b := l.there.Load(); b != nil {
		b.Gone(key)
	}
}

// freeze ends all announcements: what the portal knows of this machine's rooms stays as it is, though the rooms end with the process, and
// their people come back to them elsewhere. It returns the last word on each.
func (l *lateAnnouncer) freeze() map[cluster.RoomKey]cluster.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frozen = true
	return l.rooms
}

// setClosing says that the machine is about to restart.
func (l *lateAnnouncer) setClosing() {
	if b := l.there.Load(); b != nil {
		b.SetClosing(true)
	}
}
