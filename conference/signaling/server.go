package signaling

import "log/slog"

// ServerMessage is a message from server to client: one of the types below, or of those in lesson.go.
type ServerMessage interface {
	// Type is the value of the "type" field.
	Type() string
	// LogValue is the type and nothing else.
	LogValue() slog.Value
	// check validates what the headless client relies on and turns absent lists into empty ones.
	check() (ServerMessage, error)
}

// Door tells a visitor what the door waits for. Somebody inside who gets it is at the door again, and the media session has ended.
type Door struct {
	State DoorState `json:"state"`
	// Wrong is true when the code just entered was wrong.
	Wrong bool `json:"wrong,omitempty"`
	// RetryAfter is how many seconds to wait before the next attempt; 0: none.
	RetryAfter int `json:"retryAfter,omitempty"`
	// Taken is true for somebody with a login when the lesson is another account's.
	Taken bool `json:"taken,omitempty"`
}

// Refused says that the connection is not let in; the server closes it.
type Refused struct {
	Code RefusalCode `json:"code"`
}

// Joined says that the participant is inside, and what there is.
type Joined struct {
	// Self is the participant's own ID.
	Self string `json:"self"`
	// Resume brings this participant back inside after a lost connection.
	Resume Token    `json:"resume"`
	Room   RoomInfo `json:"room"`
	// Participants are all who are inside, including self, in the order of their places.
	Participants []Participant `json:"participants"`
	// Chat is what was said so far, oldest first.
	Chat  []Chat    `json:"chat"`
	Slots SlotLimit `json:"slots"`
	// Media says that the media session of before goes on: no offer is expected, and the next messages are fresh Slots and Speakers.
	Media    bool     `json:"media,omitempty"`
	Settings Settings `json:"settings"`
	// Emergency says that the emergency button is pressed.
	Emergency bool `json:"emergency"`
	// Pause is until when an organiser is waited for, in milliseconds since 1970, UTC; 0: the lesson goes on.
	Pause int64 `json:"pause,omitempty"`
	// Lobby is there for organisers only: who waits to be admitted, in the order they came.
	Lobby []Visitor `json:"lobby,omitempty"`
	// ICE is there if the county has a relay.
	ICE *ICE `json:"ice,omitempty"`
}

// RoomInfo is what a participant knows of the room.
type RoomInfo struct {
	Name RoomName `json:"name"`
	// Title is what the room's owner calls it, if it has one.
	Title Title `json:"title,omitempty"`
	// Code is there for organisers only.
	Code            Code `json:"code,omitempty"`
	MaxParticipants int  `json:"maxParticipants"`
	// ScreenShare is what the county says of screens.
	ScreenShare Audience `json:"screenShare"`
	// CodeRequired is true when the room cannot be without a code.
	CodeRequired bool `json:"codeRequired"`
}

// SlotLimit is how many receive slots an offer may have at most.
type SlotLimit struct {
	Audio int `json:"audio"`
	Video int `json:"video"`
}

// Participant is somebody inside.
type Participant struct {
	ID     string      `json:"id"`
	Name   DisplayName `json:"name"`
	Role   Role        `json:"role"`
	Mic    bool        `json:"mic"`
	Camera bool        `json:"camera"`
	Screen bool        `json:"screen"`
	// Place numbers those who came in, from 1; who comes back has the same.
	Place int `json:"place,omitempty"`
	// Away says that the participant's connection broke and is waited for.
	Away bool `json:"away,omitempty"`
	// Hand numbers the raised hands of a lesson in the order in which they went up; 0: it is down.
	Hand int `json:"hand,omitempty"`
	// Held says that the emergency button has taken all rights.
	Held bool `json:"held,omitempty"`
	// Except are the exceptions from the settings; absent: none.
	Except *Exceptions `json:"except,omitempty"`
	// Line is weak or bad; absent: good.
	Line LineLevel `json:"line,omitempty"`
}

// Exceptions are what organisers allowed or forbade one participant, whatever the settings say.
type Exceptions struct {
	Microphone *bool `json:"microphone,omitempty"`
	Camera     *bool `json:"camera,omitempty"`
	Screen     *bool `json:"screen,omitempty"`
	Chat       *bool `json:"chat,omitempty"`
	Shown      *bool `json:"shown,omitempty"`
}

// ParticipantJoined announces somebody to those who are inside.
type ParticipantJoined struct {
	Participant Participant `json:"participant"`
}

// ParticipantLeft says that somebody is gone.
type ParticipantLeft struct {
	ID string `json:"id"`
}

// ParticipantAway says that a participant's connection broke and is waited for, or is back.
type ParticipantAway struct {
	ID   string `json:"id"`
	Away bool   `json:"away"`
}

// ParticipantState says what another participant sends.
type ParticipantState struct {
	ID     string `json:"id"`
	Mic    bool   `json:"mic"`
	Camera bool   `json:"camera"`
	Screen bool   `json:"screen"`
}

// ParticipantChanged says what somebody is now, whenever role, hand, exceptions, line or being held changed; to all inside.
type ParticipantChanged struct {
	Participant Participant `json:"participant"`
}

// Answer answers an Offer, with all candidates of the server.
type Answer struct {
	SDP SDP `json:"sdp"`
}

