package signaling

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

func (m Join) check() (ClientMessage, error) {
	name, ok := cleanName(m.Name)
	if !ok {
		e := bad(m.Type(), "name", "not 1 to 40 visible characters")
		e.Refusal = RefusedNameInvalid
		return nil, e
	}
	m.Name = name
	if !known(m.Role, roles) {
		return nil, bad(m.Type(), "role", "neither participant nor organiser")
	}
	if m.Code, ok = enteredCode(m.Code); !ok {
		m.Code = "" // as if none had been given; the door will ask
	}
	if len(m.Resume) > MaxToken {
		return nil, bad(m.Type(), "resume", "too long")
	}
	if len(m.Probe) > MaxToken {
		return nil, bad(m.Type(), "probe", "too long")
	}
	if m.Device != "" && !validDevice(m.Device) {
		return nil, bad(m.Type(), "device", "not 16 to 64 letters, digits, hyphens and underscores")
	}
	return m, nil
}

func (m EnterCode) check() (ClientMessage, error) {
	code, ok := enteredCode(m.Code)
	if !ok {
		return nil, problem(m.Type(), "code", "not 1 to 32 printable characters", ErrorCodeInvalid)
	}
	return EnterCode{Code: code}, nil
}

func (m Offer) check() (ClientMessage, error) {
	if !validSDP(m.SDP) {
		return nil, bad(m.Type(), "sdp", "empty or too long")
	}
	return m, nil
}

func (m View) check() (ClientMessage, error) {
	if len(m.Want) > MaxView {
		return nil, bad(m.Type(), "want", "too many entries")
	}
	for _, w := range m.Want {
		if !validID(w.Participant) || !known(w.Source, videoSources) || w.Height < 0 || w.Height > MaxViewHeight {
			return nil, bad(m.Type(), "want", "an entry is invalid")
		}
	}
	m.Want = list(m.Want)
	return m, nil
}

func (m State) check() (ClientMessage, error) { return m, nil }

func (m SendChat) check() (ClientMessage, error) {
	text, ok := cleanChat(m.Text)
	if !ok {
		return nil, problem(m.Type(), "text", "not 1 to 2000 characters", ErrorChatInvalid)
	}
	if m.To != "" && !validID(m.To) {
		return nil, bad(m.Type(), "to", "not an ID")
	}
	return SendChat{Text: text, To: m.To}, nil
}

func (m RaiseHand) check() (ClientMessage, error) { return m, nil }

func (m React) check() (ClientMessage, error) {
	if !known(m.Kind, reactions) {
		return nil, bad(m.Type(), "kind", "unknown")
	}
	return m, nil
}

func (m SetLine) check() (ClientMessage, error) {
	if !known(m.Level, lineLevels) {
		return nil, bad(m.Type(), "level", "unknown")
	}
	return m, nil
}

func (m AskICE) check() (ClientMessage, error) { return m, nil }

func (m Leave) check() (ClientMessage, error) { return m, nil }

func (m Door) check() (ServerMessage, error) {
	if !known(m.State, doorStates) {
		return nil, bad(m.Type(), "state", "unknown")
	}
	if m.RetryAfter < 0 {
		return nil, bad(m.Type(), "retryAfter", "negative")
	}
	return m, nil
}

func (m Refused) check() (ServerMessage, error) {
	if !known(m.Code, refusalCodes) {
		return nil, bad(m.Type(), "code", "unknown")
	}
	return m, nil
}

func (m Joined) check() (ServerMessage, error) {
	if !validID(m.Self) {
		return nil, bad(m.Type(), "self", "not an ID")
	}
	for _, p := range m.Participants {
		if !validParticipant(p) {
			return nil, bad(m.Type(), "participants", "an entry is invalid")
		}
	}
	if _, err := m.Settings.check(); err != nil {
		return nil, bad(m.Type(), "settings", "invalid")
	}
	if !all(m.Lobby, func(v Visitor) bool { return validID(v.ID) }) {
		return nil, bad(m.Type(), "lobby", "an entry is invalid")
	}
	if m.Pause < 0 {
		return nil, bad(m.Type(), "pause", "before 1970")
	}
	if m.ICE != nil && !validICE(*m.ICE) {
		return nil, bad(m.Type(), "ice", "invalid")
	}
	m.Participants, m.Chat = list(m.Participants), list(m.Chat)
	return m, nil
}

func (m ParticipantJoined) check() (ServerMessage, error) {
	if !validParticipant(m.Participant) {
		return nil, bad(m.Type(), "participant", "invalid")
	}
	return m, nil
}

func (m ParticipantChanged) check() (ServerMessage, error) {
	if !validParticipant(m.Participant) {
		return nil, bad(m.Type(), "participant", "invalid")
	}
	return m, nil
}

func (m ParticipantLeft) check() (ServerMessage, error) {
	if !validID(m.ID) {
		return nil, bad(m.Type(), "id", "not an ID")
	}
	return m, nil
}

func (m ParticipantState) check() (ServerMessage, error) {
	if !validID(m.ID) {
		return nil, bad(m.Type(), "id", "not an ID")
	}
	return m, nil
}

