package signaling

import "log/slog"

// ClientMessage is a message from client to server: one of the types below, or of those in moderation.go.
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
	// Source is camera or screen.
	Source VideoSource `json:"source"`
	// Height is in device pixels.
	Height int `json:"height"`
}

// State is what the client sends. All three fields are required on the wire: a missing one must not unmute anybody.
type State struct {
	Mic    bool `json:"mic"`
	Camera bool `json:"camera"`
	Screen bool `json:"screen"`
}

// SendChat (type "chat") says something to everybody inside, or to one.
type SendChat struct {
	Text ChatText `json:"text"`
	// To is a participant; empty: everybody.
	To string `json:"to,omitempty"`
}

// RaiseHand (type "hand") raises or lowers one's own hand. Up is required on the wire.
type RaiseHand struct {
	Up bool `json:"up"`
}

// React (type "react") shows a reaction to everybody inside.
type React struct {
	Kind ReactionKind `json:"kind"`
}

// SetLine (type "line") is how the client finds its own connection.
type SetLine struct {
	Level LineLevel `json:"level"`
}

// AskICE (type "ice") asks for fresh credentials, answered by ICE.
type AskICE struct{}

// Leave says that the participant goes, as opposed to losing the connection.
type Leave struct{}

// Type implements ClientMessage.
func (Join) Type() string      { return "join" }
func (EnterCode) Type() string { return "code" }
func (Offer) Type() string     { return "offer" }
func (View) Type() string      { return "view" }
func (State) Type() string     { return "state" }
func (SendChat) Type() string  { return "chat" }
func (RaiseHand) Type() string { return "hand" }
func (React) Type() string     { return "react" }
func (SetLine) Type() string   { return "line" }
func (AskICE) Type() string    { return "ice" }
func (Leave) Type() string     { return "leave" }

// LogValue implements slog.LogValuer with the type alone.
func (m Join) LogValue() slog.Value      { return slog.StringValue(m.Type()) }
func (m EnterCode) LogValue() slog.Value { return slog.StringValue(m.Type()) }
func (m Offer) LogValue() slog.Value     { return slog.StringValue(m.Type()) }
func (m View) LogValue() slog.Value      { return slog.StringValue(m.Type()) }
func (m State) LogValue() slog.Value     { return slog.StringValue(m.Type()) }
func (m SendChat) LogValue() slog.Value  { return slog.StringValue(m.Type()) }
func (m RaiseHand) LogValue() slog.Value { return slog.StringValue(m.Type()) }
func (m React) LogValue() slog.Value     { return slog.StringValue(m.Type()) }
func (m SetLine) LogValue() slog.Value   { return slog.StringValue(m.Type()) }
func (m AskICE) LogValue() slog.Value    { return slog.StringValue(m.Type()) }
func (m Leave) LogValue() slog.Value     { return slog.StringValue(m.Type()) }
