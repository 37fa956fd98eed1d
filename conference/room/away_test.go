package room

import (
	"testing"
	"time"
)

// joined is a room of organiser 1 and participant 2, and what 2 was told.
func joined(t *testing.T) (*Room, Admitted) {
	t.Helper()
	r, now := begun(t, defaults())
	return r, want[Admitted](t, r.Apply(now, Knock{Conn: 2, Name: "Mia", Role: Participant, Code: r.code}), 2)
}

func TestAway(t *testing.T) {
	r, mia := joined(t)
	r.Apply(noon, SetState{Conn: 2, State: State{Mic: true}})
	if e := want[AwayChanged](t, r.Apply(noon, Leave{Conn: 2, Lost: true, Media: true}), 1); !e.Away || e.ID != mia.Self.ID {
		t.Fatalf("told %+v", e)
	}
	if r.Participants() != 2 || !r.Next().Equal(noon.Add(Linger)) {
		t.Fatalf("%d inside, next tick %v", r.Participants(), r.Next())
	}
	out := r.Apply(noon.Add(time.Second), Knock{Conn: 3, Role: Participant, Resume: &mia.Resume, Media: true})
	a := want[Admitted](t, out, 3)
	if !a.Media || !a.Back || a.Replaced != 0 || a.Self.ID != mia.Self.ID || !a.Self.State.Mic {
		t.Fatalf("came back as %+v", a.Self)
	}
	if e := want[AwayChanged](t, out, 1); e.Away {
		t.Fatal("still away")
	}
	if !r.Next().IsZero() {
		t.Fatal("the room still waits")
	}
}

func TestAwayEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		input Input
		after time.Duration
		gone  bool
	}{
		"after Linger":              {Tick{}, Linger, true},
		"not before":                {Tick{}, Linger - 1, false},
		"with the media":            {MediaEnded{Participant: "mia"}, time.Second, true},
		"not with another's media":  {MediaEnded{Participant: "other"}, time.Second, false},
		"when an organiser says so": {Remove{Conn: 1, Participant: "mia"}, time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			r, mia := joined(t)
			r.Apply(noon, Leave{Conn: 2, Lost: true, Media: true})
			in := tt.input
			switch i := in.(type) {
			case MediaEnded:
				if i.Participant == "mia" {
					in = MediaEnded{Participant: mia.Self.ID}
				}
			case Remove:
				in = Remove{Conn: 1, Participant: mia.Self.ID}
			}
			out := r.Apply(noon.Add(tt.after), in)
			if _, gone := told(out, 1).(Left); gone != tt.gone || (r.Participants() == 1) != tt.gone {
				t.Fatalf("told %T, %d inside", told(out, 1), r.Participants())
			}
		})
	}
	t.Run("not with the media while connected", func(t *testing.T) {
		r, mia := joined(t)
		if out := r.Apply(noon, MediaEnded{Participant: mia.Self.ID}); len(out) != 0 || r.Participants() != 2 {
			t.Fatalf("told %d events", len(out))
		}
	})
}

// TestLastOneAway: the room is there until half a minute after the last connection was lost, whatever the media do meanwhile.
func TestLastOneAway(t *testing.T) {
	for name, ends := range map[string]time.Duration{"media go on": 0, "media end": 10 * time.Second} {
		t.Run(name, func(t *testing.T) {
			r, mia := joined(t)
			r.Apply(noon, Leave{Conn: 1})
			r.Apply(noon, Leave{Conn: 2, Lost: true, Media: true})
			if ends > 0 {
				r.Apply(noon.Add(ends), MediaEnded{Participant: mia.Self.ID})
				if r.Participants() != 0 || !r.Begun() {
					t.Fatal("the room does not wait")
				}
			}
			if next := r.Next(); !next.Equal(noon.Add(Linger)) {
				t.Fatalf("next tick after %v", next.Sub(noon))
			}
			r.Apply(noon.Add(Linger), Tick{})
			if r.Begun() || !r.Idle() {
				t.Fatal("the room is still there")
			}
		})
	}
}

func TestReloadDropsTheState(t *testing.T) {
	r, mia := joined(t)
	r.Apply(noon, SetState{Conn: 2, State: State{Mic: true}})
	r.Apply(noon, Leave{Conn: 2, Lost: true, Media: true})
	out := r.Apply(noon, Knock{Conn: 3, Role: Participant, Resume: &mia.Resume})
	if a := want[Admitted](t, out, 3); a.Media || a.Self.State != (State{}) {
		t.Fatalf("admitted with media %v, state %+v", a.Media, a.Self.State)
	}
	if e := want[StateChanged](t, out, 1); e.State != (State{}) {
		t.Fatalf("the organiser believes in %+v", e.State)
	}
}

