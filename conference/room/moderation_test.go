package room

import (
	"slices"
	"testing"
)

// TestOnlyOrganisers has a participant, somebody at the door and a stranger try everything that is for organisers.
func TestOnlyOrganisers(t *testing.T) {
	l := newLesson(t, defaults())
	l.do(Knock{Conn: 4, Role: Participant})
	for _, c := range []Conn{mia, 4, 99} {
		for _, in := range []Input{
			ChangeSettings{c, SettingsChange{Locked: &on}}, Allow{c, l.id(mia), RightScreen, Yes}, Mute{c, l.id(ben), Microphone}, Mute{Conn: c, Source: Camera},
			LowerHand{c, l.id(ben)}, LowerHand{Conn: c}, SetCode{c, "Igel-17"}, NewCode{c}, Admit{c, ""}, Admit{c, "7c1f"}, TurnAway{c, "7c1f"},
			ToLobby{c, l.id(ben)}, Remove{c, l.id(ben)}, Pardon{c}, SetRole{c, l.id(mia), Organiser}, Emergency{c, true}, Emergency{c, false},
			Release{c, ""}, Release{c, l.id(mia)}, End{c},
		} {
			before := l.Record()
			if out := l.do(in); len(out) != 1 || one[Problem](t, out, c).Code != NotAllowed {
				t.Errorf("%T of %d: told %d events", in, c, len(out))
			}
			if after := l.Record(); after.Settings != before.Settings || after.Code != before.Code || !slices.Equal(after.Seats, before.Seats) {
				t.Errorf("%T of %d changed something", in, c)
			}
		}
	}
	for _, c := range []Conn{4, 99} {
		for _, in := range []Input{SetState{Conn: c}, Say{Conn: c}, RaiseHand{c, true}, React{c, Clap}, SetLine{c, LineBad}} {
			if out := l.do(in); len(out) != 1 || one[Problem](t, out, c).Code != NotAllowed {
				t.Errorf("%T of %d: told %d events", in, c, len(out))
			}
		}
	}
}

func TestHands(t *testing.T) {
	l := newLesson(t, defaults())
	raise := func(c Conn) int {
		l.do(RaiseHand{Conn: c, Up: true})
		return l.who(c).Hand
	}
	if b, m := raise(ben), raise(mia); b != 1 || m != 2 || raise(ben) != 1 {
		t.Fatalf("hands %d and %d", b, m)
	}
	if p := one[PersonChanged](t, l.do(RaiseHand{Conn: ben}), mia).Person; p.Hand != 0 || p.ID != l.id(ben) {
		t.Errorf("told %+v", p)
	}
	if raise(ben) != 3 {
		t.Error("up again, and not the last")
	}
	l.do(Leave{Conn: mia, Lost: true})
	if a := want[Admitted](t, l.do(l.back(mia, 5)), 5); a.Self.Hand != 2 {
		t.Errorf("lost and back, the hand is %d", a.Self.Hand)
	}
	l.do(Leave{Conn: 5, Lost: true})
	l.do(LowerHand{Conn: teacher})
	if a := want[Admitted](t, l.do(l.back(mia, 6)), 6); a.Self.Hand != 0 || l.who(ben).Hand != 0 {
		t.Error("lowered for all, and one is up")
	}
	raise(ben)
	l.do(RaiseHand{Conn: 6, Up: true})
	if out := l.do(LowerHand{Conn: teacher, Participant: l.id(ben)}); len(events[PersonChanged](out, 6)) != 1 || l.who(mia).Hand == 0 || l.who(ben).Hand != 0 {
		t.Error("one was lowered, or the wrong one")
	}
	l.do(Leave{Conn: 6})
	if a := want[Admitted](t, l.do(l.back(mia, 7)), 7); a.Self.Hand != 0 {
		t.Error("who left on purpose has the hand up")
	}
}

func TestSigns(t *testing.T) {
	l := newLesson(t, defaults())
	for _, c := range []Conn{teacher, mia, ben} {
		if r := one[Reacted](t, l.do(React{Conn: mia, Kind: Slower}), c); r != (Reacted{l.id(mia), Slower}) {
			t.Errorf("%d was told %+v", c, r)
		}
	}
	problem(t, l.do(React{Conn: mia, Kind: "rocket"}), mia, NotAllowed)
	for _, tt := range []struct{ level, want Line }{{LineWeak, LineWeak}, {LineBad, LineBad}, {LineGood, ""}} {
		if p := one[PersonChanged](t, l.do(SetLine{mia, tt.level}), ben).Person; p.Line != tt.want {
			t.Errorf("the line is %q, want %q", p.Line, tt.want)
		}
	}
	if out := l.do(SetLine{mia, LineGood}); len(out) != 0 {
		t.Error("nothing new, and somebody was told")
	}
	problem(t, l.do(SetLine{mia, "wonderful"}), mia, NotAllowed)
	l.do(SetLine{mia, LineBad})
	l.do(l.back(mia, 5))
	if l.who(mia).Line != "" {
		t.Error("a new session has the line of the old one")
	}
}

