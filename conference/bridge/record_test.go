package bridge

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// ledger is an Announcer that remembers all it was told.
type ledger struct {
	mu      sync.Mutex
	records map[cluster.RoomKey]cluster.Record
	all     []cluster.Record
	gone    int
	wrong   []string
}

func (l *ledger) Room(key cluster.RoomKey, r cluster.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.records == nil {
		l.records = map[cluster.RoomKey]cluster.Record{}
	}
	l.records[key] = r
	l.all = append(l.all, r)
}

func (l *ledger) Gone(key cluster.RoomKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.records[key]; !known {
		l.wrong = append(l.wrong, "a room is gone that was not there")
	}
	delete(l.records, key)
	l.gone++
}

// of returns the record of a room.
func (l *ledger) of(s *site, name string) (cluster.Record, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.records[cluster.KeyOf(s.key, name)]
	return r, ok
}

// has waits until the record is as it should be.
func (l *ledger) has(s *site, name, what string, is func(cluster.Record) bool) cluster.Record {
	s.t.Helper()
	var r cluster.Record
	eventually.True(s.t, "the record of "+what, func() bool {
		var ok bool
		r, ok = l.of(s, name)
		return ok && is(r)
	})
	return r
}

func announcing(l *ledger) func(*Config) { return func(c *Config) { c.Announce = l } }

func TestRoomsAreAnnounced(t *testing.T) {
	l := &ledger{}
	s := newSite(t, &fakeMedia{}, announcing(l))
	early := s.dial(admission("mathe", ""))
	early.send(signaling.Join{Name: "Jan Beispiel", Role: signaling.RoleParticipant})
	expect[signaling.Door](early)
	l.has(s, "mathe", "a room that has not begun", func(r cluster.Record) bool { return r.Epoch == "" && r.Participants == 0 })

	teacher, in := s.organiser("mathe")
	begun := l.has(s, "mathe", "a room that has begun", func(r cluster.Record) bool { return r.Epoch != "" && r.Participants == 1 })
	if !slices.Equal(begun.Organisers, []string{"account-1"}) || begun.CodeHash != cluster.CodeHash(s.key, "mathe", string(in.Room.Code)) {
		t.Fatalf("organisers %v, hash of the code: %v", begun.Organisers, begun.CodeHash)
	}
	teacher.send(signaling.SetCode{Code: "Igel 17"})
	l.has(s, "mathe", "another code", func(r cluster.Record) bool { return r.CodeHash == cluster.CodeHash(s.key, "mathe", "igel17") })
	teacher.send(lock(true))
	l.has(s, "mathe", "a locked room", func(r cluster.Record) bool { return r.Locked && r.Settings.Locked })
	teacher.send(lock(false))
	l.has(s, "mathe", "an unlocked room", func(r cluster.Record) bool { return !r.Locked })
	device := signaling.Device("u3Jr0d-V2k9_Qy7LhTnXwA")
	pupil := s.dial(admission("mathe", ""))
	pupil.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Code: "Igel-17", Device: device})
	expect[signaling.Door](pupil) // wrong: the hyphen counts
	pupil.send(signaling.EnterCode{Code: "igel 17"})
	pupilIn := expect[signaling.Joined](pupil)
	l.has(s, "mathe", "two inside", func(r cluster.Record) bool { return r.Participants == 2 })
	teacher.send(signaling.Remove{Participant: pupilIn.Self})
	expectLast(pupil, signaling.Ended{Reason: signaling.EndedRemoved})
	removed := l.has(s, "mathe", "a removal", func(r cluster.Record) bool { return len(r.Removed) == 2 && r.Participants == 1 })
	if strings.Contains(fmt.Sprint(removed.Removed), string(device)) {
		t.Error("the device's own ID is in the record")
	}

	teacher.close()
	l.has(s, "mathe", "the door alone", func(r cluster.Record) bool { return r.Epoch == "" && r.Participants == 0 })
	early.close()
	eventually.True(t, "the room is gone", func() bool { _, there := l.of(s, "mathe"); return !there })
	if len(l.wrong) > 0 || l.gone != 1 {
		t.Errorf("gone %d times; %v", l.gone, l.wrong)
	}
	for _, r := range l.all {
		if r.Epoch != "" && r.Epoch != begun.Epoch {
			t.Error("another epoch")
		}
	}
}

// TestAnnouncementsAlternate has rooms come and go quickly: at the end nobody believes in a room that is not there.
func TestAnnouncementsAlternate(t *testing.T) {
	l := &ledger{}
	s := newSite(t, &fakeMedia{}, announcing(l))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				c := s.dial(admission("mathe", "account-1"))
				c.send(signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser})
				if _, err := c.next(); err != nil {
					t.Errorf("not let in: %v", err)
				}
				c.close()
			}
		})
	}
	wg.Wait()
	eventually.True(t, "the room is gone", func() bool { _, there := l.of(s, "mathe"); return !there })
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wrong) > 0 {
		t.Errorf("%v", l.wrong)
	}
}

