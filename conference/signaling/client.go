package signaling

import "log/slog"

// ClientMessage is a message from client to server: Join, EnterCode, Offer, View, State, SendChat, SetCode, SetLock,
// Remove or Leave.
type ClientMessage interface {
	// Type is the value of the "type" field.
	Type() string
	// LogValue is the type and nothing else.
	LogValue() slog.Value
	// check trims what may be trimmed and validates the rest.
	check() (ClientMessage, error)
}

// Join is the first message: who wants to come in, and as what.
type Join struct {
	Name   DisplayName `json:"name"`
	Role   Role        `json:"role"`
	Code   Code        `json:"code,omitempty"`
	Resume Token       `json:"resume,omitempty"`
	Probe  Token       `json:"probe,omitempty"`
	// Media says that the client reconnects and its PeerConnection of before still runs.
	Media bool `json:"media,omitempty"`
	// Device is drawn once by the page and kept, so that a removed device is known again; empty: unknown.
	Device Device `json:"device,omitempty"`
}

// EnterCode (type "code") is the room code, entered at the door.
type EnterCode struct {
	Code Code `json:"code"`
}

// Offer starts the media, or replaces a session that failed.
type Offer struct {
	SDP SDP `json:"sdp"`
}

// View is what the client shows, most important first.
type View struct {
	Want []Want `json:"want"`
}

// Want is one video that is visible.
type Want struct {
	Participant string `json:"participant"`
	Source      Source `json:"source"`
	// Height is in device pixels.
	Height int `json:"height"`
}

// State is what the client sends. All three fields are required on the wire: a missing one must not unmute anybody.
type State struct {
	Mic    bool `json:"mic"`
	Camera bool `json:"camera"`
	Screen bool `json:"screen"`
}

// SendChat (type "chat") says something to everybody inside.
type SendChat struct {
	Text ChatText `json:"text"`
}

// SetCode changes the room code; organisers only. An empty code removes it where the county allows that.
type SetCode struct {
	Code Code `json:"code"`
}

// SetLock keeps everybody new out, or lets them in again; organisers only. The field is required on the wire: a missing one must not
// unlock a room.
type SetLock struct {
	Locked bool `json:"locked"`
}

// Remove sends a participant out for good; organisers only.
type Remove struct {
	Participant string `json:"participant"`
}

// Leave says that the participant goes, as opposed to losing the connection.
type Leave struct{}

// Type implements ClientMessage.
func (Join) Type() string      { return "join" }
func (EnterCode) Type() string { return "code" }
func (Offer) Type() string     { return "offer" }
func (View) Type() string      { return "view" }
func (State) Type() string     { return "state" }
func (SendChat) Type() string  { return "chat" }
func (SetCode) Type() string   { return "setCode" }
func (SetLock) Type() string   { return "setLock" }
func (Remove) Type() string    { return "remove" }
func (Leave) Type() string     { return "leave" }

// LogValue implements slog.LogValuer with the type alone.
func (m Join) LogValue() slog.Value      { return slog.StringValue(m.Type()) }
func (m EnterCode) LogValue() slog.Value { return slog.StringValue(m.Type()) }
func (m Offer) LogValue() slog.Value     { return slog.StringValue(m.Type()) }
func (m View) LogValue() slog.Value      { return slog.StringValue(m.Type()) }
func (m State) LogValue() slog.Value     { return slog.StringValue(m.Type()) }
func (m SendChat) LogValue() slog.Value  { return slog.StringValue(m.Type()) }
func (m SetCode) LogValue() slog.Value   { return slog.StringValue(m.Type()) }
func (m SetLock) LogValue() slog.Value   { return slog.StringValue(m.Type()) }
func (m Remove) LogValue() slog.Value    { return slog.StringValue(m.Type()) }
func (m Leave) LogValue() slog.Value     { return slog.StringValue(m.Type()) }
