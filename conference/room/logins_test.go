package room

import "testing"

// TestAccountEndedAtTheDoor: a login that waits and ends is worth nothing when its account's lesson goes on.
func TestAccountEndedAtTheDoor(t *testing.T) {
	l := newLesson(t, defaults())
	want[Door](t, l.do(Knock{Conn: 4, Role: Organiser, Account: "b"}), 4)
	l.do(End{Conn: teacher})
	want[Door](t, l.do(Knock{Conn: 5, Role: Participant}), 5)
	out := l.do(EndAccounts{Ended: func(account string) bool { return account == "b" }})
	if one[Ended](t, out, 4).Reason != AccountDisabled || l.Visitors() != 1 {
		t.Fatalf("%d are at the door", l.Visitors())
	}
	none[Ended](t, out, 5)
	l.do(Knock{Conn: 6, Role: Organiser, Account: "b"}) // on the word of a portal that has not heard of it yet
	for _, p := range l.inside {
		if p.conn == 4 {
			t.Fatal("came in after all")
		}
	}
}

// TestAddressThatChangedHands: who began a lesson there goes on with it, and begins no other.
func TestAddressThatChangedHands(t *testing.T) {
	mine := Knock{Conn: 9, Role: Organiser, Account: "a", Owner: "b"}
	t.Run("the lesson goes on", func(t *testing.T) {
		l := newLesson(t, defaults())
		l.do(Leave{Conn: teacher})
		if a := want[Admitted](t, l.do(mine), 9); a.Self.Role != Organiser {
			t.Fatal("is no organiser of the own lesson")
		}
	})
	t.Run("the lesson is over", func(t *testing.T) {
		l := newLesson(t, defaults())
		for _, c := range []Conn{mia, ben, teacher} {
			l.do(Leave{Conn: c, Lost: c == teacher})
		}
		l.after(DefaultOrganiserGrace)
		if !l.Begun() {
			t.Fatal("the organiser is not expected")
		}
		epoch := l.epoch
		if d := want[Door](t, l.do(mine), 9); d.State != ForOrganiser || l.epoch != epoch {
			t.Fatalf("told %+v", d)
		}
		if want[Admitted](t, l.do(Knock{Conn: 10, Role: Organiser, Account: "b", Owner: "b"}), 10).Self.Role != Organiser {
			t.Fatal("the owner begins no lesson")
		}
	})
}

// TestSharedDevice: the next teacher begins on the very device that somebody was removed with before.
func TestSharedDevice(t *testing.T) {
	l := newLesson(t, defaults())
	l.do(Remove{Conn: teacher, Participant: l.id(mia)})
	next := Knock{Conn: 9, Role: Organiser, Account: "b", Device: l.devices[mia]}
	if want[Refused](t, l.do(next), 9).Reason != DeviceRemoved {
		t.Fatal("refused for another reason")
	}
	l.do(Leave{Conn: teacher})
	l.after(DefaultOrganiserGrace)
	want[Admitted](t, l.do(next), 9)
}

// TestRoleGoesBackOnADeviceThatWasSentOut: an organiser stays on it, a participant does not.
func TestRoleGoesBackOnADeviceThatWasSentOut(t *testing.T) {
	l := newLesson(t, defaults())
	l.enter(4, "Mia II", l.devices[mia])
	l.do(SetRole{Conn: teacher, Participant: l.id(mia), Role: Organiser})
	out := l.do(Remove{Conn: teacher, Participant: l.id(4)})
	none[Ended](t, out, mia)
	out = l.do(SetRole{Conn: teacher, Participant: l.id(mia), Role: Participant})
	if one[Ended](t, out, mia).Reason != Removed || l.named(l.id(mia)) != nil {
		t.Fatal("stays inside")
	}
}
