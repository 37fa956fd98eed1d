package room

import "time"

// Conn is one connection, numbered by the bridge. A participant who reconnects has a new one.
type Conn uint64

// Role is what a participant may do.
type Role string

// Roles, as on the wire.
const (
	Participant Role = "participant"
	Organiser   Role = "organiser"
)

// Input is something that happens to a room: Knock, EnterCode, Leave, MediaEnded, SetState, Say, SetCode, SetLock, Remove, EndAccounts,
// Restore, SetNotice or Tick. Inputs from a connection that is not where the input belongs are answered with a Problem or ignored,
// never trusted.
type Input interface{ apply(*turn) }

// Knock is somebody at the door. The bridge has verified whatever it says.
type Knock struct {
	Conn Conn
	// Source is where the connection comes from.
	Source Source
	Name   DisplayName
	// RoomName is the room's name as this visitor wrote it.
	RoomName Name
	// Role is Organiser only with a login.
	Role Role
	// Account is the organiser's account ID, empty for participants.
	Account string
	// Code was given along with the request; empty: none.
	Code Code
	// Resume is the content of a resume token whose signature was valid, or nil.
	Resume *Resume
	// Free lets a participant in without a code once an organiser is there (probe).
	Free bool
	// Device stands for the device, empty: unknown.
	Device Device
	// Media says that the media session of who resumes still runs and shall go on.
	Media bool
	// Drained says that no room may begin with this knock.
	Drained bool
}

// Resume says who somebody was inside. It is worth nothing once the room has been reset.
type Resume struct {
	Epoch       string
	Participant string
	Role        Role
	Account     string
}

// EnterCode is a visitor's attempt at the code.
type EnterCode struct {
	Conn Conn
	Code Code
}

// Leave is the end of a connection.
type Leave struct {
	Conn Conn
	// Lost says that it may come back, as opposed to somebody who wants to go.
	Lost bool
	// Media says that the media session goes on without the connection.
	Media bool
}

// MediaEnded is the end of a participant's media session by itself. It ends the participant who is away.
type MediaEnded struct{ Participant string }

// SetState is what a participant says it sends.
type SetState struct {
	Conn  Conn
	State State
}

// State is what a participant sends.
type State struct{ Mic, Camera, Screen bool }

// Say is a chat message.
type Say struct {
	Conn Conn
	Text Text
}

// SetCode changes the code, or removes it if empty.
type SetCode struct {
	Conn Conn
	Code Code
}

// SetLock keeps everybody new out, or lets them in again.
type SetLock struct {
	Conn   Conn
	Locked bool
}

// Remove sends a participant out for good.
type Remove struct {
	Conn        Conn
	Participant string
}

// EndAccounts takes their place from organisers whose account is no longer good.
type EndAccounts struct {
	Ended func(account string) bool
}

// Restore begins a room that has not begun from the record of one that was elsewhere: those who were inside there are expected.
type Restore struct {
	Epoch string
	// CodeHash stands for the code and goes into Record until somebody has given the code; empty: the room has none.
	CodeHash string
	// Opens says whether a code is the one of CodeHash.
	Opens      func(Code) bool
	Locked     bool
	Organisers []string
	Removed    []string
}

// SetNotice announces when all rooms end, also to those who come later; zero: no more.
type SetNotice struct{ At time.Time }

// Tick is the time reported by Next.
type Tick struct{}