func TestLock(t *testing.T) {
	r, mia := joined(t)
	r.Apply(noon, Knock{Conn: 3, Role: Participant}) // is asked for the code
	if e, ok := told(r.Apply(noon, lock(2, true)), 2).(Problem); !ok || e.Code != NotAllowed || r.settings.Locked {
		t.Fatal("a participant locked the room")
	}
	out := r.Apply(noon, lock(1, true))
	for _, c := range []Conn{1, 2} {
		if !want[SettingsChanged](t, out, c).Settings.Locked {
			t.Fatal("not told so")
		}
	}
	if d := want[Door](t, out, 3); d.State != ForUnlocking || d.State == ForCode {
		t.Fatalf("who was asked for the code is told %+v", d)
	}
	if d := want[Door](t, r.Apply(noon, EnterCode{Conn: 3, Code: r.code}), 3); d.State != ForUnlocking {
		t.Fatalf("a code at the locked door: %+v", d)
	}
	if d := want[Door](t, r.Apply(noon, Knock{Conn: 4, Role: Participant, Code: r.code}), 4); d.State != ForUnlocking {
		t.Fatalf("a newcomer with the code: %+v", d)
	}
	want[Admitted](t, r.Apply(noon, Knock{Conn: 5, Role: Participant, Resume: &mia.Resume}), 5)
	want[Admitted](t, r.Apply(noon, Knock{Conn: 6, Role: Organiser, Account: "a"}), 6)
	out = r.Apply(noon, lock(1, false))
	if d := want[Door](t, out, 3); d.State != ForCode || d.Wrong {
		t.Fatalf("unlocked: %+v", d)
	}
	want[SettingsChanged](t, out[:1], 5)
	if _, in := told(out, 4).(Admitted); !in {
		t.Fatalf("who gave the code before was told %T", told(out, 4))
	}
	if out := r.Apply(noon, lock(1, false)); len(out) != 0 {
		t.Fatal("nothing changed, and somebody was told")
	}
}

func TestRemove(t *testing.T) {
	start := func() (*Room, Admitted) {
		r, now := begun(t, defaults())
		r.Apply(now, Knock{Conn: 9, Role: Organiser, Account: "a"})
		return r, want[Admitted](t, r.Apply(now, Knock{Conn: 2, Device: "tablet", Role: Participant, Code: r.code}), 2)
	}
	t.Run("is told and cannot come back", func(t *testing.T) {
		r, mia := start()
		r.Apply(noon, Knock{Conn: 3, Device: "tablet", Role: Participant})
		out := r.Apply(noon, Remove{Conn: 1, Participant: mia.Self.ID})
		if want[Ended](t, out, 2).Reason != Removed || want[Left](t, out, 1).ID != mia.Self.ID {
			t.Fatal("ended for another reason, or another left")
		}
		if want[Refused](t, out, 3).Reason != DeviceRemoved {
			t.Fatal("the same device still waits at the door")
		}
		for name, k := range map[string]Knock{
			"with the token":              {Resume: &mia.Resume},
			"with the device and a code":  {Device: "tablet", Code: r.code},
			"with the device and a token": {Device: "tablet", Resume: &mia.Resume},
		} {
			k.Conn, k.Role = 4, Participant
			if e, ok := told(r.Apply(noon, k), 4).(Refused); !ok || e.Reason != DeviceRemoved {
				t.Errorf("%s: came back", name)
			}
		}
		want[Admitted](t, r.Apply(noon, Knock{Conn: 5, Device: "other", Role: Participant, Code: r.code}), 5)
		want[Admitted](t, r.Apply(noon, Knock{Conn: 6, Device: "tablet", Role: Organiser, Account: "a"}), 6)
	})
	t.Run("does not come back with a token that was put by", func(t *testing.T) {
		r, mia := start()
		spare := want[Admitted](t, r.Apply(noon, Knock{Conn: 3, Device: "other", Role: Participant, Code: r.code}), 3)
		stays := want[Admitted](t, r.Apply(noon, Knock{Conn: 4, Role: Participant, Code: r.code}), 4)
		r.Apply(noon, Leave{Conn: 3, Lost: true})
		r.Apply(noon, Remove{Conn: 1, Participant: mia.Self.ID})
		r.Apply(noon, lock(1, true))
		if d := want[Door](t, r.Apply(noon, Knock{Conn: 5, Device: "other", Role: Participant, Resume: &spare.Resume}), 5); d.State != ForUnlocking {
			t.Error("the token of before opens a locked door")
		}
		want[Admitted](t, r.Apply(noon, Knock{Conn: 6, Role: Participant, Resume: &stays.Resume}), 6) // was inside all the time
		r.Apply(noon, Leave{Conn: 6, Lost: true})
		want[Admitted](t, r.Apply(noon, Knock{Conn: 7, Role: Participant, Resume: &stays.Resume}), 7) // left afterwards
	})
	t.Run("who may not", func(t *testing.T) {
		r, mia := start()
		pupil := want[Admitted](t, r.Apply(noon, Knock{Conn: 3, Role: Participant, Code: r.code}), 3)
		for name, m := range map[string]Remove{
			"a participant another": {Conn: 3, Participant: mia.Self.ID},
			"a participant oneself": {Conn: 3, Participant: pupil.Self.ID},
			"an organiser oneself":  {Conn: 1, Participant: r.inside[0].ID},
			"an organiser another":  {Conn: 1, Participant: r.inside[1].ID},
			"a stranger":            {Conn: 77, Participant: mia.Self.ID},
		} {
			out := r.Apply(noon, m)
			if e, ok := told(out, m.Conn).(Problem); !ok || e.Code != NotAllowed || len(out) != 1 || r.Participants() != 4 {
				t.Errorf("%s: told %d events, %d inside", name, len(out), r.Participants())
			}
		}
		if out := r.Apply(noon, Remove{Conn: 1, Participant: "gone"}); len(out) != 0 {
			t.Error("removing somebody who is gone is told")
		}
	})
	t.Run("is forgotten with the room", func(t *testing.T) {
		r, mia := start()
		r.Apply(noon, Remove{Conn: 1, Participant: mia.Self.ID})
		r.Apply(noon, Leave{Conn: 1})
		r.Apply(noon, Leave{Conn: 9})
		r.Apply(noon, Knock{Conn: 10, Role: Organiser, Account: "a"})
		want[Admitted](t, r.Apply(noon, Knock{Conn: 11, Device: "tablet", Role: Participant, Code: r.code}), 11)
	})
	t.Run("is bounded", func(t *testing.T) {
		var r removals
		for i := range 3 * MaxRemoved {
			r.ids.add(string(rune('a' + i)))
			for _, m := range r.marked() {
				m.devices.add(Device(rune('a' + i)))
			}
		}
		if again := removalsOf(r.record()); len(r.record()) != 4*MaxRemoved || len(again.record()) != 4*MaxRemoved {
			t.Errorf("%d and %d entries", len(r.record()), len(again.record()))
		}
	})
}

