package cluster

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// RoomKey stands for a room wherever machines speak of it: a cluster of NATS servers writes the names of keys to its disks, so no
// room's name is one. Lower-case hexadecimal, 32 characters.
type RoomKey string

// KeyOf returns the key of a room, given by its canonical name.
func KeyOf(k token.Key, room string) RoomKey {
	h := hmac.New(sha256.New, k)
	h.Write([]byte("room key " + room))
	return RoomKey(hex.EncodeToString(h.Sum(nil)[:16]))
}

// CodeHash stands for a room's code in a Record. Without the county's key the million codes cannot be tried. Empty for no code.
func CodeHash(k token.Key, room, code string) string {
	if code == "" {
		return ""
	}
	h := hmac.New(sha256.New, k)
	h.Write([]byte("room code\x00" + room + "\x00" + code))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Record is what outlives a bridge of a room: enough to let the same people, and nobody else, into the room on another bridge.
// No participant's name is in it and no chat.
type Record struct {
	// Boot is the Lease.Boot of the process that announced it; the announcer fills it in.
	Boot string `json:"boot,omitempty"`
	// Epoch of the room; empty: the room has not begun, people wait at its door.
	Epoch string `json:"epoch,omitempty"`
	// CodeHash is CodeHash of the room's code; empty: the room has none, if it has begun.
	CodeHash string `json:"code_hash,omitempty"`
	// Locked is that of Settings, in a record of a bridge that knows no other.
	Locked bool `json:"locked,omitempty"`
	// Owner is the ID of the account whose lesson it is.
	Owner string `json:"owner,omitempty"`
	// Settings of the lesson; nil: not known.
	Settings *Settings `json:"settings,omitempty"`
	// Emergency: the emergency button is pressed.
	Emergency bool `json:"emergency,omitempty"`
	// Organisers are the IDs of the accounts that are inside as organisers.
	Organisers []string `json:"organisers,omitempty"`
	// Removed are the tags of devices, and the IDs of participants, that an organiser sent out; the room marks which is which.
	Removed []string `json:"removed,omitempty"`
	// Seats are the places of those who are inside or may come back, without names; the room writes and reads them.
	Seats []string `json:"seats,omitempty"`
	// Participants is how many are inside.
	Participants int `json:"participants,omitempty"`
}

// Settings are what organisers may change for a lesson, see docs/classroom.md.
type Settings struct {
	Locked      bool   `json:"locked,omitempty"`
	Lobby       bool   `json:"lobby,omitempty"`
	Microphones bool   `json:"microphones,omitempty"`
	Cameras     bool   `json:"cameras,omitempty"`
	CamerasTo   string `json:"cameras_to,omitempty"`
	Screens     bool   `json:"screens,omitempty"`
	Chat        bool   `json:"chat,omitempty"`
	PrivateChat bool   `json:"private_chat,omitempty"`
}

// Announcer takes what a bridge has to say about its rooms. Its methods do not block; what comes in quick succession may be told
// as one, the last word counts.
type Announcer interface {
	// Room says that the room is on this bridge, from the first visitor at its door on, and what its record is now.
	Room(key RoomKey, r Record)
	// Gone says that the room is not on this bridge any more.
	Gone(key RoomKey)
}
