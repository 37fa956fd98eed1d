package signaling

import "log/slog"

// What organisers say. A message that says so names nobody to mean all; a name that is there and empty is refused, so that a slip of the
// client hits nobody whom it did not mean.

// ChangeSettings (type "settings") changes what is set and leaves the rest.
type ChangeSettings struct {
	Locked      *bool     `json:"locked,omitempty"`
	Lobby       *bool     `json:"lobby,omitempty"`
	Microphones *bool     `json:"microphones,omitempty"`
	Cameras     *bool     `json:"cameras,omitempty"`
	CamerasTo   *Audience `json:"camerasTo,omitempty"`
	Screens     *bool     `json:"screens,omitempty"`
	Chat        *bool     `json:"chat,omitempty"`
	PrivateChat *bool     `json:"privateChat,omitempty"`
}

// Allow makes an exception from the settings for one participant, or takes it back.
type Allow struct {
	Participant string    `json:"participant"`
	What        Right     `json:"what"`
	Value       Allowance `json:"value"`
}

// Mute switches a source of one participant off, or of all who are not organisers.
type Mute struct {
	// Participant is empty for all.
	Participant string `json:"participant,omitempty"`
	Source      Source `json:"source"`
}

// LowerHand lowers one hand, or all.
type LowerHand struct {
	// Participant is empty for all.
	Participant string `json:"participant,omitempty"`
}

// SetCode changes the room code. An empty code removes it where the county allows that.
type SetCode struct {
	Code Code `json:"code"`
}

// NewCode has the server draw a room code.
type NewCode struct{}

// Admit lets one visitor in from the lobby, or all.
type Admit struct {
	// Visitor is empty for all.
	Visitor string `json:"visitor,omitempty"`
}

// TurnAway sends a visitor away from the lobby, for this lesson.
type TurnAway struct {
	Visitor string `json:"visitor"`
}

// ToLobby sends a participant back to the lobby.
type ToLobby struct {
	Participant string `json:"participant"`
}

// Remove sends a participant out, for this lesson.
type Remove struct {
	Participant string `json:"participant"`
}

// Pardon forgets who was removed and turned away.
type Pardon struct{}

// SetRole makes somebody an organiser, or a participant again.
type SetRole struct {
	Participant string `json:"participant"`
	Role        Role   `json:"role"`
}

// SetEmergency (type "emergency") presses the emergency button, or lets it go. On is required on the wire.
type SetEmergency struct {
	On bool `json:"on"`
}

// Release gives one who is held by the emergency button all rights again, or all of them.
type Release struct {
	// Participant is empty for all.
	Participant string `json:"participant,omitempty"`
}

// End ends the lesson for all.
type End struct{}

// Type implements ClientMessage.
func (ChangeSettings) Type() string { return "settings" }
func (Allow) Type() string          { return "allow" }
func (Mute) Type() string           { return "mute" }
func (LowerHand) Type() string      { return "lowerHand" }
func (SetCode) Type() string        { return "setCode" }
func (NewCode) Type() string        { return "newCode" }
func (Admit) Type() string          { return "admit" }
func (TurnAway) Type() string       { return "turnAway" }
func (ToLobby) Type() string        { return "toLobby" }
func (Remove) Type() string         { return "remove" }
func (Pardon) Type() string         { return "pardon" }
func (SetRole) Type() string        { return "setRole" }
func (SetEmergency) Type() string   { return "emergency" }
func (Release) Type() string        { return "release" }
func (End) Type() string            { return "end" }

// LogValue implements slog.LogValuer with the type alone.
func (m ChangeSettings) LogValue() slog.Value { return slog.StringValue(m.Type()) }
func (m Allow) LogValue() slog.Value          { return slog.StringValue(m.Type()) }
func (m Mute) LogValue() slog.Value           { return slog.StringValue(m.Type()) }
func (m LowerHand) LogValue() slog.Value      { return slog.StringValue(m.Type()) }
func (m SetCode) LogValue() slog.Value        { return slog.StringValue(m.Type()) }
func (m NewCode) LogValue() slog.Value        { return slog.StringValue(m.Type()) }
func (m Admit) LogValue() slog.Value          { return slog.StringValue(m.Type()) }
func (m TurnAway) LogValue() slog.Value       { return slog.StringValue(m.Type()) }
func (m ToLobby) LogValue() slog.Value        { return slog.StringValue(m.Type()) }
func (m Remove) LogValue() slog.Value         { return slog.StringValue(m.Type()) }
func (m Pardon) LogValue() slog.Value         { return slog.StringValue(m.Type()) }
func (m SetRole) LogValue() slog.Value        { return slog.StringValue(m.Type()) }
func (m SetEmergency) LogValue() slog.Value   { return slog.StringValue(m.Type()) }
func (m Release) LogValue() slog.Value        { return slog.StringValue(m.Type()) }
func (m End) LogValue() slog.Value            { return slog.StringValue(m.Type()) }

func (m ChangeSettings) check() (ClientMessage, error) {
	if m == (ChangeSettings{}) {
		return nil, bad(m.Type(), "", "changes nothing")
	}
	if m.CamerasTo != nil && !known(*m.CamerasTo, audiences) {
		return nil, bad(m.Type(), "camerasTo", "unknown")
	}
	return m, nil
}

func (m Allow) check() (ClientMessage, error) {
	switch {
	case !validID(m.Participant):
		return nil, bad(m.Type(), "participant", "not an ID")
	case !known(m.What, rights):
		return nil, bad(m.Type(), "what", "unknown")
	case !known(m.Value, allowances):
		return nil, bad(m.Type(), "value", "unknown")
	}
	return m, nil
}

func (m Mute) check() (ClientMessage, error) {
	if !known(m.Source, sources) {
		return nil, bad(m.Type(), "source", "unknown")
	}
	return oneOrAll(m, "participant", m.Participant)
}

func (m LowerHand) check() (ClientMessage, error) { return oneOrAll(m, "participant", m.Participant) }

func (m SetCode) check() (ClientMessage, error) {
	code, ok := newCode(m.Code)
	if !ok {
		return nil, problem(m.Type(), "code", "not 4 to 32 printable characters", ErrorCodeInvalid)
	}
	return SetCode{Code: code}, nil
}

func (m NewCode) check() (ClientMessage, error)  { return m, nil }
func (m Admit) check() (ClientMessage, error)    { return oneOrAll(m, "visitor", m.Visitor) }
func (m TurnAway) check() (ClientMessage, error) { return one(m, "visitor", m.Visitor) }
func (m ToLobby) check() (ClientMessage, error)  { return one(m, "participant", m.Participant) }
func (m Remove) check() (ClientMessage, error)   { return one(m, "participant", m.Participant) }
func (m Pardon) check() (ClientMessage, error)   { return m, nil }

func (m SetRole) check() (ClientMessage, error) {
	if !known(m.Role, roles) {
		return nil, bad(m.Type(), "role", "neither participant nor organiser")
	}
	return one(m, "participant", m.Participant)
}

func (m SetEmergency) check() (ClientMessage, error) { return m, nil }
func (m Release) check() (ClientMessage, error)      { return oneOrAll(m, "participant", m.Participant) }
func (m End) check() (ClientMessage, error)          { return m, nil }

func one(m ClientMessage, field, id string) (ClientMessage, error) {
	if !validID(id) {
		return nil, bad(m.Type(), field, "not an ID")
	}
	return m, nil
}

func oneOrAll(m ClientMessage, field, id string) (ClientMessage, error) {
	if id == "" {
		return m, nil
	}
	return one(m, field, id)
}
