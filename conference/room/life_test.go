package room

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestNobodyIsInsideBeforeAnOrganiser(t *testing.T) {
	r := New(Rules{MaxParticipants: 9}, rand.NewChaCha8([32]byte{}))
	for i, k := range []Knock{
		{Role: Participant},
		{Role: Participant, Code: "482713"},
		{Role: Participant, Free: true},
		{Role: Participant, Resume: &Resume{}},
		{Role: Organiser, Account: "b", Owner: "a"},
	} {
		k.Conn = Conn(i + 1)
		if d := want[Door](t, r.Apply(noon, k), k.Conn); d.State != ForOrganiser || d.Taken != (k.Role == Organiser) {
			t.Errorf("%d was told %+v", k.Conn, d)
		}
	}
	if r.Begun() || r.Participants() != 0 {
		t.Error("the lesson began without its organiser")
	}
}

func TestPause(t *testing.T) {
	for name, leave := range map[string]Leave{
		"left":                   {Conn: teacher},
		"lost":                   {Conn: teacher, Lost: true},
		"lost and sends no more": {Conn: teacher, Lost: true, Media: true},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLesson(t, defaults())
			l.do(SetState{Conn: mia, State: State{Mic: true, Camera: true}})
			out := l.do(leave)
			if leave.Media {
				none[Paused](t, out, mia)
				out = l.after(Linger)
			}
			until := l.now.Add(DefaultOrganiserGrace)
			for _, c := range []Conn{mia, ben} {
				if p := one[Paused](t, out, c); !p.Until.Equal(until) {
					t.Errorf("%d is told to wait until %v, want %v", c, p.Until, until)
				}
			}
			if f := forwarded(out)[l.id(mia)]; f != (Forward{ID: l.id(mia)}) {
				t.Errorf("forwarded in a pause: %+v", f)
			}
			problem(t, l.do(Say{Conn: mia, Text: "?"}), mia, WhilePaused)
			problem(t, l.do(React{Conn: mia, Kind: Clap}), mia, WhilePaused)
			if d := want[Door](t, l.do(Knock{Conn: 4, Role: Participant, Code: l.code}), 4); d.State != ForOrganiser {
				t.Errorf("a newcomer in a pause was told %+v", d)
			}
			out = l.do(SetState{Conn: mia, State: State{Mic: true}}) // kept for later
			if len(forwarded(out)) != 0 || !one[StateChanged](t, out, ben).State.Mic {
				t.Error("a state is forwarded, or not shown, in a pause")
			}
			out = l.do(l.back(teacher, 5))
			if !one[Paused](t, out, mia).Until.IsZero() || !want[Admitted](t, out[:2], 5).PausedUntil.IsZero() {
				t.Error("the pause goes on")
			}
			if f := forwarded(out)[l.id(mia)]; f.Microphone != Everyone || f.Camera != Nobody {
				t.Errorf("forwarded after the pause: %+v", f)
			}
			want[Admitted](t, out, 4)
		})
	}
}

func TestWhoComesBackIntoAPauseIsPausedToo(t *testing.T) {
	l := newLesson(t, Rules{MaxParticipants: 9, OrganiserGrace: time.Minute})
	l.do(Leave{Conn: mia, Lost: true})
	l.do(Leave{Conn: teacher, Lost: true})
	out := l.do(l.back(mia, 4))
	if a := want[Admitted](t, out, 4); !a.PausedUntil.Equal(noon.Add(time.Minute)) {
		t.Errorf("paused until %v", a.PausedUntil)
	}
	l.do(SetState{Conn: 4, State: State{Mic: true}})
	if f := l.named(l.id(mia)).forwarded; f != (Forward{ID: l.id(mia)}) {
		t.Errorf("forwarded %+v", f)
	}
}

// asleep is a lesson whose grace has passed without the teacher.
func asleep(t *testing.T, rules Rules) (*lesson, []Output) {
	t.Helper()
	l := newLesson(t, rules)
	l.do(RaiseHand{Conn: mia, Up: true})
	l.do(Allow{Conn: teacher, Participant: l.id(mia), What: RightScreen, Value: Yes})
	l.do(Leave{Conn: teacher, Lost: true})
	return l, l.after(DefaultOrganiserGrace)
}