func (m Answer) check() (ServerMessage, error) {
	if !validSDP(m.SDP) {
		return nil, bad(m.Type(), "sdp", "empty or too long")
	}
	return m, nil
}

func (m Slots) check() (ServerMessage, error) {
	for _, s := range m.Audio {
		if !validID(s.MID) || !validID(s.Participant) || s.Source != "" && s.Source != SourceScreen {
			return nil, bad(m.Type(), "audio", "an entry is invalid")
		}
	}
	for _, s := range m.Video {
		if !validID(s.MID) || !validID(s.Participant) || !known(s.Source, videoSources) {
			return nil, bad(m.Type(), "video", "an entry is invalid")
		}
	}
	m.Audio, m.Video = list(m.Audio), list(m.Video)
	return m, nil
}

func (m Speakers) check() (ServerMessage, error) {
	if !all(m.IDs, validID) {
		return nil, bad(m.Type(), "ids", "an entry is not an ID")
	}
	m.IDs = list(m.IDs)
	return m, nil
}

func (m Chat) check() (ServerMessage, error) {
	if !validID(m.ID) || !validID(m.From) || m.To != "" && !validID(m.To) {
		return nil, bad(m.Type(), "", "id, from or to is not an ID")
	}
	return m, nil
}

func (m RoomCode) check() (ServerMessage, error) { return m, nil }

func (m Queue) check() (ServerMessage, error) {
	if m.Place < 1 {
		return nil, bad(m.Type(), "place", "below 1")
	}
	return m, nil
}

func (m ParticipantAway) check() (ServerMessage, error) {
	if !validID(m.ID) {
		return nil, bad(m.Type(), "id", "not an ID")
	}
	return m, nil
}

func (m Notice) check() (ServerMessage, error) {
	if !known(m.Kind, noticeKinds) {
		return nil, bad(m.Type(), "kind", "unknown")
	}
	if m.At <= 0 {
		return nil, bad(m.Type(), "at", "not a time after 1970")
	}
	return m, nil
}

func (m Ended) check() (ServerMessage, error) {
	if !known(m.Reason, endReasons) {
		return nil, bad(m.Type(), "reason", "unknown")
	}
	return m, nil
}

func (m Problem) check() (ServerMessage, error) {
	if !known(m.Code, errorCodes) {
		return nil, bad(m.Type(), "code", "unknown")
	}
	return m, nil
}

// cleanName trims a display name and says whether 1 to 40 characters are left that can be seen and do not turn the text around
// them (Unicode bidirectional controls, UAX #9).
func cleanName(n DisplayName) (DisplayName, bool) {
	s := strings.TrimSpace(string(n))
	if len(s) > MaxName*utf8.UTFMax || utf8.RuneCountInString(s) > MaxName {
		return "", false
	}
	visible := false
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return "", false
		}
		visible = visible || unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
	}
	return DisplayName(s), visible
}

// cleanChat trims a chat text and says whether 1 to 2000 characters are left; line breaks and tabs are the only controls.
func cleanChat(t ChatText) (ChatText, bool) {
	s := strings.TrimSpace(string(t))
	n := utf8.RuneCountInString(s)
	control := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }
	return ChatText(s), n > 0 && n <= MaxChat && !strings.ContainsFunc(s, control)
}

// newCode trims a code to be set; empty stands for none.
func newCode(c Code) (Code, bool) {
	s := strings.TrimSpace(string(c))
	if s == "" {
		return "", true
	}
	bare := strings.Join(strings.Fields(s), "") // blanks do not count when codes are compared
	return Code(s), utf8.RuneCountInString(bare) >= MinCode && printable(s, MaxCode)
}

// enteredCode trims a code that somebody tries. It may be shorter than any code can be: then it is simply wrong.
func enteredCode(c Code) (Code, bool) {
	s := strings.TrimSpace(string(c))
	return Code(s), s != "" && printable(s, MaxCode)
}

func printable(s string, most int) bool {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	return utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unprintable)
}

func known[T comparable](v T, values []T) bool { return slices.Contains(values, v) }

func validSDP(s SDP) bool { return len(s) > 0 && len(s) <= MaxSDP }

func validParticipant(p Participant) bool {
	return validID(p.ID) && known(p.Role, roles) && p.Hand >= 0 && (p.Line == "" || known(p.Line, lineLevels))
}

// validID accepts what IDs and MIDs are made of: visible ASCII (RFC 8843 and RFC 5888 ask for a token).
func validID(id string) bool {
	if id == "" || len(id) > MaxID {
		return false
	}
	return !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// validDevice accepts base64url and the like.
func validDevice(d Device) bool {
	if len(d) < MinDevice || len(d) > MaxDevice {
		return false
	}
	for i := range len(d) {
		if !roomByte(d[i]) && d[i] != '_' {
			return false
		}
	}
	return true
}

func all[T any](list []T, ok func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !ok(v) })
}

// list makes an absent list an empty one, so that JSON has [] and not null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
