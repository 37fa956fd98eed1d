package room

import (
	"testing"
)

// lobbied is a lesson with a lobby in which 4 and 5 wait.
func lobbied(t *testing.T) *lesson {
	t.Helper()
	l := newLesson(t, defaults())
	l.set(SettingsChange{Lobby: &on})
	for c, name := range map[Conn]DisplayName{4: "Cem", 5: "Dana"} {
		out := l.do(Knock{Conn: c, Name: name, Device: Device("tablet-" + string(rune('0'+c))), Role: Participant, Code: l.code})
		if d := one[Door](t, out, c); d.State != ForAdmission {
			t.Fatalf("%d was told %+v", c, d)
		}
		if v := one[VisitorCame](t, out, teacher).Visitor; v.Name != name || v.ID == "" {
			t.Fatal("the organiser does not see who came")
		}
		none[VisitorCame](t, out, mia)
	}
	return l
}

// shown is a visitor's ID.
func (l *lesson) shown(c Conn) string {
	l.Helper()
	v := l.visitor(c)
	if v == nil || !v.inLobby() {
		l.Fatalf("%d is not in the lobby", c)
	}
	return v.id
}

func TestLobby(t *testing.T) {
	t.Run("the code comes first", func(t *testing.T) {
		l := lobbied(t)
		out := l.do(Knock{Conn: 6, Role: Participant})
		if d := one[Door](t, out, 6); d.State != ForCode {
			t.Fatalf("told %+v", d)
		}
		none[VisitorCame](t, out, teacher)
		if d := want[Door](t, l.do(EnterCode{6, "wrong"}), 6); d.State != ForCode || !d.Wrong {
			t.Fatalf("told %+v", d)
		}
		if d := want[Door](t, l.do(EnterCode{6, l.code}), 6); d.State != ForAdmission {
			t.Fatalf("told %+v", d)
		}
		if d := want[Door](t, l.do(EnterCode{6, l.code}), 6); d.State != ForAdmission {
			t.Fatalf("the code again: %+v", d)
		}
	})
	t.Run("admit one", func(t *testing.T) {
		l := lobbied(t)
		id := l.shown(4)
		out := l.do(Admit{teacher, id})
		if a := one[Admitted](t, out, 4); a.Self.ID == id || one[VisitorGone](t, out, teacher).ID != id {
			t.Error("the visitor's ID is the participant's, or it still waits")
		}
		none[Admitted](t, out, 5)
		if len(l.do(Admit{teacher, id})) != 0 {
			t.Error("admitted twice")
		}
	})
	t.Run("admit all", func(t *testing.T) {
		l := lobbied(t)
		out := l.do(Admit{Conn: teacher})
		one[Admitted](t, out, 4)
		one[Admitted](t, out, 5)
		if len(l.visitors()) != 0 {
			t.Error("somebody is left")
		}
	})
	t.Run("no lobby any more", func(t *testing.T) {
		l := lobbied(t)
		out := l.set(SettingsChange{Lobby: &off})
		one[Admitted](t, out, 4)
		one[Admitted](t, out, 5)
	})
	t.Run("a new code binds who waits already", func(t *testing.T) {
		l := lobbied(t)
		out := l.do(NewCode{teacher})
		if d := one[Door](t, out, 4); d.State != ForCode || len(events[VisitorGone](out, teacher)) != 2 {
			t.Errorf("told %+v", d)
		}
		if len(l.do(Admit{Conn: teacher})) != 0 {
			t.Error("admitted without the code")
		}
	})
	t.Run("the same code set again binds nobody anew", func(t *testing.T) {
		l := lobbied(t)
		none[Door](t, l.do(SetCode{teacher, l.code[:3] + " " + l.code[3:]}), 4)
	})
	t.Run("locked, and open again", func(t *testing.T) {
		l := lobbied(t)
		if d := one[Door](t, l.set(SettingsChange{Locked: &on}), 4); d.State != ForUnlocking {
			t.Fatalf("told %+v", d)
		}
		if d := one[Door](t, l.set(SettingsChange{Locked: &off}), 4); d.State != ForAdmission {
			t.Fatalf("told %+v", d)
		}
	})
	t.Run("who goes is seen to go", func(t *testing.T) {
		l := lobbied(t)
		id := l.shown(4)
		if one[VisitorGone](t, l.do(Leave{Conn: 4, Lost: true}), teacher).ID != id {
			t.Error("another is gone")
		}
	})
	t.Run("an organiser who comes sees them", func(t *testing.T) {
		l := lobbied(t)
		a := one[Admitted](t, l.do(Knock{Conn: 9, Role: Organiser, Account: "a"}), 9)
		if len(a.Lobby) != 2 {
			t.Errorf("%d visitors", len(a.Lobby))
		}
	})
	t.Run("a pause and its end", func(t *testing.T) {
		l := lobbied(t)
		if d := one[Door](t, l.do(Leave{Conn: teacher, Lost: true}), 4); d.State != ForOrganiser {
			t.Fatalf("told %+v", d)
		}
		out := l.do(l.back(teacher, 9))
		if d := one[Door](t, out, 4); d.State != ForAdmission || len(events[VisitorCame](out, 9)) != 2 {
			t.Fatalf("told %+v", d)
		}
	})
	t.Run("returners do not wait", func(t *testing.T) {
		l := lobbied(t)
		l.do(Leave{Conn: mia, Lost: true})
		want[Admitted](t, l.do(l.back(mia, 9)), 9)
	})
}

