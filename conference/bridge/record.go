package bridge

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// record is what the county may know of the room.
func (l *roomLoop) record(r room.Record) cluster.Record {
	if r.CodeHash == "" {
		r.CodeHash = cluster.CodeHash(l.secret, l.name, string(r.Code))
	}
	return cluster.Record{
		Epoch: r.Epoch, CodeHash: r.CodeHash, Locked: r.Settings.Locked, Owner: r.Owner, Settings: settingsRecord(r.Settings),
		Emergency: r.Emergency, Organisers: r.Organisers, Removed: r.Removed, Seats: r.Seats, Participants: r.Participants,
	}
}

// settingsRecord is nil before the room begins.
func settingsRecord(s room.Settings) *cluster.Settings {
	if s == (room.Settings{}) {
		return nil
	}
	return &cluster.Settings{Locked: s.Locked, Lobby: s.Lobby, Microphones: s.Microphones, Cameras: s.Cameras, CamerasTo: string(s.CamerasTo),
		Screens: s.Screens, Chat: s.Chat, PrivateChat: s.PrivateChat}
}

// settingsOf are all unknown but the lock where the record says no more, or nonsense.
func settingsOf(r *cluster.Record) room.Settings {
	s := r.Settings
	if s == nil || s.CamerasTo != string(room.Everyone) && s.CamerasTo != string(room.Organisers) {
		return room.Settings{Locked: r.Locked}
	}
	return room.Settings{Locked: s.Locked, Lobby: s.Lobby, Microphones: s.Microphones, Cameras: s.Cameras, CamerasTo: room.Audience(s.CamerasTo),
		Screens: s.Screens, Chat: s.Chat, PrivateChat: s.PrivateChat}
}

// announce tells the county of the room if its record has changed.
func (l *roomLoop) announce() {
	if l.announcer == nil {
		return
	}
	if now := l.state.Record(); !reflect.DeepEqual(now, l.told) {
		l.told = now
		l.announcer.Room(l.key, l.record(now))
	}
}

// restore begins the room from a record, unless it has begun.
func (l *roomLoop) restore(r *cluster.Record) {
	if r == nil || l.state.Begun() {
		return
	}
	hash := []byte(r.CodeHash)
	l.apply(room.Restore{
		Epoch: r.Epoch, Owner: r.Owner, CodeHash: r.CodeHash, Settings: settingsOf(r), Emergency: r.Emergency,
		Organisers: r.Organisers, Removed: r.Removed, Seats: r.Seats,
		Opens: func(c room.Code) bool { return hmac.Equal([]byte(cluster.CodeHash(l.secret, l.name, string(c))), hash) },
	})
}

// announce tells the county that the room is here from now on. A record that it begins from is told at once: the one who keeps it
// must never read that the room is here and has not begun.
func (b *Bridge) announce(e *entry) {
	if b.cfg.Announce == nil {
		return
	}
	var r cluster.Record
	if e.first != nil {
		r = *e.first
		r.Participants = 0
	}
	b.cfg.Announce.Room(e.key, r)
}

// overs are the epochs that ended here for good, until no admission can bring their record back.
type overs map[string]time.Time

// bury remembers an epoch that is over.
func (b *Bridge) bury(epoch string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cfg.Now()
	for old, until := range b.over {
		if !now.Before(until) {
			delete(b.over, old)
		}
	}
	b.over[epoch] = now.Add(2 * cluster.AdmissionLifetime)
}

// wanted is the record, unless there is none or it is of a room that is over. Called with the lock held.
func (b *Bridge) wanted(r *cluster.Record) *cluster.Record {
	if r == nil || r.Epoch == "" {
		return nil
	}
	if until, over := b.over[r.Epoch]; over && b.cfg.Now().Before(until) {
		return nil
	}
	return r
}

// deviceTag stands for a device in one room; empty for none.
func deviceTag(k token.Key, name, device string) room.Device {
	if device == "" {
		return ""
	}
	h := hmac.New(sha256.New, k)
	h.Write([]byte("room device\x00" + name + "\x00" + device))
	return room.Device(hex.EncodeToString(h.Sum(nil)[:16]))
}