func TestSleep(t *testing.T) {
	l, out := asleep(t, defaults())
	for _, c := range []Conn{mia, ben} {
		if d := one[Door](t, out, c); d.State != ForOrganiser || d.Taken {
			t.Errorf("%d was told %+v", c, d)
		}
	}
	if l.Participants() != 0 || l.Visitors() != 2 || !l.InUse() || !l.Begun() {
		t.Fatalf("%d inside, %d at the door, in use: %v", l.Participants(), l.Visitors(), l.InUse())
	}
	problem(t, l.do(Say{Conn: mia, Text: "?"}), mia, NotAllowed)
	if d := want[Door](t, l.do(l.back(ben, 5)), 5); d.State != ForOrganiser { // who reconnects at the door
		t.Fatalf("told %+v", d)
	}
	l.do(Leave{Conn: mia, Lost: true})
	l.do(Knock{Conn: 4, Role: Participant, Code: "wrong"})
	l.now = l.now.Add(29 * time.Minute)
	if d := want[Door](t, l.do(l.back(mia, 6)), 6); d.State != ForOrganiser { // lost at the door, and back
		t.Fatalf("told %+v", d)
	}
	out = l.do(Knock{Conn: 7, Role: Organiser, Account: "a"}) // on another device
	if a := events[Admitted](out, 6); len(a) != 1 || a[0].Self.ID != l.id(mia) || a[0].Self.Hand != 1 || a[0].Self.Except.Screen != Yes || a[0].Self.Place != 2 {
		t.Errorf("Mia came back as %+v", a)
	}
	one[Admitted](t, out, 5)
	if d := one[Door](t, out, 4); d.State != ForCode || !d.Wrong {
		t.Errorf("who was never inside was told %+v", d)
	}
	if l.Participants() != 3 {
		t.Errorf("%d inside", l.Participants())
	}
}

func TestSleepEnds(t *testing.T) {
	l, _ := asleep(t, defaults())
	out := l.after(Dormancy)
	if l.Begun() || l.Visitors() != 2 {
		t.Fatal("the lesson is still there, or who waits is not")
	}
	none[Door](t, out, mia) // still waits
	out = l.do(Knock{Conn: 4, Role: Organiser, Account: "a"})
	if d := one[Door](t, out, mia); d.State != ForCode {
		t.Errorf("in the next lesson: %+v", d)
	}
}

// TestWhoseLesson: another account never takes over.
func TestWhoseLesson(t *testing.T) {
	for name, tt := range map[string]struct {
		owner  string // of the address
		before func(*lesson)
		begins bool
	}{
		"runs":      {before: func(*lesson) {}},
		"is paused": {before: func(l *lesson) { l.do(Leave{Conn: teacher}) }},
		"is paused with nobody there": {before: func(l *lesson) {
			for _, c := range []Conn{teacher, mia, ben} {
				l.do(Leave{Conn: c, Lost: true})
			}
		}},
		"sleeps":              {before: func(l *lesson) { l.do(Leave{Conn: teacher}); l.after(DefaultOrganiserGrace) }, begins: true},
		"sleeps and is owned": {owner: "a", before: func(l *lesson) { l.do(Leave{Conn: teacher}); l.after(DefaultOrganiserGrace) }},
		"is over":             {before: func(l *lesson) { l.do(End{Conn: teacher}) }, begins: true},
		"is over and owned":   {owner: "a", before: func(l *lesson) { l.do(End{Conn: teacher}) }},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLesson(t, defaults())
			epoch := l.epoch
			tt.before(l)
			out := l.do(Knock{Conn: 9, Name: "Herr Birke", Role: Organiser, Account: "b", Owner: tt.owner})
			if !tt.begins {
				if d := want[Door](t, out, 9); !d.Taken || l.epoch != epoch && l.epoch != "" {
					t.Fatalf("told %+v", d)
				}
				return
			}
			if a := want[Admitted](t, out, 9); l.epoch == epoch || len(a.People) != 1 || len(a.History) != 0 {
				t.Fatal("not a lesson of its own")
			}
			if d := want[Door](t, l.do(l.back(mia, 10)), 10); d.State != ForCode {
				t.Errorf("a token of the other lesson: %+v", d)
			}
		})
	}
	t.Run("comes in by the door", func(t *testing.T) {
		l := newLesson(t, defaults())
		a := want[Admitted](t, l.do(Knock{Conn: 9, Role: Organiser, Account: "b", Code: l.code}), 9)
		if a.Self.Role != Participant || a.Code != "" || a.Lobby != nil {
			t.Fatalf("came in as %+v", a.Self)
		}
		problem(t, l.do(End{Conn: 9}), 9, NotAllowed)
	})
	t.Run("is told when it may begin", func(t *testing.T) {
		l := newLesson(t, defaults())
		l.do(Knock{Conn: 9, Role: Organiser, Account: "b"})
		if d := want[Door](t, l.do(End{Conn: teacher}), 9); d.Taken || d.State != ForOrganiser {
			t.Fatalf("told %+v", d)
		}
	})
}