// Slots says who is in which slot: a full snapshot at every change.
type Slots struct {
	Audio []AudioSlot `json:"audio"`
	Video []VideoSlot `json:"video"`
}

// AudioSlot is one audio transceiver with somebody in it.
type AudioSlot struct {
	MID         string `json:"mid"`
	Participant string `json:"participant"`
	// Source is "screen" for the sound of what is shared, absent for a microphone.
	Source Source `json:"source,omitempty"`
}

// VideoSlot is one video transceiver with somebody's camera or screen in it.
type VideoSlot struct {
	MID         string `json:"mid"`
	Participant string `json:"participant"`
	// Source is camera or screen.
	Source VideoSource `json:"source"`
}

// Speakers are the IDs of those who speak, loudest first.
type Speakers struct {
	IDs []string `json:"ids"`
}

// Chat is something that was said.
type Chat struct {
	ID   string      `json:"id"`
	From string      `json:"from"`
	Name DisplayName `json:"name"`
	Text ChatText    `json:"text"`
	// At is in milliseconds since 1970, UTC.
	At int64 `json:"at"`
	// To is the participant whom it was said to in private; absent: everybody.
	To string `json:"to,omitempty"`
}

// RoomCode (type "code") tells organisers the room's code whenever it changes; empty: the room has none.
type RoomCode struct {
	Code Code `json:"code"`
}

// Notice announces something that will happen to the room. A later one of the same kind takes its place.
type Notice struct {
	Kind NoticeKind `json:"kind"`
	// At is in milliseconds since 1970, UTC.
	At int64 `json:"at"`
}

// Queue is the portal's word to an organiser while no bridge has capacity for the lesson.
type Queue struct {
	// Place in the queue; 1 is next.
	Place int `json:"place"`
}

// Ended says that the server closes the connection, and why.
type Ended struct {
	Reason EndReason `json:"reason"`
	// Report is there for organisers when the lesson is over.
	Report *Report `json:"report,omitempty"`
}

// Report is what the server found in the room after it was ended for all.
type Report struct {
	// Participants who were sent out, and Messages that were forgotten.
	Participants int `json:"participants"`
	Messages     int `json:"messages"`
	// Verified says that the server looked, and nothing of the lesson is left.
	Verified bool `json:"verified"`
}

// Problem (type "error") says what could not be done; the connection stays.
type Problem struct {
	Code ErrorCode `json:"code"`
}

// Type implements ServerMessage.
func (Door) Type() string               { return "door" }
func (Refused) Type() string            { return "refused" }
func (Joined) Type() string             { return "joined" }
func (ParticipantJoined) Type() string  { return "participantJoined" }
func (ParticipantLeft) Type() string    { return "participantLeft" }
func (ParticipantState) Type() string   { return "participantState" }
func (ParticipantChanged) Type() string { return "participantChanged" }
func (Answer) Type() string             { return "answer" }
func (Slots) Type() string              { return "slots" }
func (Speakers) Type() string           { return "speakers" }
func (Chat) Type() string               { return "chat" }
func (RoomCode) Type() string           { return "code" }
func (ParticipantAway) Type() string    { return "participantAway" }
func (Notice) Type() string             { return "notice" }
func (Queue) Type() string              { return "queue" }
func (Ended) Type() string              { return "ended" }
func (Problem) Type() string            { return "error" }

// LogValue implements slog.LogValuer with the type alone.
func (m Door) LogValue() slog.Value               { return slog.StringValue(m.Type()) }
func (m Refused) LogValue() slog.Value            { return slog.StringValue(m.Type()) }
func (m Joined) LogValue() slog.Value             { return slog.StringValue(m.Type()) }
func (m ParticipantJoined) LogValue() slog.Value  { return slog.StringValue(m.Type()) }
func (m ParticipantLeft) LogValue() slog.Value    { return slog.StringValue(m.Type()) }
func (m ParticipantState) LogValue() slog.Value   { return slog.StringValue(m.Type()) }
func (m ParticipantChanged) LogValue() slog.Value { return slog.StringValue(m.Type()) }
func (m Answer) LogValue() slog.Value             { return slog.StringValue(m.Type()) }
func (m Slots) LogValue() slog.Value              { return slog.StringValue(m.Type()) }
func (m Speakers) LogValue() slog.Value           { return slog.StringValue(m.Type()) }
func (m Chat) LogValue() slog.Value               { return slog.StringValue(m.Type()) }
func (m RoomCode) LogValue() slog.Value           { return slog.StringValue(m.Type()) }
func (m ParticipantAway) LogValue() slog.Value    { return slog.StringValue(m.Type()) }
func (m Notice) LogValue() slog.Value             { return slog.StringValue(m.Type()) }
func (m Queue) LogValue() slog.Value              { return slog.StringValue(m.Type()) }
func (m Ended) LogValue() slog.Value              { return slog.StringValue(m.Type()) }
func (m Problem) LogValue() slog.Value            { return slog.StringValue(m.Type()) }
func (Participant) LogValue() slog.Value          { return slog.StringValue("participant") }
func (RoomInfo) LogValue() slog.Value             { return slog.StringValue("room") }
