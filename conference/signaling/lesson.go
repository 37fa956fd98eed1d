package signaling

import (
	"fmt"
	"io"
	"log/slog"
)

// What goes on in a lesson.

// Settings are the rules of this lesson, to all inside whenever one changed.
type Settings struct {
	// Locked: nobody new comes in. Lobby: who comes waits for an organiser to admit.
	Locked bool `json:"locked"`
	Lobby  bool `json:"lobby"`
	// Microphones and Cameras say whether participants may switch theirs on.
	Microphones bool `json:"microphones"`
	Cameras     bool `json:"cameras"`
	// CamerasTo is who sees participants' cameras.
	CamerasTo Audience `json:"camerasTo"`
	// Screens says whether participants may share theirs.
	Screens bool `json:"screens"`
	// Chat says whether participants may write, PrivateChat whether also to each other.
	Chat        bool `json:"chat"`
	PrivateChat bool `json:"privateChat"`
}

// Emergency says whether the emergency button is pressed.
type Emergency struct {
	On bool `json:"on"`
}

// Pause says that no organiser is inside, and until when one is waited for; or that the lesson goes on.
type Pause struct {
	// Until is in milliseconds since 1970, UTC; absent: the lesson goes on.
	Until int64 `json:"until,omitempty"`
}

// Muted tells a participant that the server switched a source off.
type Muted struct {
	Source Source   `json:"source"`
	Why    MutedWhy `json:"why"`
}

// Visitor tells organisers who waits in the lobby; again when Unchecked is over.
type Visitor struct {
	ID   string      `json:"id"`
	Name DisplayName `json:"name"`
	// Unchecked says that no code was looked at, since too many of the visitor's network, or of all, were wrong. An Admit for all leaves
	// it out.
	Unchecked bool `json:"unchecked,omitempty"`
}

// VisitorGone tells organisers who does not wait in the lobby any more.
type VisitorGone struct {
	ID string `json:"id"`
}

// Reaction shows somebody's reaction.
type Reaction struct {
	ID   string       `json:"id"`
	Kind ReactionKind `json:"kind"`
}

// ICE are the servers for a PeerConnection, with credentials for new allocations (RFC 8656).
type ICE struct {
	URLs       []string   `json:"urls"`
	Username   Credential `json:"username"`
	Credential Credential `json:"credential"`
	// Seconds is how long the credentials are good.
	Seconds int `json:"seconds"`
}

// Type implements ServerMessage.
func (Settings) Type() string    { return "settings" }
func (Emergency) Type() string   { return "emergency" }
func (Pause) Type() string       { return "pause" }
func (Muted) Type() string       { return "muted" }
func (Visitor) Type() string     { return "visitor" }
func (VisitorGone) Type() string { return "visitorGone" }
func (Reaction) Type() string    { return "reaction" }
func (ICE) Type() string         { return "ice" }

// LogValue implements slog.LogValuer with the type alone.
func (m Settings) LogValue() slog.Value    { return slog.StringValue(m.Type()) }
func (m Emergency) LogValue() slog.Value   { return slog.StringValue(m.Type()) }
func (m Pause) LogValue() slog.Value       { return slog.StringValue(m.Type()) }
func (m Muted) LogValue() slog.Value       { return slog.StringValue(m.Type()) }
func (m Visitor) LogValue() slog.Value     { return slog.StringValue(m.Type()) }
func (m VisitorGone) LogValue() slog.Value { return slog.StringValue(m.Type()) }
func (m Reaction) LogValue() slog.Value    { return slog.StringValue(m.Type()) }
func (m ICE) LogValue() slog.Value         { return slog.StringValue(m.Type()) }

// Format keeps the credentials out of every print: behind a pointer, fmt does not ask them for verbs that pointers do not have.
func (ICE) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

func (m Settings) check() (ServerMessage, error) {
	if !known(m.CamerasTo, audiences) {
		return nil, bad(m.Type(), "camerasTo", "unknown")
	}
	return m, nil
}

func (m Emergency) check() (ServerMessage, error) { return m, nil }

func (m Pause) check() (ServerMessage, error) {
	if m.Until < 0 {
		return nil, bad(m.Type(), "until", "before 1970")
	}
	return m, nil
}

func (m Muted) check() (ServerMessage, error) {
	if !known(m.Source, sources) || !known(m.Why, mutedWhys) {
		return nil, bad(m.Type(), "", "source or why is unknown")
	}
	return m, nil
}

func (m Visitor) check() (ServerMessage, error) {
	if !validID(m.ID) {
		return nil, bad(m.Type(), "id", "not an ID")
	}
	return m, nil
}

func (m VisitorGone) check() (ServerMessage, error) {
	if !validID(m.ID) {
		return nil, bad(m.Type(), "id", "not an ID")
	}
	return m, nil
}

func (m Reaction) check() (ServerMessage, error) {
	if !validID(m.ID) || !known(m.Kind, reactions) {
		return nil, bad(m.Type(), "", "id is not an ID or kind is unknown")
	}
	return m, nil
}

func (m ICE) check() (ServerMessage, error) {
	if !validICE(m) {
		return nil, bad(m.Type(), "", "no address, a bad one, or no time")
	}
	return m, nil
}

func validICE(m ICE) bool {
	url := func(u string) bool { return u != "" && len(u) <= MaxURL && printable(u, MaxURL) }
	return len(m.URLs) > 0 && len(m.URLs) <= MaxURLs && all(m.URLs, url) && m.Seconds > 0
}
