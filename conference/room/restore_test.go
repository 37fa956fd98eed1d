package room

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// moved is a room restored from the record of one with organiser 1 and participant 2, and what they were told there.
func moved(t *testing.T, before func(*Room)) (r *Room, teacher, pupil Admitted) {
	t.Helper()
	old := New(defaults(), rand.NewChaCha8([32]byte{1}))
	teacher = want[Admitted](t, old.Apply(noon, Knock{Conn: 1, Name: "Frau Ahorn", RoomName: "Klasse-5a", Role: Organiser, Account: "a"}), 1)
	pupil = want[Admitted](t, old.Apply(noon, Knock{Conn: 2, Device: "tablet", Role: Participant, Code: old.code}), 2)
	if before != nil {
		before(old)
	}
	rec := old.Record()
	r = New(defaults(), rand.NewChaCha8([32]byte{2}))
	out := r.Apply(noon, Restore{Epoch: rec.Epoch, Owner: rec.Owner, CodeHash: "#" + string(rec.Code), Settings: rec.Settings,
		Emergency: rec.Emergency, Organisers: rec.Organisers, Removed: rec.Removed, Seats: rec.Seats, Opens: func(c Code) bool { return c == rec.Code }})
	if b, ok := out[0].Event.(Begun); !ok || b.Epoch != rec.Epoch || len(out) != 1 {
		t.Fatalf("restored with %+v", out)
	}
	return r, teacher, pupil
}

