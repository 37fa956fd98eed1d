package room

// Conn is one connection, numbered by the bridge. A participant who reconnects has a new one.
type Conn uint64

// Role is what a participant may do.
type Role string

// Roles, as on the wire.
const (
	Participant Role = "participant"
	Organiser   Role = "organiser"
)

// Input is something that happens to a room: Knock, EnterCode, Leave, SetState, Say, SetCode, EndAccounts or Tick. Inputs from a
// connection that is not where the input belongs are answered with a Problem or ignored, never trusted.
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

// Leave is the end of a connection. Lost says that it may come back, as opposed to somebody who wants to go.
type Leave struct {
	Conn Conn
	Lost bool
}

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

// EndAccounts takes their place from organisers whose account is no longer good.
type EndAccounts struct {
	Ended func(account string) bool
}

// Tick is the time reported by Next.
type Tick struct{}