func TestNotice(t *testing.T) {
	r, _ := joined(t)
	at := noon.Add(5 * time.Minute)
	if e := want[Noticed](t, r.Apply(noon, SetNotice{At: at}), 2); !e.At.Equal(at) {
		t.Fatal("another time")
	}
	if e := want[Noticed](t, r.Apply(noon, Knock{Conn: 3, Role: Participant, Code: r.code}), 3); !e.At.Equal(at) {
		t.Fatal("who came later was told another time")
	}
	for _, c := range []Conn{1, 2, 3} {
		r.Apply(noon, Leave{Conn: c})
	}
	want[Noticed](t, r.Apply(noon, Knock{Conn: 4, Role: Organiser, Account: "a"}), 4) // in the next room
	if out := r.Apply(noon, SetNotice{}); len(out) != 0 {
		t.Fatal("nothing to tell, and somebody was told")
	}
	if _, ok := told(r.Apply(noon, Knock{Conn: 5, Role: Organiser, Account: "a"}), 5).(Admitted); !ok {
		t.Fatal("a notice that was taken back")
	}
}

func TestDrained(t *testing.T) {
	r, mia := joined(t)
	teacher := want[Admitted](t, r.Apply(noon, Knock{Conn: 3, Role: Organiser, Account: "a", Drained: true}), 3) // the room runs
	r.Apply(noon, Leave{Conn: 1})
	r.Apply(noon, Leave{Conn: 3, Lost: true})
	r.Apply(noon, Leave{Conn: 2})
	later := noon.Add(time.Minute)
	for _, account := range []string{"a", "b"} { // paused, with nobody there; then a lesson would begin
		out := r.Apply(later, Knock{Conn: 4, Role: Organiser, Account: account, Drained: true})
		if e, ok := told(out, 4).(Refused); account == "a" && (!ok || e.Reason != Busy) {
			t.Fatalf("who would begin a lesson was told %T", told(out, 4))
		} else if d, ok := told(out, 4).(Door); account == "b" && (!ok || !d.Taken) {
			t.Fatalf("somebody else was told %T", told(out, 4))
		}
	}
	want[Admitted](t, r.Apply(later, Knock{Conn: 5, Role: Organiser, Account: "a", Resume: &teacher.Resume, Drained: true}), 5)
	want[Admitted](t, r.Apply(later, Knock{Conn: 6, Role: Participant, Resume: &mia.Resume, Drained: true}), 6)
	for _, c := range []Conn{5, 6} {
		r.Apply(later, Leave{Conn: c})
	}
	if want[Refused](t, r.Apply(later, Knock{Conn: 7, Role: Organiser, Account: "b", Drained: true}), 7).Reason != Busy || r.Begun() {
		t.Fatal("a room began")
	}
}