func TestRestore(t *testing.T) {
	t.Run("who was inside comes back, who was not stays out", func(t *testing.T) {
		r, teacher, pupil := moved(t, nil)
		a := want[Admitted](t, r.Apply(noon, Knock{Conn: 2, Role: Participant, RoomName: "Klasse-5a", Resume: &pupil.Resume, Media: false}), 2)
		if a.Self.ID != pupil.Self.ID || a.RoomName != "Klasse-5a" || a.Back {
			t.Fatal("came back as somebody else")
		}
		if d := want[Door](t, r.Apply(noon, Knock{Conn: 3, Role: Participant, Code: pupil.Code}), 3); d.State == ForCode {
			t.Fatal("the door is open without an organiser")
		}
		out := r.Apply(noon, Knock{Conn: 1, Role: Organiser, Account: "a", Resume: &teacher.Resume})
		if want[Admitted](t, out, 1).Code != "" {
			t.Fatal("the code was told, and nobody knows it")
		}
		if d := want[Door](t, out, 3); d.State != ForCode {
			t.Fatalf("the stranger was told %+v", d)
		}
		if d := want[Door](t, r.Apply(noon, EnterCode{Conn: 3, Code: "wrong"}), 3); !d.Wrong {
			t.Fatalf("a wrong code: %+v", d)
		}
		if r.Record().CodeHash != "#"+string(teacher.Code) || r.Record().Code != "" {
			t.Fatal("the record has another code")
		}
		out = r.Apply(noon, EnterCode{Conn: 3, Code: teacher.Code})
		want[Admitted](t, out, 3)
		at := slices.IndexFunc(out, func(o Output) bool { e, is := o.Event.(CodeChanged); return is && e.Code == teacher.Code })
		if at < 0 || !slices.Equal(out[at].To, []Conn{1}) || r.Record().Code != teacher.Code || r.Record().CodeHash != "" {
			t.Fatal("the code is not known now, or told to others")
		}
	})
	t.Run("an organiser brings the code along", func(t *testing.T) {
		r, teacher, _ := moved(t, nil)
		k := Knock{Conn: 1, Role: Organiser, Account: "a", Resume: &teacher.Resume, Code: teacher.Code}
		if a := want[Admitted](t, r.Apply(noon, k), 1); a.Code != teacher.Code {
			t.Fatal("the code is not known")
		}
	})
	t.Run("a wrong one stays unknown", func(t *testing.T) {
		r, teacher, _ := moved(t, nil)
		k := Knock{Conn: 1, Role: Organiser, Account: "a", Resume: &teacher.Resume, Code: "wrong"}
		if a := want[Admitted](t, r.Apply(noon, k), 1); a.Code != "" || r.hidden == nil {
			t.Fatal("a wrong code was believed")
		}
	})
	t.Run("a participant's token proves no code", func(t *testing.T) {
		r, teacher, pupil := moved(t, nil)
		want[Admitted](t, r.Apply(noon, Knock{Conn: 2, Role: Participant, Resume: &pupil.Resume, Code: teacher.Code}), 2)
		if r.hidden == nil {
			t.Fatal("the code was looked at")
		}
	})
	t.Run("an organiser of the lesson without a token", func(t *testing.T) {
		r, teacher, pupil := moved(t, nil)
		a := want[Admitted](t, r.Apply(noon, Knock{Conn: 1, Role: Organiser, Account: "a"}), 1)
		if a.Resume.Epoch != teacher.Resume.Epoch || a.Code != "" {
			t.Fatal("another room, or a code that nobody knows")
		}
		want[Admitted](t, r.Apply(noon, Knock{Conn: 2, Role: Participant, Resume: &pupil.Resume}), 2)
	})
	t.Run("another's login", func(t *testing.T) {
		r, _, pupil := moved(t, nil)
		if d := want[Door](t, r.Apply(noon, Knock{Conn: 1, Role: Organiser, Account: "z"}), 1); !d.Taken {
			t.Fatalf("a stranger was told %+v", d)
		}
		want[Admitted](t, r.Apply(noon, Knock{Conn: 2, Device: "tablet", Role: Participant, Resume: &pupil.Resume}), 2)
	})
	t.Run("nobody comes", func(t *testing.T) {
		r, _, pupil := moved(t, nil)
		end := noon.Add(DefaultOrganiserGrace)
		for _, wait := range []time.Duration{0, Dormancy} {
			end = end.Add(wait)
			if next := r.Next(); !next.Equal(end) {
				t.Fatalf("waits until %v, want %v", next, end)
			}
			r.Apply(end, Tick{})
		}
		if !r.Idle() {
			t.Fatal("the room is still there")
		}
		want[Door](t, r.Apply(end, Knock{Conn: 2, Role: Participant, Resume: &pupil.Resume}), 2)
	})
	t.Run("locked and removed stay so", func(t *testing.T) {
		r, teacher, pupil := moved(t, func(old *Room) {
			old.Apply(noon, lock(1, true))
			old.Apply(noon, Remove{Conn: 1, Participant: old.inside[1].ID})
		})
		if a := want[Admitted](t, r.Apply(noon, Knock{Conn: 1, Role: Organiser, Account: "a", Resume: &teacher.Resume}), 1); !a.Settings.Locked {
			t.Fatal("unlocked")
		}
		for name, k := range map[string]Knock{"token": {Resume: &pupil.Resume}, "device": {Device: "tablet", Code: teacher.Code}} {
			k.Conn, k.Role = 3, Participant
			if e, ok := told(r.Apply(noon, k), 3).(Refused); !ok || e.Reason != DeviceRemoved {
				t.Errorf("came back by the %s", name)
			}
		}
		if d := want[Door](t, r.Apply(noon, Knock{Conn: 4, Role: Participant, Code: teacher.Code}), 4); d.State != ForUnlocking {
			t.Fatal("a newcomer came into the locked room")
		}
	})
	t.Run("a room that has begun stays as it is", func(t *testing.T) {
		r, now := begun(t, defaults())
		if out := r.Apply(now, Restore{Epoch: "other"}); len(out) != 0 || r.epoch == "other" {
			t.Fatal("another room now")
		}
	})
	t.Run("not from nothing", func(t *testing.T) {
		r := New(defaults(), rand.NewChaCha8([32]byte{}))
		if out := r.Apply(noon, Restore{}); len(out) != 0 || r.Begun() {
			t.Fatal("began")
		}
	})
	t.Run("without a code where one is required", func(t *testing.T) {
		r := New(defaults(), rand.NewChaCha8([32]byte{}))
		r.Apply(noon, Restore{Epoch: "e", Owner: "a"})
		if a := want[Admitted](t, r.Apply(noon, Knock{Conn: 1, Role: Organiser, Account: "a"}), 1); len(a.Code) != 6 {
			t.Fatal("no code")
		}
	})
	t.Run("without a code where that is allowed", func(t *testing.T) {
		r := New(Rules{MaxParticipants: 9}, rand.NewChaCha8([32]byte{}))
		r.Apply(noon, Restore{Epoch: "e", Owner: "a"})
		want[Admitted](t, r.Apply(noon, Knock{Conn: 1, Role: Organiser, Account: "a"}), 1)
		want[Admitted](t, r.Apply(noon, Knock{Conn: 2, Role: Participant}), 2)
	})
}

func TestRecord(t *testing.T) {
	r := New(defaults(), rand.NewChaCha8([32]byte{}))
	r.Apply(noon, Knock{Conn: 2, Role: Participant})
	if rec := r.Record(); rec.Epoch != "" || rec.Participants != 0 {
		t.Fatalf("before the beginning: %+v", rec)
	}
	r.Apply(noon, Knock{Conn: 1, Role: Organiser, Account: "b"})
	r.Apply(noon, Knock{Conn: 4, Role: Organiser, Account: "b"})
	r.Apply(noon, Knock{Conn: 3, Role: Organiser, Account: "a", Code: r.code})
	r.Apply(noon, Knock{Conn: 5, Role: Organiser, Account: "c", Code: r.code}) // whose login counts for nothing
	r.Apply(noon, SetRole{Conn: 1, Participant: r.participant(3).ID, Role: Organiser})
	r.Apply(noon, SetCode{Conn: 1, Code: "Igel 17"})
	rec := r.Record()
	if rec.Epoch == "" || rec.Code != "igel17" || !slices.Equal(rec.Organisers, []string{"a", "b"}) || rec.Participants != 4 || rec.Owner != "b" || len(rec.Seats) != 4 {
		t.Fatalf("organisers %v, %d participants, code as it is compared: %v", rec.Organisers, rec.Participants, rec.Code == "igel17")
	}
}
