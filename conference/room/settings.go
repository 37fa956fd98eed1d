package room

// Settings are what organisers may change for the lesson. The zero value is none: see Rules.settings.
type Settings struct {
	// Locked keeps everybody new out.
	Locked bool
	// Lobby has everybody new wait until an organiser admits them, code or not.
	Lobby bool
	// Microphones and Cameras say whether participants may switch theirs on.
	Microphones, Cameras bool
	// CamerasTo is who sees the cameras of participants: Organisers or Everyone.
	CamerasTo Audience
	// Screens says whether participants may share theirs.
	Screens bool
	// Chat says whether participants may write.
	Chat bool
	// PrivateChat says whether participants may write to one another alone. To and from organisers they may whenever Chat is on.
	PrivateChat bool
}

// SettingsChange is what shall be different; what is nil stays.
type SettingsChange struct {
	Locked, Lobby, Microphones, Cameras *bool
	// CamerasTo is Organisers or Everyone.
	CamerasTo                  *Audience
	Screens, Chat, PrivateChat *bool
}

// Audience is who gets what a participant sends. The zero value is Nobody.
type Audience string

// Audiences; Organisers and Everyone as on the wire.
const (
	Nobody     Audience = ""
	Organisers Audience = "organisers"
	Everyone   Audience = "everyone"
)

func (c ChangeSettings) apply(t *turn) {
	if t.organiser(c.Conn) == nil {
		return
	}
	if to := c.Change.CamerasTo; to != nil && *to != Organisers && *to != Everyone {
		t.refuse(c.Conn, NotAllowed)
		return
	}
	t.change(c.Change.to)
}

// to makes the change.
func (c SettingsChange) to(s *Settings) {
	set(&s.Locked, c.Locked)
	set(&s.Lobby, c.Lobby)
	set(&s.Microphones, c.Microphones)
	set(&s.Cameras, c.Cameras)
	set(&s.CamerasTo, c.CamerasTo)
	set(&s.Screens, c.Screens)
	set(&s.Chat, c.Chat)
	set(&s.PrivateChat, c.PrivateChat)
}

func set[T any](at, to *T) {
	if to != nil {
		*at = *to
	}
}

// change changes the settings, tells all inside, switches off what nobody may any more, and looks who may come in now.
func (t *turn) change(how func(*Settings)) {
	before := t.settings
	if how(&t.settings); t.settings == before {
		return
	}
	t.tellInside(SettingsChanged{Settings: t.settings}, everyone)
	for _, p := range t.inside {
		t.enforce(p, BySettings)
	}
	t.recheck()
}

// settings are those that a lesson begins with.
func (r Rules) settings() Settings {
	s := Settings{Lobby: r.Lobby, Microphones: true, Cameras: true, CamerasTo: Everyone, Screens: r.ScreenShare == ScreenShareEveryone, Chat: true}
	if r.Cameras == CamerasOrganisers {
		s.CamerasTo = Organisers
	}
	return s
}
