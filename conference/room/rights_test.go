package room

import (
	"fmt"
	"testing"
)

// TestRights takes all settings, exceptions and circumstances of one right, and compares with the words of docs/classroom.md.
func TestRights(t *testing.T) {
	for _, right := range rights {
		for _, rule := range []bool{true, false} {
			for _, exception := range []Exception{ByRule, Yes, No} {
				for who, p := range map[string]*participant{
					"participant": {Person: Person{Role: Participant}},
					"held":        {Person: Person{Role: Participant, Held: true}},
					"organiser":   {Person: Person{Role: Organiser}},
				} {
					r := Room{settings: Settings{Microphones: rule, Cameras: rule, Screens: rule, Chat: rule, CamerasTo: Organisers}}
					if rule {
						r.settings.CamerasTo = Everyone
					}
					*p.Except.of(right) = exception
					want := rule
					switch {
					case who == "organiser":
						want = true
					case who == "held":
						want = false
					case exception != ByRule:
						want = exception == Yes
					}
					if r.may(p, right) != want {
						t.Errorf("%s, %s, setting %v, exception %d: want %v", right, who, rule, exception, want)
					}
				}
			}
		}
	}
	var r Room
	if r.may(&participant{}, "anything") {
		t.Error("a right that there is not")
	}
}

