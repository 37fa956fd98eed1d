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

// Forward is what of a participant may be forwarded to whom; it goes to nobody. It comes before the Admitted of who comes in and
// whenever something of it changes, and holds until the participant's Left or the room's Over.
type Forward struct {
	// ID is the participant's.
	ID                         string
	Microphone, Camera, Screen Audience
	// Organiser says that this participant is one of Organisers, as a receiver.
	Organiser bool
}

// Door says what a visitor waits for. Somebody who was inside is told it too, after the others were told Left: then it waits from now on.
type Door struct {
	State DoorState
	// Wrong is true when the code just entered was wrong.
	Wrong bool
	// RetryAfter is how long the next attempt is not looked at.
	RetryAfter time.Duration
	// Taken is true for who has a login that counts for nothing here: the lesson, or the room, is somebody else's. It is told again with
	// Taken false when that lesson is over: who knocks again then may begin one.
	Taken bool
}

// DoorState is what a visitor waits for, as on the wire.
type DoorState string

// Door states.
const (
	ForOrganiser DoorState = "waiting"
	ForUnlocking DoorState = "locked"
	ForCode      DoorState = "code"
	ForAdmission DoorState = "lobby"
)

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
	// TurnedAway says that an organiser did not want this visitor, or one with this device.
	TurnedAway Refusal = "turned-away"
)

// Admitted says to a connection that it is inside. It is a copy; the room does not change it any more.
type Admitted struct {
	Self     Person
	Resume   Resume
	RoomName Name
	// Title is empty in rooms without one and while it is not known, see Restore.
	Title Title
	// Code is empty for participants, in rooms without a code and while it is not known, see Restore.
	Code     Code
	Settings Settings
	// Emergency says that one is on.
	Emergency bool
	// PausedUntil is when a paused lesson sends everybody to the door; zero: it is not paused.
	PausedUntil time.Time
	// Lobby are those who wait to be admitted, in the order they came; nil for participants.
	Lobby []Visitor
	// People are all who are inside, in the order of their places.
	People []Person
	// History is what was said that this person may read, oldest first.
	History []Message
	// Replaced is the connection whose place this one takes, 0: none.
	Replaced Conn
	// Back says that the participant was inside all the time, away or not.
	Back bool
	// Media says that the media session of before goes on.
	Media bool
}

// Visitor is somebody in the lobby. The ID is none of a participant.
type Visitor struct {
	ID   string
	Name DisplayName
	// Unchecked says that no code was looked at, since too many of the visitor's network, or of all, were wrong. Admit without a visitor
	// leaves it out.
	Unchecked bool
}

// Message is something that was said.
type Message struct {
	ID   string
	From string
	// To is the only participant who read it besides From; empty: all.
	To   string
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

// PersonChanged says to all inside, the person included, that Role, Hand, Held, Except or Line changed.
type PersonChanged struct{ Person Person }

// Said is a chat message, to all who may read it including its author.
type Said struct{ Message Message }

// Reacted is somebody's sign, to all inside.
type Reacted struct {
	ID   string
	Kind Reaction
}

// CodeChanged tells organisers the code.
type CodeChanged struct{ Code Code }

// SettingsChanged tells all inside.
type SettingsChanged struct{ Settings Settings }

// EmergencyChanged tells all inside.
type EmergencyChanged struct{ On bool }

// Paused tells all inside that no organiser is there any more, and when everybody goes to the door; zero: the lesson goes on.
type Paused struct{ Until time.Time }

// Muted tells somebody that a source of theirs was switched off; the others are told StateChanged.
type Muted struct {
	Source MediaSource
	Why    MuteReason
}

// MuteReason is why, as on the wire.
type MuteReason string

// Mute reasons.
const (
	ByOrganiser MuteReason = "organiser"
	BySettings  MuteReason = "settings"
	ByEmergency MuteReason = "emergency"
)

// VisitorCame tells organisers that somebody waits to be admitted, or is not Unchecked any more.
type VisitorCame struct{ Visitor Visitor }

// VisitorGone tells organisers that somebody does not wait to be admitted any more.
type VisitorGone struct{ ID string }

// Noticed tells those inside when all rooms end.
type Noticed struct{ At time.Time }

// Ended ends a connection that was inside.
type Ended struct {
	Reason EndReason
	// Report is for organisers whose lesson was ended, else nil.
	Report *Report
}

// EndReason is the reason, as on the wire.
type EndReason string

// End reasons.
const (
	AccountDisabled EndReason = "account-disabled"
	Replaced        EndReason = "replaced"
	Removed         EndReason = "removed"
	LessonOver      EndReason = "lesson-over"
)

// Report is what there was of a lesson and what there is after its end.
type Report struct {
	// Participants is how many were inside at the end, organisers included; Messages how many chat messages were kept.
	Participants, Messages int
	// Verified says that the room was looked at after its reset and nothing of the lesson was found.
	Verified bool
}

// Problem answers an input that was not followed, or not wholly; the connection stays.
type Problem struct{ Code ProblemCode }

// ProblemCode says what was wrong, as on the wire.
type ProblemCode string

// Problems.
const (
	MicNotAllowed    ProblemCode = "mic-not-allowed"
	CameraNotAllowed ProblemCode = "camera-not-allowed"
	ScreenNotAllowed ProblemCode = "screen-not-allowed"
	ChatOff          ProblemCode = "chat-off"
	CodeInvalid      ProblemCode = "code-invalid"
	NotAllowed       ProblemCode = "not-allowed"
	LastOrganiser    ProblemCode = "last-organiser"
	WhilePaused      ProblemCode = "paused"
	WhileHeld        ProblemCode = "held"
)

func (Begun) event()            {}
func (Over) event()             {}
func (Forward) event()          {}
func (Door) event()             {}
func (Refused) event()          {}
func (Admitted) event()         {}
func (Joined) event()           {}
func (Left) event()             {}
func (AwayChanged) event()      {}
func (StateChanged) event()     {}
func (PersonChanged) event()    {}
func (Said) event()             {}
func (Reacted) event()          {}
func (CodeChanged) event()      {}
func (SettingsChanged) event()  {}
func (EmergencyChanged) event() {}
func (Paused) event()           {}
func (Muted) event()            {}
func (VisitorCame) event()      {}
func (VisitorGone) event()      {}
func (Noticed) event()          {}
func (Ended) event()            {}
func (Problem) event()          {}
