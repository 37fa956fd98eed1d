package room

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestSeatReadsWhatItWrote(t *testing.T) {
	for _, want := range []Person{
		{ID: "0123456789abcdef", Role: Participant, Place: 1},
		{ID: "0123456789abcdef", Role: Organiser, Place: 70},
		{ID: "0123456789abcdef", Role: Participant, Place: 12, Hand: 345},
		{ID: "0123456789abcdef", Role: Participant, Place: 2, Held: true},
		{ID: "0123456789abcdef", Role: Participant, Place: 2, Except: Exceptions{Microphone: Yes, Camera: No, Shown: Yes}},
		{ID: "0123456789abcdef", Role: Participant, Place: 2, Hand: 1, Held: true, Except: Exceptions{Chat: No, Screen: Yes}},
	} {
		p := participant{Person: want}
		for _, mark := range []string{"", "l"} {
			got, left := seatOf(p.seat() + mark)
			if got == nil || got.Person != want || left != (mark != "") || !got.recorded {
				t.Errorf("%s reads as %+v", p.seat()+mark, got)
			}
		}
	}
}

func TestSeatOfNothing(t *testing.T) {
	for _, s := range []string{"", ":", "ab", "ab:", "ab:p", "ab:x1", "AB:p1", ":p1", "ab:p1h", "ab:p1e", "ab:p1e++++", "ab:p1e++++++", "ab:p1lx", "ab:p1 ",
		"ab:p-1", "ab:p1234567890", "ab:p1h1234567890", strings.Repeat("a", 33) + ":p1", "ab:p1\n"} {
		if p, _ := seatOf(s); p != nil {
			t.Errorf("%q reads as %+v", s, p.Person)
		}
	}
	if p, _ := seatOf("ab:o1x"); p == nil || p.Held {
		t.Error("an organiser is held")
	}
}

func FuzzSeat(f *testing.F) {
	f.Add("0123456789abcdef:p12h3e+-0+0xl")
	f.Add("ab:o1")
	f.Fuzz(func(t *testing.T, s string) {
		p, left := seatOf(s)
		if p == nil {
			return
		}
		again, _ := seatOf(p.seat())
		if again == nil || again.Person != p.Person || p.Place < 0 || p.Hand < 0 || left != strings.HasSuffix(s, "l") {
			t.Errorf("%q reads as %+v, and that as %+v", s, p.Person, again)
		}
	})
}

