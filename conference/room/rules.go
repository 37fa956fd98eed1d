package room

import "time"

// Who may share the screen.
const (
	ScreenShareEveryone   = "everyone"
	ScreenShareOrganisers = "organisers"
)

// Who sees the cameras of participants.
const (
	CamerasEveryone   = "everyone"
	CamerasOrganisers = "organisers"
)

// Rules are the county's rules for all rooms.
type Rules struct {
	// MaxParticipants bounds a room, organisers included.
	MaxParticipants int
	// CodeRequired forbids rooms without a code.
	CodeRequired bool
	// ScreenShare is ScreenShareEveryone or ScreenShareOrganisers: how a lesson begins.
	ScreenShare string
	// Lobby has newcomers wait for admission when a lesson begins.
	Lobby bool
	// Cameras is CamerasEveryone or CamerasOrganisers: who sees the cameras of participants when a lesson begins. Empty: everyone.
	Cameras string
	// OrganiserGrace is how long a lesson waits, paused, for an organiser. 0: DefaultOrganiserGrace.
	OrganiserGrace time.Duration
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
	// DefaultOrganiserGrace is the Rules.OrganiserGrace of a county that says nothing.
	DefaultOrganiserGrace = 2 * time.Minute
	// Dormancy is how long a lesson whose pause is over waits for its organiser, with everybody at the door.
	Dormancy = 30 * time.Minute
	// MaxRemoved is how many removals a room remembers.
	MaxRemoved = 128
)