// heirs are two bridges of one county: a lesson on the first one, and what to restore it from on the second.
type heirs struct {
	*lesson
	second *site
	record cluster.Record
	heir   *ledger
}

func newHeirs(t *testing.T, before ...func(*lesson)) *heirs {
	t.Helper()
	first, heir := &ledger{}, &ledger{}
	key := token.NewKey()
	shared := func(c *Config) { c.Key = key }
	l := newLesson(t, announcing(first), shared)
	for _, f := range before {
		f(l)
	}
	// the record is told before the next message is looked at
	l.teacher.send(signaling.SendChat{Text: "Jetzt sind wir unter uns."})
	expect[signaling.Chat](l.teacher)
	h := &heirs{lesson: l, heir: heir}
	h.record, _ = first.of(l.site, "mathe")
	h.second = newSite(t, &fakeMedia{}, announcing(heir), shared)
	return h
}

// admission is what the portal would sign for the second bridge.
func (h *heirs) admission(account string) cluster.Admission {
	a := admission("mathe", account)
	a.Restore = &h.record
	return a
}

func (h *heirs) join(account string, j signaling.Join) *client {
	h.t.Helper()
	j.Name = "Mia Beispiel"
	c := h.second.dial(h.admission(account))
	c.send(j)
	return c
}

func TestRoomIsRestoredOnAnotherBridge(t *testing.T) {
	h := newHeirs(t)
	pupil := h.join("", signaling.Join{Role: signaling.RoleParticipant, Resume: h.pupilIn.Resume, Media: true})
	if in := expect[signaling.Joined](pupil); in.Self != h.pupilIn.Self || in.Media || len(in.Participants) != 1 {
		t.Fatalf("media %v, %d inside", in.Media, len(in.Participants))
	}
	h.heir.has(h.second, "mathe", "the same room", func(r cluster.Record) bool {
		return r.Epoch == h.record.Epoch && r.CodeHash == h.record.CodeHash && r.Participants == 1
	})
	stranger := h.join("", signaling.Join{Role: signaling.RoleParticipant})
	if d := expect[signaling.Door](stranger); d.State != signaling.DoorWaiting {
		t.Fatalf("the stranger before the organiser: %+v", d)
	}
	teacher := h.join("account-1", signaling.Join{Role: signaling.RoleOrganiser, Resume: h.in.Resume, Code: h.in.Room.Code})
	if in := expect[signaling.Joined](teacher); in.Self != h.in.Self || in.Room.Code != h.in.Room.Code {
		t.Fatalf("the organiser came back as somebody else, or the code is not known")
	}
	expect[signaling.ParticipantJoined](pupil)
	if d := expect[signaling.Door](stranger); d.State != signaling.DoorCode {
		t.Fatalf("the stranger: %+v", d)
	}
	for _, code := range []signaling.Code{"000000", "999999"} {
		stranger.send(signaling.EnterCode{Code: code})
		if d := expect[signaling.Door](stranger); !d.Wrong {
			t.Fatalf("a wrong code: %+v", d)
		}
	}
	late := h.join("", signaling.Join{Role: signaling.RoleParticipant, Code: h.in.Room.Code})
	expect[signaling.Joined](late)
	if n := h.second.bridge.Totals(); n.Rooms != 1 || n.Participants != 3 {
		t.Errorf("totals %+v", n)
	}
}

func TestVisitorMakesTheRestoredCodeKnown(t *testing.T) {
	h := newHeirs(t)
	teacher := h.join("account-1", signaling.Join{Role: signaling.RoleOrganiser, Resume: h.in.Resume})
	if in := expect[signaling.Joined](teacher); in.Room.Code != "" {
		t.Fatal("a code that nobody gave")
	}
	expect[signaling.Joined](h.join("", signaling.Join{Role: signaling.RoleParticipant, Code: h.in.Room.Code}))
	if m := expect[signaling.RoomCode](teacher); m.Code != h.in.Room.Code {
		t.Fatal("another code")
	}
	h.heir.has(h.second, "mathe", "the code that is known", func(r cluster.Record) bool { return r.CodeHash == h.record.CodeHash })
}

func TestRestoreOfARoomWhereSomebodyWaits(t *testing.T) {
	h := newHeirs(t)
	waiting := h.second.dial(admission("mathe", ""))
	waiting.send(signaling.Join{Name: "Jan Beispiel", Role: signaling.RoleParticipant, Code: h.in.Room.Code})
	expect[signaling.Door](waiting)
	teacher := h.join("account-1", signaling.Join{Role: signaling.RoleOrganiser, Resume: h.in.Resume})
	if in := expect[signaling.Joined](teacher); in.Self != h.in.Self {
		t.Fatal("came back as somebody else")
	}
	expect[signaling.Joined](waiting)
}