func TestChat(t *testing.T) {
	for name, tt := range map[string]struct {
		before   func(*lesson)
		from, to Conn
		refused  ProblemCode
		read     []Conn
	}{
		"to all":                     {from: mia, read: []Conn{teacher, mia, ben}},
		"to an organiser":            {from: mia, to: teacher, read: []Conn{teacher, mia}},
		"from an organiser":          {from: teacher, to: mia, read: []Conn{teacher, mia}},
		"to another":                 {from: mia, to: ben, refused: ChatOff},
		"to another, where one may":  {before: func(l *lesson) { l.set(SettingsChange{PrivateChat: &on}) }, from: mia, to: ben, read: []Conn{mia, ben}},
		"to oneself":                 {from: mia, to: mia, refused: NotAllowed},
		"to nobody":                  {from: mia, to: 99, refused: NotAllowed},
		"off":                        {before: func(l *lesson) { l.set(SettingsChange{Chat: &off}) }, from: mia, refused: ChatOff},
		"off, to an organiser":       {before: func(l *lesson) { l.set(SettingsChange{Chat: &off}) }, from: mia, to: teacher, refused: ChatOff},
		"off, and an organiser says": {before: func(l *lesson) { l.set(SettingsChange{Chat: &off}) }, from: teacher, read: []Conn{teacher, mia, ben}},
		"off but for one": {before: func(l *lesson) {
			l.set(SettingsChange{Chat: &off})
			l.do(Allow{teacher, l.id(mia), RightChat, Yes})
		}, from: mia, read: []Conn{teacher, mia, ben}},
		"on but for one":        {before: func(l *lesson) { l.do(Allow{teacher, l.id(mia), RightChat, No}) }, from: mia, refused: ChatOff},
		"held":                  {before: func(l *lesson) { l.do(Emergency{teacher, true}) }, from: mia, refused: WhileHeld},
		"held, to an organiser": {before: func(l *lesson) { l.do(Emergency{teacher, true}) }, from: mia, to: teacher, refused: WhileHeld},
		"paused":                {before: func(l *lesson) { l.do(Leave{Conn: teacher}) }, from: mia, refused: WhilePaused},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLesson(t, defaults())
			if tt.before != nil {
				tt.before(l)
			}
			s := Say{Conn: tt.from, Text: "Hallo", To: l.id(tt.to)}
			if tt.to == 99 {
				s.To = "gone"
			}
			out := l.do(s)
			if tt.refused != "" {
				problem(t, out, tt.from, tt.refused)
				return
			}
			for _, c := range []Conn{teacher, mia, ben} {
				if n := len(events[Said](out, c)); (n == 1) != slices.Contains(tt.read, c) {
					t.Errorf("%d read %d messages", c, n)
				}
				a := want[Admitted](t, l.do(l.back(c, 10+c)), 10+c)
				if (len(a.History) == 1) != slices.Contains(tt.read, c) {
					t.Errorf("%d finds %d messages", c, len(a.History))
				}
			}
		})
	}
}

func TestRoles(t *testing.T) {
	l := newLesson(t, defaults())
	l.set(SettingsChange{Lobby: &on})
	l.do(Knock{Conn: 4, Name: "Cem", Role: Participant, Code: l.code})
	l.do(Allow{teacher, l.id(mia), RightChat, No})
	out := l.do(SetRole{teacher, l.id(mia), Organiser})
	if one[CodeChanged](t, out, mia).Code != l.code || one[VisitorCame](t, out, mia).Visitor.Name != "Cem" {
		t.Error("a new organiser knows less than the others")
	}
	if p := one[PersonChanged](t, out, ben).Person; p.Role != Organiser || p.Except != (Exceptions{}) {
		t.Errorf("told %+v", p)
	}
	problem(t, l.do(SetRole{mia, l.id(teacher), Participant}), mia, NotAllowed) // whose login it is
	problem(t, l.do(SetRole{teacher, l.id(teacher), Participant}), teacher, NotAllowed)
	problem(t, l.do(SetRole{teacher, l.id(mia), "janitor"}), teacher, NotAllowed)
	if len(l.do(SetRole{teacher, l.id(mia), Organiser})) != 0 || len(l.do(SetRole{teacher, "gone", Organiser})) != 0 {
		t.Error("nothing changed, and somebody was told")
	}
	l.do(Leave{Conn: mia, Lost: true})
	if a := want[Admitted](t, l.do(l.back(mia, 5)), 5); a.Self.Role != Organiser || a.Code != l.code || len(a.Lobby) != 1 {
		t.Errorf("came back as %+v", a.Self)
	}
	none[Paused](t, l.do(Leave{Conn: teacher}), ben) // there is still one
	problem(t, l.do(SetRole{5, l.id(mia), Participant}), 5, LastOrganiser)
	l.do(SetState{Conn: 5, State: State{Screen: true}})
	l.do(SetRole{5, l.id(ben), Organiser})
	out = l.do(SetRole{5, l.id(mia), Participant})
	if m := one[Muted](t, out, 5); m != (Muted{Screen, BySettings}) {
		t.Errorf("told %+v", m)
	}
	problem(t, l.do(NewCode{5}), 5, NotAllowed)
	if f := l.who(mia).forwarded; f.Organiser || f.Screen != Nobody {
		t.Errorf("forwarded %+v", f)
	}
}