// TestForward changes what somebody sends and may, and looks at what is told of forwarding.
func TestForward(t *testing.T) {
	all := State{Mic: true, Camera: true, Screen: true}
	for name, tt := range map[string]struct {
		rules Rules
		do    func(*lesson)
		want  Forward
	}{
		"everything, by the defaults": {want: Forward{Microphone: Everyone, Camera: Everyone}},
		"where all may share":         {rules: Rules{ScreenShare: ScreenShareEveryone}, want: Forward{Microphone: Everyone, Camera: Everyone, Screen: Everyone}},
		"where cameras are for organisers": {rules: Rules{Cameras: CamerasOrganisers},
			want: Forward{Microphone: Everyone, Camera: Organisers}},
		"cameras for organisers now": {do: func(l *lesson) { l.set(SettingsChange{CamerasTo: &toOrganisers}) },
			want: Forward{Microphone: Everyone, Camera: Organisers}},
		"cameras for everyone again": {rules: Rules{Cameras: CamerasOrganisers}, do: func(l *lesson) { l.set(SettingsChange{CamerasTo: &toEveryone}) },
			want: Forward{Microphone: Everyone, Camera: Everyone}},
		"shown all the same": {rules: Rules{Cameras: CamerasOrganisers}, do: func(l *lesson) { l.do(Allow{teacher, l.id(mia), RightShown, Yes}) },
			want: Forward{Microphone: Everyone, Camera: Everyone}},
		"not shown": {do: func(l *lesson) { l.do(Allow{teacher, l.id(mia), RightShown, No}) },
			want: Forward{Microphone: Everyone, Camera: Organisers}},
		"microphones off": {do: func(l *lesson) { l.set(SettingsChange{Microphones: &off}) }, want: Forward{Camera: Everyone}},
		"cameras off":     {do: func(l *lesson) { l.set(SettingsChange{Cameras: &off}) }, want: Forward{Microphone: Everyone}},
		"muted":           {do: func(l *lesson) { l.do(Mute{teacher, l.id(mia), Microphone}) }, want: Forward{Camera: Everyone}},
		"all muted":       {do: func(l *lesson) { l.do(Mute{Conn: teacher, Source: Camera}) }, want: Forward{Microphone: Everyone}},
		"held":            {do: func(l *lesson) { l.do(Emergency{teacher, true}) }},
		"paused":          {do: func(l *lesson) { l.do(Leave{Conn: teacher}) }},
		"an organiser now": {do: func(l *lesson) { l.do(SetRole{teacher, l.id(mia), Organiser}) },
			want: Forward{Microphone: Everyone, Camera: Everyone, Organiser: true}},
		"away": {do: func(l *lesson) { l.do(Leave{Conn: mia, Lost: true, Media: true}) }, want: Forward{Microphone: Everyone, Camera: Everyone}},
		"back with another session": {do: func(l *lesson) {
			l.do(Leave{Conn: mia, Lost: true, Media: true})
			l.do(l.back(mia, 9))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.rules.MaxParticipants = 9
			l := newLesson(t, tt.rules)
			l.do(SetState{Conn: mia, State: all})
			if tt.do != nil {
				tt.do(l)
			}
			tt.want.ID = l.id(mia)
			if got := l.who(mia).forwarded; got != tt.want {
				t.Errorf("told %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestForwardIsToldBeforeAdmitted(t *testing.T) {
	l := newLesson(t, defaults())
	for _, k := range []Knock{{Conn: 4, Role: Participant, Code: l.code}, {Conn: 5, Role: Organiser, Account: "a"}} {
		ruled := false
		for _, o := range l.do(k) {
			switch e := o.Event.(type) {
			case Forward:
				ruled = e == Forward{ID: l.inside[len(l.inside)-1].ID, Organiser: k.Role == Organiser}
			case Admitted:
				if !ruled {
					t.Errorf("%d is inside before its media are settled", k.Conn)
				}
			}
		}
	}
}

func TestWhatMayNotBeCountsFalse(t *testing.T) {
	l := newLesson(t, defaults())
	l.set(SettingsChange{Microphones: &off, Cameras: &off})
	out := l.do(SetState{Conn: mia, State: State{Mic: true, Camera: true, Screen: true}})
	if got := fmt.Sprint(events[Problem](out, mia)); got != fmt.Sprint([]Problem{{MicNotAllowed}, {CameraNotAllowed}, {ScreenNotAllowed}}) {
		t.Errorf("problems %s", got)
	}
	none[StateChanged](t, out, ben)
	l.do(Allow{Conn: teacher, Participant: l.id(mia), What: RightMicrophone, Value: Yes})
	out = l.do(SetState{Conn: mia, State: State{Mic: true}})
	none[Problem](t, out, mia)
	if s := one[StateChanged](t, out, ben); s.State != (State{Mic: true}) {
		t.Errorf("shown %+v", s.State)
	}
	none[Problem](t, l.do(SetState{Conn: teacher, State: State{Mic: true, Camera: true, Screen: true}}), teacher)
}

func TestSettings(t *testing.T) {
	l := newLesson(t, defaults())
	l.do(SetState{Conn: mia, State: State{Mic: true, Camera: true}})
	l.do(SetState{Conn: ben, State: State{Mic: true}})
	l.do(Allow{Conn: teacher, Participant: l.id(ben), What: RightMicrophone, Value: Yes})
	out := l.set(SettingsChange{Microphones: &off, Chat: &off})
	for _, c := range []Conn{teacher, mia, ben} {
		if s := one[SettingsChanged](t, out, c).Settings; s != l.settings || s.Microphones || s.Chat || !s.Cameras {
			t.Errorf("%d was told %+v", c, s)
		}
	}
	if m := one[Muted](t, out, mia); m != (Muted{Microphone, BySettings}) {
		t.Errorf("Mia was told %+v", m)
	}
	if s := one[StateChanged](t, out, ben); s.State != (State{Camera: true}) || s.ID != l.id(mia) {
		t.Errorf("Ben was told %+v", s)
	}
	none[Muted](t, out, ben)
	if len(l.set(SettingsChange{Chat: &off})) != 0 {
		t.Error("nothing changed, and somebody was told")
	}
	audience := Audience("all")
	problem(t, l.set(SettingsChange{Cameras: &off, CamerasTo: &audience}), teacher, NotAllowed)
	problem(t, l.do(ChangeSettings{Conn: mia, Change: SettingsChange{Microphones: &on}}), mia, NotAllowed)
	if l.settings.Microphones || !l.settings.Cameras {
		t.Error("changed all the same")
	}
	if m := one[Muted](t, l.do(Allow{Conn: teacher, Participant: l.id(mia), What: RightCamera, Value: No}), mia); m != (Muted{Camera, ByOrganiser}) {
		t.Errorf("Mia was told %+v", m)
	}
}

func TestAllow(t *testing.T) {
	l := newLesson(t, defaults())
	for _, c := range []Conn{teacher, mia, ben} {
		v := Exception(int(c) - 2)
		if p := one[PersonChanged](t, l.do(Allow{teacher, l.id(mia), RightChat, v}), c).Person; p.ID != l.id(mia) || p.Except != (Exceptions{Chat: v}) {
			t.Errorf("%d was told %+v", c, p)
		}
	}
	for name, in := range map[string]Allow{
		"a participant":      {mia, l.id(mia), RightScreen, Yes},
		"for an organiser":   {teacher, l.id(teacher), RightChat, No},
		"no right":           {teacher, l.id(mia), "everything", Yes},
		"no value":           {teacher, l.id(mia), RightChat, 2},
		"nor this":           {teacher, l.id(mia), RightChat, -2},
		"somebody not there": {99, l.id(mia), RightChat, Yes},
	} {
		if out := l.do(in); len(out) != 1 || one[Problem](t, out, in.Conn).Code != NotAllowed {
			t.Errorf("%s: told %d events", name, len(out))
		}
	}
	if out := l.do(Allow{teacher, "gone", RightChat, Yes}); len(out) != 0 {
		t.Error("an exception for somebody who is gone")
	}
}

func TestMute(t *testing.T) {
	l := newLesson(t, defaults())
	for _, c := range []Conn{teacher, mia, ben} {
		l.do(SetState{Conn: c, State: State{Mic: true, Camera: true}})
	}
	l.do(Leave{Conn: ben, Lost: true, Media: true})
	out := l.do(Mute{Conn: teacher, Source: Microphone})
	if m := one[Muted](t, out, mia); m != (Muted{Microphone, ByOrganiser}) {
		t.Errorf("Mia was told %+v", m)
	}
	for _, c := range []Conn{mia, ben} {
		if s := l.who(c); s.State != (State{Camera: true}) || s.forwarded.Microphone != Nobody {
			t.Errorf("%d sends %+v", c, s.State)
		}
	}
	if !l.who(teacher).State.Mic {
		t.Error("the teacher muted herself with all")
	}
	none[Problem](t, l.do(SetState{Conn: mia, State: State{Mic: true}}), mia) // may again
	l.do(Mute{Conn: teacher, Participant: l.id(teacher), Source: Camera})
	if l.who(teacher).State.Camera {
		t.Error("the teacher could not switch off what is hers")
	}
	l.do(SetRole{Conn: teacher, Participant: l.id(mia), Role: Organiser})
	for name, in := range map[string]Mute{
		"another organiser": {mia, l.id(teacher), Microphone},
		"no source":         {teacher, l.id(mia), "nothing"},
		"by nobody":         {99, "", Microphone},
	} {
		if out := l.do(in); len(out) != 1 || one[Problem](t, out, in.Conn).Code != NotAllowed {
			t.Errorf("%s: told %d events", name, len(out))
		}
	}
}

// TestRightsThatWereTaken stay so in another tab: a new person of the same device has them no more than the one before.
func TestRightsThatWereTaken(t *testing.T) {
	for name, before := range map[string]func(*lesson){
		"still inside": func(*lesson) {},
		"left":         func(l *lesson) { l.do(Leave{Conn: mia}) },
		"at the door":  func(l *lesson) { l.do(ToLobby{Conn: teacher, Participant: l.id(mia)}); l.do(Pardon{Conn: teacher}) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLesson(t, defaults())
			l.do(Allow{Conn: teacher, Participant: l.id(mia), What: RightChat, Value: No})
			l.do(Allow{Conn: teacher, Participant: l.id(mia), What: RightScreen, Value: Yes})
			before(l)
			if a := l.enter(4, "Mia II", l.devices[mia]); a.Self.Except != (Exceptions{Chat: No}) || a.Self.ID == l.id(mia) {
				t.Fatalf("comes in with %+v", a.Self.Except)
			}
			problem(t, l.do(Say{Conn: 4, Text: "ha"}), 4, ChatOff)
			for device, c := range map[Device]Conn{"tablet-9": 5, "": 6} {
				if a := l.enter(c, "Ida", device); a.Self.Except != (Exceptions{}) {
					t.Errorf("another device comes in with %+v", a.Self.Except)
				}
			}
		})
	}
}
