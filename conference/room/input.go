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

// Input is something that happens to a room, one of the types below. Inputs from a connection that is not where the input belongs, or
// that may not, are answered with a Problem or ignored, never trusted.
type Input interface{ apply(*turn) }

// Knock is somebody at the door. The bridge has verified whatever it says.
type Knock struct {
	Conn Conn
	// Source is where the connection comes from.
	Source Source
	Name   DisplayName
	// RoomName is the room's name as this visitor wrote it.
	RoomName Name
	// Role is Organiser only with a login. Whether that counts in this lesson is the room's decision.
	Role Role
	// Account is the ID of the account logged in, empty for participants.
	Account string
	// Owner is the ID of the account that owns the room's address; empty: nobody does, and who begins a lesson owns that one.
	Owner string
	// Title is the title that the owner gave the room; empty: none.
	Title Title
	// FirstCode is the code that a lesson of the owner begins with; empty: a fresh one.
	FirstCode Code
	// Code was given along with the request; empty: none.
	Code Code
	// Resume is the content of a resume token whose signature was valid and whose device is this one, or nil.
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
	// Role is the one at the time; the room knows the present one.
	Role    Role
	Account string
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

// Say is a chat message.
type Say struct {
	Conn Conn
	Text Text
	// To is the ID of the only participant who shall read it; empty: all.
	To string
}

// RaiseHand puts one's own hand up or down.
type RaiseHand struct {
	Conn Conn
	Up   bool
}

// React shows a sign to all.
type React struct {
	Conn Conn
	Kind Reaction
}

// SetLine is a page's view of its own connection.
type SetLine struct {
	Conn  Conn
	Level Line
}

// ChangeSettings changes what the change names; organisers only, as all that follows.
type ChangeSettings struct {
	Conn   Conn
	Change SettingsChange
}

// Allow makes an exception for one person, or takes it back.
type Allow struct {
	Conn        Conn
	Participant string
	What        Right
	Value       Exception
}

// Mute switches a source off: one participant's, or with an empty Participant that of all who are not organisers.
type Mute struct {
	Conn        Conn
	Participant string
	Source      MediaSource
}

// LowerHand lowers one participant's hand, or with an empty Participant all.
type LowerHand struct {
	Conn        Conn
	Participant string
}

// SetCode changes the code, or removes it if empty.
type SetCode struct {
	Conn Conn
	Code Code
}

// NewCode has the room draw a code.
type NewCode struct{ Conn Conn }

// Admit lets one visitor in who waits in the lobby, or with an empty Visitor all whose code was looked at or not needed.
type Admit struct {
	Conn    Conn
	Visitor string
}

// TurnAway sends a visitor away from the lobby, and keeps the device out.
type TurnAway struct {
	Conn    Conn
	Visitor string
}

// ToLobby sends a participant back to the lobby.
type ToLobby struct {
	Conn        Conn
	Participant string
}

// Remove sends a participant out for good, and keeps the device out.
type Remove struct {
	Conn        Conn
	Participant string
}

// Pardon forgets who was turned away or removed.
type Pardon struct{ Conn Conn }

// SetRole makes a participant an organiser, or takes the role back.
type SetRole struct {
	Conn        Conn
	Participant string
	Role        Role
}

// Emergency holds all who are not organisers, locks the door and draws a code; or releases all who are still held.
type Emergency struct {
	Conn Conn
	On   bool
}

// Release gives somebody back the rights that an emergency took, or with an empty Participant all.
type Release struct {
	Conn        Conn
	Participant string
}

// End ends the lesson for all.
type End struct{ Conn Conn }

// EndAccounts takes their place, inside or at the door, from those whose account is no longer good.
type EndAccounts struct {
	Ended func(account string) bool
}

// Restore begins a room that has not begun from the record of one that was elsewhere: those who were inside there are expected.
type Restore struct {
	Epoch string
	// Owner is that of Record.
	Owner string
	// CodeHash stands for the code and goes into Record until somebody has given the code; empty: the room has none.
	CodeHash string
	// Opens says whether a code is the one of CodeHash.
	Opens func(Code) bool
	// Settings without CamerasTo are taken for unknown, but for Locked.
	Settings   Settings
	Emergency  bool
	Organisers []string
	Removed    []string
	Seats      []string
}

// SetNotice announces when all rooms end, also to those who come later; zero: no more.
type SetNotice struct{ At time.Time }

// Tick is the time reported by Next.
type Tick struct{}
