package room

import "time"

// Output is one event and the connections that are told, possibly none. Outputs are to be delivered in order.
type Output struct {
	To    []Conn
	Event Event
}

// Event is one of the types below.
type Event interface{ event() }

// Begun says that the room has begun; it goes to nobody. Epoch is new with each beginning.
type Begun struct{ Epoch string }

// Over says that the room was reset; it goes to nobody.
type Over struct{}

// Door says what a visitor waits for.
type Door struct {
	// Open is true when the code is asked for, false while there is no organiser or the room is locked.
	Open bool
	// Locked is true when the room is locked; then Open is false.
	Locked bool
	// Wrong is true when the code just entered was wrong.
	Wrong bool
	// RetryAfter is how long the next attempt is not looked at.
	RetryAfter time.Duration
}

// Refused ends a connection that was not let in.
type Refused struct{ Reason Refusal }

// Refusal is the reason, as on the wire.
type Refusal string

// Refusals.
const (
	RoomFull Refusal = "room-full"
	Busy     Refusal = "busy"
	// DeviceRemoved says that somebody was removed who came with this device.
	DeviceRemoved Refusal = "removed"
)

// Admitted says to a connection that it is inside. It is a copy; the room does not change it any more.
type Admitted struct {
	Self     Person
	Resume   Resume
	RoomName Name
	// Code is empty for participants, in rooms without a code and while it is not known, see Restore.
	Code   Code
	Locked bool
	// People are all who are inside, in the order they came.
	People []Person
	// History is what was said, oldest first.
	History []Message
	// Replaced is the connection whose place this one takes, 0: none.
	Replaced Conn
	// Back says that the participant was inside all the time, away or not.
	Back bool
	// Media says that the media session of before goes on.
	Media bool
}

// Person is somebody inside.
type Person struct {
	ID    string
	Name  DisplayName
	Role  Role
	State State
	// Away says that the connection was lost and the media go on.
	Away bool
}

// Message is something that was said.
type Message struct {
	ID   string
	From string
	Name DisplayName
	Text Text
	At   time.Time
}

// Joined announces somebody to the others.
type Joined struct{ Person Person }

// Left says to the others that somebody is gone.
type Left struct{ ID string }

// AwayChanged says to the others that somebody's connection was lost, or that somebody is back.
type AwayChanged struct {
	ID   string
	Away bool
}

// StateChanged says to the others what somebody sends.
type StateChanged struct {
	ID    string
	State State
}

// Said is a chat message, to all including its author.
type Said struct{ Message Message }

// CodeChanged tells organisers the code.
type CodeChanged struct{ Code Code }

// LockChanged tells all inside whether the room is locked.
type LockChanged struct{ Locked bool }

// Noticed tells those inside when all rooms end.
type Noticed struct{ At time.Time }

// Ended ends a connection that was inside.
type Ended struct{ Reason EndReason }

// EndReason is the reason, as on the wire.
type EndReason string

// End reasons.
const (
	AccountDisabled EndReason = "account-disabled"
	Replaced        EndReason = "replaced"
	Removed         EndReason = "removed"
)

// Problem answers an input that was not followed; the connection stays.
type Problem struct{ Code ProblemCode }

// ProblemCode says what was wrong, as on the wire.
type ProblemCode string

// Problems.
const (
	ScreenNotAllowed ProblemCode = "screen-not-allowed"
	CodeInvalid      ProblemCode = "code-invalid"
	NotAllowed       ProblemCode = "not-allowed"
)

func (Begun) event()        {}
func (Over) event()         {}
func (Door) event()         {}
func (Refused) event()      {}
func (Admitted) event()     {}
func (Joined) event()       {}
func (Left) event()         {}
func (StateChanged) event() {}
func (Said) event()         {}
func (CodeChanged) event()  {}
func (AwayChanged) event()  {}
func (LockChanged) event()  {}
func (Noticed) event()      {}
func (Ended) event()        {}
func (Problem) event()      {}