// TestOwnerAtTheDoor: who waits with a login for somebody else's lesson to end is an organiser of the one that the account begins then.
func TestOwnerAtTheDoor(t *testing.T) {
	l := newLesson(t, defaults())
	l.do(Knock{Conn: 8, Role: Organiser, Account: "b"})
	l.do(End{Conn: teacher})
	if a := want[Admitted](t, l.do(Knock{Conn: 9, Role: Organiser, Account: "b"}), 8); a.Self.Role != Organiser || a.Code == "" {
		t.Errorf("came in as %+v", a.Self)
	}
}

func TestOwnerWithoutToken(t *testing.T) {
	everybody := func(l *lesson, lost bool) {
		for _, c := range []Conn{mia, ben, teacher} {
			l.do(Leave{Conn: c, Lost: lost})
		}
	}
	for name, tt := range map[string]struct {
		before func(*lesson)
		same   bool
	}{
		"while it runs":                 {func(*lesson) {}, true},
		"while others wait inside":      {func(l *lesson) { l.do(Leave{Conn: teacher}) }, true},
		"while others wait at the door": {func(l *lesson) { l.do(Leave{Conn: teacher}); l.after(DefaultOrganiserGrace) }, true},
		"when all were lost just now":   {func(l *lesson) { everybody(l, true); l.after(Linger - 1) }, true},
		"when all were lost before":     {func(l *lesson) { everybody(l, true); l.after(Linger) }, false},
		"when all have left":            {func(l *lesson) { everybody(l, false) }, false},
		"when the others have left": {func(l *lesson) {
			l.do(Leave{Conn: mia})
			l.do(Leave{Conn: ben})
			l.do(Leave{Conn: teacher, Lost: true})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLesson(t, defaults())
			l.do(Say{Conn: mia, Text: "Hallo"})
			epoch := l.epoch
			tt.before(l)
			a := want[Admitted](t, firstOf(l.do(Knock{Conn: 9, Role: Organiser, Account: "a"}), 9), 9)
			if same := a.Resume.Epoch == epoch; same != tt.same || (len(a.History) == 1) != tt.same || a.Self.Role != Organiser {
				t.Errorf("the same lesson: %v, with %d messages", same, len(a.History))
			}
		})
	}
}

// firstOf are the outputs up to the first that reached a connection.
func firstOf(out []Output, c Conn) []Output {
	for i, o := range out {
		if len(o.To) > 0 && o.To[0] == c {
			return out[:i+1]
		}
	}
	return out
}

// TestOver: how long a lesson that nobody is inside is kept.
func TestOver(t *testing.T) {
	for name, tt := range map[string]struct {
		leaves []Leave
		keeps  time.Duration
	}{
		"all left":                        {[]Leave{{Conn: mia}, {Conn: ben}, {Conn: teacher}}, 0},
		"a participant was lost":          {[]Leave{{Conn: mia}, {Conn: teacher}, {Conn: ben, Lost: true}}, Linger},
		"the organiser was lost":          {[]Leave{{Conn: mia}, {Conn: ben}, {Conn: teacher, Lost: true}}, DefaultOrganiserGrace + Dormancy},
		"the organiser was lost and away": {[]Leave{{Conn: mia}, {Conn: ben}, {Conn: teacher, Lost: true, Media: true}}, Linger + DefaultOrganiserGrace + Dormancy},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLesson(t, defaults())
			for _, leave := range tt.leaves {
				l.do(leave)
			}
			if tt.keeps > DefaultOrganiserGrace+Linger {
				if l.after(DefaultOrganiserGrace + Linger); l.InUse() || !l.Begun() {
					t.Fatal("in use by nobody")
				}
				tt.keeps -= DefaultOrganiserGrace + Linger
			}
			if tt.keeps > 0 {
				if l.after(tt.keeps - 1); !l.Begun() {
					t.Fatal("over too soon")
				}
				l.after(1)
			}
			if l.Begun() || !l.Idle() {
				t.Fatal("not over")
			}
		})
	}
}