func TestTurnAway(t *testing.T) {
	l := lobbied(t)
	id := l.shown(4)
	l.do(Knock{Conn: 6, Device: "tablet-4", Role: Participant}) // the same device once more
	out := l.do(TurnAway{teacher, id})
	for _, c := range []Conn{4, 6} {
		if one[Refused](t, out, c).Reason != TurnedAway {
			t.Errorf("%d was refused for another reason", c)
		}
	}
	again := Knock{Conn: 7, Name: "Another name", Device: "tablet-4", Role: Participant, Code: l.code}
	if want[Refused](t, l.do(again), 7).Reason != TurnedAway {
		t.Error("came back under another name")
	}
	l.do(Pardon{teacher})
	again.Conn = 8
	if d := want[Door](t, l.do(again), 8); d.State != ForAdmission {
		t.Errorf("after the pardon %+v", d)
	}
	if len(l.do(TurnAway{teacher, id})) != 0 {
		t.Error("turned away twice")
	}
}

func TestToLobby(t *testing.T) {
	l := newLesson(t, defaults())
	l.do(RaiseHand{mia, true})
	out := l.do(ToLobby{teacher, l.id(mia)})
	if d := one[Door](t, out, mia); d.State != ForAdmission || one[Left](t, out, ben).ID != l.id(mia) {
		t.Fatalf("told %+v", d)
	}
	v := one[VisitorCame](t, out, teacher).Visitor
	if v.Name != "Mia" || v.ID == l.id(mia) {
		t.Fatal("the organiser sees another one")
	}
	problem(t, l.do(Say{Conn: mia, Text: "?"}), mia, NotAllowed)
	t.Run("neither lock nor code come between", func(t *testing.T) {
		none[Door](t, l.set(SettingsChange{Locked: &on}), mia)
		none[Door](t, l.do(NewCode{teacher}), mia)
		l.set(SettingsChange{Locked: &off})
	})
	t.Run("the token brings only to the lobby", func(t *testing.T) {
		out := l.do(l.back(mia, 5))
		if d := one[Door](t, out, 5); d.State != ForAdmission || one[Ended](t, out, mia).Reason != Replaced {
			t.Fatalf("told %+v", d)
		}
	})
	t.Run("nor does the door", func(t *testing.T) {
		l.do(Leave{Conn: 5, Lost: true})
		for c, k := range map[Conn]Knock{6: l.back(mia, 6), 7: {Conn: 7, Name: "Pia", Device: "tablet-2", Role: Participant}} {
			k.Code = l.code
			if d := want[Door](t, l.do(k), c); d.State != ForAdmission {
				t.Errorf("told %+v", d)
			}
		}
	})
	t.Run("until admitted", func(t *testing.T) {
		want[Admitted](t, l.do(Admit{teacher, l.shown(6)}), 6)
		want[Admitted](t, l.do(Knock{Conn: 8, Device: "tablet-2", Role: Participant, Code: l.code}), 8)
	})
	t.Run("comes back as who it was", func(t *testing.T) {
		l := newLesson(t, defaults())
		l.do(RaiseHand{mia, true})
		l.do(ToLobby{teacher, l.id(mia)})
		if a := want[Admitted](t, l.do(Admit{Conn: teacher}), mia); a.Self.ID != l.id(mia) || a.Self.Hand != 1 || a.Self.Place != 2 {
			t.Errorf("came in as %+v", a.Self)
		}
	})
	t.Run("away", func(t *testing.T) {
		l := newLesson(t, defaults())
		l.do(Leave{Conn: mia, Lost: true, Media: true})
		l.do(ToLobby{teacher, l.id(mia)})
		k := l.back(mia, 6)
		k.Code = l.code
		if d := want[Door](t, l.do(k), 6); d.State != ForAdmission || l.Participants() != 2 {
			t.Errorf("told %+v", d)
		}
	})
	t.Run("no organiser", func(t *testing.T) {
		l := newLesson(t, defaults())
		problem(t, l.do(ToLobby{teacher, l.id(teacher)}), teacher, NotAllowed)
	})
}

// TestFullDoorKeepsWhoWasInside: a sleeping lesson's people do not lose their place to a crowd.
func TestFullDoorKeepsWhoWasInside(t *testing.T) {
	l, _ := asleep(t, defaults())
	for c := Conn(100); c < 100+2*MaxVisitors; c++ {
		l.do(Knock{Conn: c, Source: Source(rune(c % 7)), Role: Participant})
	}
	out := l.do(l.back(teacher, 9))
	one[Admitted](t, out, mia)
	one[Admitted](t, out, ben)
	if l.Visitors() > MaxVisitors {
		t.Errorf("%d at the door", l.Visitors())
	}
}