// TestSeatsOnAnotherBridge: everybody is who they were, wherever they were when the bridge died.
func TestSeatsOnAnotherBridge(t *testing.T) {
	l := newLesson(t, defaults())
	l.enter(4, "Cem", "tablet-4")
	l.enter(5, "Dana", "tablet-5")
	l.enter(6, "Emil", "tablet-6")
	l.enter(7, "Fine", "tablet-7")
	l.do(RaiseHand{ben, true})
	l.do(RaiseHand{mia, true})
	l.do(Allow{teacher, l.id(ben), RightScreen, Yes})
	l.do(SetRole{teacher, l.id(4), Organiser})
	l.do(ToLobby{teacher, l.id(5)})
	l.do(Leave{Conn: ben, Lost: true})
	l.do(Leave{Conn: 6}) // on purpose
	l.do(Remove{teacher, "nobody"})
	l.do(Emergency{teacher, true}) // tokens of Ben and Emil end
	l.do(Leave{Conn: mia, Lost: true})
	l.do(Leave{Conn: 7})
	rec := l.Record()
	if len(rec.Seats) != 4 || slices.ContainsFunc(rec.Seats, func(s string) bool { return strings.ContainsAny(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") }) {
		t.Fatalf("seats %q", rec.Seats)
	}
	l.Room = New(defaults(), rand.NewChaCha8([32]byte{7}))
	rec.Seats = append(rec.Seats, "nonsense", rec.Seats[0])
	l.do(Restore{Epoch: rec.Epoch, Owner: rec.Owner, CodeHash: "#", Opens: func(c Code) bool { return c == rec.Code }, Settings: rec.Settings,
		Emergency: rec.Emergency, Organisers: rec.Organisers, Removed: rec.Removed, Seats: rec.Seats})
	k := l.back(4, 14)
	k.Name = "Cem"
	if a := want[Admitted](t, l.do(k), 14); a.Self.Role != Organiser || a.Self.Place != 4 || a.Self.Name != "Cem" || !a.Emergency || !a.PausedUntil.IsZero() {
		t.Errorf("Cem came back as %+v", a.Self)
	}
	if a := want[Admitted](t, l.do(l.back(mia, 12)), 12); !a.Self.Held || a.Self.Hand != 2 || a.Self.Place != 2 {
		t.Errorf("Mia came back as %+v", a.Self)
	}
	if a := want[Admitted](t, l.do(l.back(teacher, 11)), 11); a.Self.Role != Organiser || a.Self.Place != 1 || a.People[0].ID != l.id(teacher) {
		t.Errorf("the teacher came back as %+v", a.Self)
	}
	want[Admitted](t, l.do(l.back(7, 17)), 17)
	for _, c := range []Conn{ben, 5, 6} { // whose tokens had ended
		if d := want[Door](t, l.do(l.back(c, 20+c)), 20+c); d.State != ForUnlocking {
			t.Errorf("%d was told %+v", c, d)
		}
	}
	l.do(lock(11, false))
	if d := want[Door](t, l.do(EnterCode{25, rec.Code}), 25); d.State != ForAdmission { // was sent back to the lobby
		t.Errorf("Dana was told %+v", d)
	}
	if a := want[Admitted](t, l.do(EnterCode{23, rec.Code}), 23); a.Self.Place <= 7 || a.Self.Except != (Exceptions{}) {
		t.Errorf("Ben came in as %+v", a.Self)
	}
	problem(t, l.do(RaiseHand{99, true}), 99, NotAllowed)
	l.do(RaiseHand{23, true})
	if h := l.participant(23).Hand; h != 3 {
		t.Errorf("the next hand is %d", h)
	}
}

func TestReturnersAreBounded(t *testing.T) {
	var r returners
	teacher := &participant{Person: Person{Role: Organiser}}
	r.add(teacher)
	for range 2 * maxReturners {
		r.add(&participant{Person: Person{Role: Participant}})
	}
	if len(r.people) != maxReturners || r.people[0] != teacher {
		t.Fatalf("%d people, and the teacher is forgotten", len(r.people))
	}
	for range 2 * maxReturners {
		r.add(&participant{Person: Person{Role: Organiser}})
	}
	if len(r.people) != maxReturners {
		t.Fatalf("%d people", len(r.people))
	}
}

// TestRecordIsBounded fills everything that goes into a record.
func TestRecordIsBounded(t *testing.T) {
	l := newLesson(t, defaults())
	for c := Conn(100); c < 100+3*maxReturners; c++ {
		l.enter(c, "Gast", "")
		l.do(Leave{Conn: c, Lost: true})
	}
	rec := l.Record()
	if len(rec.Seats) != maxRecordedSeats || !strings.HasPrefix(rec.Seats[len(rec.Seats)-3], l.id(teacher)) {
		t.Fatalf("%d seats, and not those inside last", len(rec.Seats))
	}
}

// TestRoomForTheOrganiser: a full room has a place for the one that it waits for, and for nobody else.
func TestRoomForTheOrganiser(t *testing.T) {
	l := newLesson(t, Rules{MaxParticipants: 3, CodeRequired: true})
	if want[Refused](t, l.do(Knock{Conn: 4, Role: Organiser, Account: "a"}), 4).Reason != RoomFull {
		t.Fatal("a second organiser in a full room")
	}
	l.do(Leave{Conn: teacher, Lost: true})
	l.do(SetState{Conn: mia})
	k := l.back(ben, 5) // takes no second place
	want[Admitted](t, l.do(k), 5)
	l.rules.MaxParticipants = 2
	want[Admitted](t, l.do(l.back(teacher, 6)), 6)
	l.do(Leave{Conn: mia, Lost: true})
	if want[Refused](t, l.do(l.back(mia, 7)), 7).Reason != RoomFull {
		t.Fatal("refused for another reason")
	}
	l.do(Leave{Conn: 5})
	if a := want[Admitted](t, l.do(l.back(mia, 8)), 8); a.Self.Place != 2 { // refused before, and still the same
		t.Fatalf("came back as %+v", a.Self)
	}
}