func TestRestoredLockAndRemoval(t *testing.T) {
	const device = "u3Jr0d-V2k9_Qy7LhTnXwA"
	var removed signaling.Joined
	h := newHeirs(t, func(l *lesson) {
		c := l.dial(admission("mathe", ""))
		c.send(signaling.Join{Name: "Ida Beispiel", Role: signaling.RoleParticipant, Code: l.in.Room.Code, Device: device})
		removed = expect[signaling.Joined](c)
		expect[signaling.ParticipantJoined](l.teacher)
		l.teacher.send(signaling.Remove{Participant: removed.Self})
		expect[signaling.ParticipantLeft](l.teacher)
		l.teacher.send(lock(true))
		expect[signaling.Settings](l.teacher)
	})
	teacher := h.join("account-1", signaling.Join{Role: signaling.RoleOrganiser, Resume: h.in.Resume})
	if in := expect[signaling.Joined](teacher); !in.Settings.Locked {
		t.Fatal("unlocked")
	}
	for name, j := range map[string]signaling.Join{
		"token": {Resume: removed.Resume, Device: device}, "device and code": {Device: device, Code: h.in.Room.Code},
	} {
		t.Run(name, func(t *testing.T) {
			j.Role = signaling.RoleParticipant
			expectLast(h.join("", j), signaling.Refused{Code: signaling.RefusedRemoved})
		})
	}
	if d := expect[signaling.Door](h.join("", signaling.Join{Role: signaling.RoleParticipant, Code: h.in.Room.Code})); d.State != signaling.DoorLocked {
		t.Fatalf("at the locked door: %+v", d)
	}
}

// TestRestoredRoomWaits for half a minute, and does not begin a second time from the same record once it is over.
func TestRestoredRoomWaits(t *testing.T) {
	for name, tt := range map[string]struct {
		after time.Duration
		back  bool
	}{"in time": {room.Linger - time.Second, true}, "too late": {room.Linger + time.Second, false}} {
		t.Run(name, func(t *testing.T) {
			inSimulatedTime(t, func(t *testing.T, s *site, _ *pipes) {
				record := cluster.Record{Epoch: "0123456789abcdef", CodeHash: cluster.CodeHash(s.key, "mathe", "482713"), Owner: "account-1",
					Organisers: []string{"account-1"}, Seats: []string{"7c1f:p1"}}
				a := admission("mathe", "")
				a.Restore = &record
				claims := resumeClaims{Room: "mathe", Epoch: record.Epoch, Participant: "7c1f", Role: room.Participant}
				resume := signaling.Token(token.Sign(s.key, token.PurposeResume, claims, time.Now().Add(time.Hour)))
				stranger := s.dial(a)
				stranger.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Code: "482713"})
				if d := expect[signaling.Door](stranger); d.State != signaling.DoorWaiting {
					t.Fatalf("the stranger: %+v", d)
				}
				if n := s.bridge.RoomsInUse(); n != 1 {
					t.Errorf("%d rooms in use", n)
				}
				_ = stranger.ws.CloseNow()
				time.Sleep(tt.after) // simulated
				synctest.Wait()
				c := s.dial(a)
				c.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Resume: resume})
				m, err := c.next()
				if _, back := m.(signaling.Joined); err != nil || back != tt.back {
					t.Errorf("told %T, %v", m, err)
				}
			})
		})
	}
}

// TestRestoreOutlivesItsConnection: the one who brought the record along is gone before it knocked.
func TestRestoreOutlivesItsConnection(t *testing.T) {
	l := &ledger{}
	s := newBridge(t, &fakeMedia{}, announcing(l))
	defer s.close()
	e, from := s.bridge.hold("mathe", &cluster.Record{Epoch: "e1", Participants: 3})
	if from == nil {
		t.Fatal("the record was not wanted")
	}
	s.bridge.release(e)
	l.has(s, "mathe", "the restored room", func(r cluster.Record) bool { return r.Epoch == "e1" && r.Participants == 0 })
	eventually.True(t, "the room is in use", func() bool { return s.bridge.RoomsInUse() == 1 })
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.all {
		if r.Epoch != "e1" {
			t.Errorf("announced as a room that has not begun")
		}
	}
}

func TestBuriedEpochsAreForgotten(t *testing.T) {
	now := time.Now()
	s := newBridge(t, &fakeMedia{}, func(c *Config) { c.Now = func() time.Time { return now } })
	defer s.close()
	wanted := func() bool {
		s.bridge.mu.Lock()
		defer s.bridge.mu.Unlock()
		return s.bridge.wanted(&cluster.Record{Epoch: "e1"}) != nil
	}
	s.bridge.bury("e1")
	if wanted() {
		t.Error("an epoch that is over would begin again")
	}
	now = now.Add(2 * cluster.AdmissionLifetime)
	if !wanted() {
		t.Error("still remembered when no admission can bring it back")
	}
	s.bridge.bury("e2")
	if len(s.bridge.over) != 1 {
		t.Errorf("%d epochs are remembered", len(s.bridge.over))
	}
}