func TestEmergency(t *testing.T) {
	l := newLesson(t, defaults())
	l.enter(4, "Cem", "tablet-4")
	l.do(SetRole{teacher, l.id(4), Organiser})
	l.enter(5, "Dana", "")
	l.do(Leave{Conn: 5, Lost: true})
	l.do(Knock{Conn: 6, Role: Participant})
	for _, c := range []Conn{teacher, mia, 4} {
		l.do(SetState{Conn: c, State: State{Mic: true, Camera: true}})
	}
	old := l.code
	out := l.do(Emergency{Conn: teacher, On: true})
	for _, c := range []Conn{teacher, mia, ben, 4} {
		if !one[EmergencyChanged](t, out, c).On || !one[SettingsChanged](t, out, c).Settings.Locked {
			t.Errorf("%d was not told", c)
		}
	}
	if l.code == old || one[CodeChanged](t, out, 4).Code != l.code {
		t.Error("no new code, or not told")
	}
	if m := events[Muted](out, mia); !slices.Equal(m, []Muted{{Microphone, ByEmergency}, {Camera, ByEmergency}}) {
		t.Errorf("Mia was told %+v", m)
	}
	if !l.who(mia).Held || !l.who(ben).Held || l.who(4).Held || !l.who(4).State.Mic {
		t.Error("held are others than the participants")
	}
	if d := one[Door](t, out, 6); d.State != ForUnlocking {
		t.Errorf("at the door %+v", d)
	}
	t.Run("what is held may nothing", func(t *testing.T) {
		problem(t, l.do(SetState{Conn: mia, State: State{Mic: true}}), mia, MicNotAllowed)
		problem(t, l.do(React{mia, Clap}), mia, WhileHeld)
		l.do(Allow{teacher, l.id(mia), RightMicrophone, Yes})
		problem(t, l.do(SetState{Conn: mia, State: State{Mic: true}}), mia, MicNotAllowed)
	})
	t.Run("tokens of who is not inside are void", func(t *testing.T) {
		if d := want[Door](t, l.do(l.back(5, 15)), 15); d.State != ForUnlocking {
			t.Errorf("told %+v", d)
		}
	})
	t.Run("organisers come back as they were", func(t *testing.T) {
		l.do(Leave{Conn: teacher, Lost: true})
		l.do(Leave{Conn: 4, Lost: true})
		for _, c := range []Conn{4, teacher} { // the one without a login first: nobody else is there
			if a := want[Admitted](t, l.do(l.back(c, 10+c)), 10+c); a.Self.Role != Organiser || a.Self.Held || !a.Emergency || a.Code != l.code {
				t.Errorf("came back as %+v", a.Self)
			}
		}
	})
	t.Run("who is held comes back held", func(t *testing.T) {
		l.do(Leave{Conn: ben, Lost: true})
		if a := want[Admitted](t, l.do(l.back(ben, 13)), 13); !a.Self.Held {
			t.Error("free by a reload")
		}
	})
	t.Run("newcomers are held, who is admitted is not", func(t *testing.T) {
		l.do(lock(11, false))
		if a := want[Admitted](t, l.do(Knock{Conn: 20, Role: Participant, Code: l.code}), 20); !a.Self.Held {
			t.Error("a newcomer is free")
		}
		l.do(ToLobby{11, l.id(ben)})
		out := l.do(Admit{11, l.visitors()[0].ID})
		if a := one[Admitted](t, out, 13); a.Self.Held || a.Self.ID != l.id(ben) {
			t.Error("admitted, and held")
		}
	})
	t.Run("release", func(t *testing.T) {
		if p := one[PersonChanged](t, l.do(Release{11, l.id(mia)}), mia).Person; p.Held {
			t.Error("still held")
		}
		none[Problem](t, l.do(SetState{Conn: mia, State: State{Mic: true}}), mia)
		code := l.code
		out := l.do(Emergency{11, true}) // again
		if !l.who(mia).Held || l.who(mia).State.Mic || l.code != code || len(events[EmergencyChanged](out, mia)) != 0 {
			t.Error("a second emergency does not hold, or begins anew")
		}
		l.do(lock(11, false))
		l.do(Leave{Conn: mia, Lost: true})
		out = l.do(Emergency{11, false})
		if one[EmergencyChanged](t, out, 13).On || l.code != code {
			t.Error("still on, or another code")
		}
		if a := want[Admitted](t, l.do(l.back(mia, 12)), 12); a.Self.Held || a.Emergency {
			t.Error("held after the emergency")
		}
		if len(l.do(Emergency{11, false})) != 0 {
			t.Error("nothing to end, and somebody was told")
		}
	})
}
