package room

import "time"

// Who may share the screen.
const (
	ScreenShareEveryone   = "everyone"
	ScreenShareOrganisers = "organisers"
)

// Rules are the county's rules for all rooms. The fields are those of the server's configuration, so that one converts to the
// other.
type Rules struct {
	// MaxParticipants bounds a room, organisers included.
	MaxParticipants int
	// CodeRequired forbids rooms without a code.
	CodeRequired bool
	// ScreenShare is ScreenShareEveryone or ScreenShareOrganisers.
	ScreenShare string
}

// MayShareScreen says whether the role has the right to share the screen.
func (r Rules) MayShareScreen(role Role) bool {
	return role == Organiser || r.ScreenShare == ScreenShareEveryone
}

// Limits of a room. Those without a source are choices.
const (
	// MaxVisitors is how many may wait at the door.
	MaxVisitors = 200
	// MaxHistory is how many chat messages late-comers get to read.
	MaxHistory = 200
	// MaxHistoryBytes bounds names and texts of the history, so that "joined" stays within a frame of 128 KiB.
	MaxHistoryBytes = 32 << 10
	// Linger is how long somebody whose connection was lost, as opposed to somebody who left, is waited for: about twice the time in
	// which browsers reconnect by themselves.
	Linger = 30 * time.Second
	// MaxRemoved is how many removals a room remembers.
	MaxRemoved = 128
)