func TestEnd(t *testing.T) {
	l := newLesson(t, defaults())
	l.do(SetRole{Conn: teacher, Participant: l.id(ben), Role: Organiser})
	l.set(SettingsChange{Lobby: &on})
	l.do(Knock{Conn: 4, Role: Participant, Code: l.code})
	l.do(Knock{Conn: 5, Role: Participant})
	l.do(Say{Conn: mia, Text: "Hallo"})
	l.do(Say{Conn: mia, Text: "Frau Ahorn", To: l.id(teacher)})
	l.do(Remove{Conn: teacher, Participant: "nobody"})
	problem(t, l.do(End{Conn: mia}), mia, NotAllowed)
	out := l.do(End{Conn: ben})
	for c, organiser := range map[Conn]bool{teacher: true, ben: true, mia: false} {
		e := one[Ended](t, out, c)
		if e.Reason != LessonOver || (e.Report != nil) != organiser {
			t.Errorf("%d was told %+v", c, e)
		}
		if organiser && *e.Report != (Report{Participants: 3, Messages: 2, Verified: true}) {
			t.Errorf("reported %+v", *e.Report)
		}
	}
	for _, c := range []Conn{4, 5} {
		if d := one[Door](t, out, c); d.State != ForOrganiser {
			t.Errorf("%d was told %+v", c, d)
		}
	}
	if l.Begun() || !l.blank() {
		t.Error("something is left")
	}
	for c := range l.tokens {
		if d := want[Door](t, l.do(Knock{Conn: 10 + c, Role: Participant, Resume: ptr(l.tokens[c])}), 10+c); d.State != ForOrganiser {
			t.Errorf("a token after the end: %+v", d)
		}
	}
}

func ptr[T any](v T) *T { return &v }

// TestBlankFindsWhatIsLeft leaves one thing after the other in a room that was reset.
func TestBlankFindsWhatIsLeft(t *testing.T) {
	for name, leave := range map[string]func(*Room){
		"epoch":            func(r *Room) { r.epoch = "e" },
		"owner":            func(r *Room) { r.owner = "a" },
		"title":            func(r *Room) { r.title = "Klasse 5a" },
		"code":             func(r *Room) { r.code = "482713" },
		"somebody inside":  func(r *Room) { r.inside = []*participant{{}} },
		"chat":             func(r *Room) { r.history.add(Message{Text: "Hallo"}) },
		"a number":         func(r *Room) { r.history.last = 1 },
		"guesses":          func(r *Room) { r.guesses = newGuesses(noon) },
		"settings":         func(r *Room) { r.settings.Lobby = true },
		"a removal":        func(r *Room) { r.removed.devices.add("tablet") },
		"a token":          func(r *Room) { r.gone.add(&participant{}) },
		"hands":            func(r *Room) { r.hands = 1 },
		"an emergency":     func(r *Room) { r.emergency = true },
		"a pause":          func(r *Room) { r.pausedSince = noon },
		"a record":         func(r *Room) { r.restored = &Restore{} },
		"a hidden code":    func(r *Room) { r.hidden = &hiddenCode{} },
		"a visitor's code": func(r *Room) { r.door[0].code = "482713" },
		"a pass":           func(r *Room) { r.door[0].pass = &participant{} },
		"the lobby":        func(r *Room) { r.door[0].id = "7c1f" },
		"wrong codes":      func(r *Room) { r.door[0].guesses.failures = 1 },
	} {
		l := newLesson(t, defaults())
		l.do(Knock{Conn: 4, Role: Participant, Code: "wrong"})
		l.do(SetNotice{At: noon})
		l.do(End{Conn: teacher})
		if !l.blank() {
			t.Fatal("something is left of its own accord")
		}
		if leave(l.Room); l.blank() {
			t.Errorf("%s is not found", name)
		}
	}
}

func TestOwnedRoom(t *testing.T) {
	r := New(defaults(), rand.NewChaCha8([32]byte{1}))
	k := Knock{Conn: 1, Role: Organiser, Account: "a", Owner: "a", Title: "Größe & Gewicht", FirstCode: "482713"}
	a := want[Admitted](t, r.Apply(noon, k), 1)
	if a.Code != "482713" || a.Title != "Größe & Gewicht" {
		t.Fatal("another code or title")
	}
	pupil := Knock{Conn: 2, Role: Participant, Owner: "a", Title: "Größe & Gewicht", FirstCode: "482713", Code: "482713"}
	if a := want[Admitted](t, r.Apply(noon, pupil), 2); a.Title != "Größe & Gewicht" || a.Code != "" {
		t.Fatal("no title, or the code")
	}
	t.Run("nobody else's first code", func(t *testing.T) {
		r := New(defaults(), rand.NewChaCha8([32]byte{1}))
		a := want[Admitted](t, r.Apply(noon, Knock{Conn: 1, Role: Organiser, Account: "a", FirstCode: "482713"}), 1)
		if a.Code == "482713" || len(a.Code) != 6 {
			t.Fatal("an address that nobody owns has a code")
		}
	})
}
