package bridge

import (
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

func TestEvict(t *testing.T) {
	l := &ledger{}
	le := newLesson(t, announcing(l))
	door := le.dial(admission("mathe", ""))
	door.send(signaling.Join{Name: "Jan Beispiel", Role: signaling.RoleParticipant})
	expect[signaling.Door](door)
	elsewhere := le.dial(admission("deutsch", ""))
	elsewhere.send(signaling.Join{Name: "Ida Beispiel", Role: signaling.RoleParticipant})
	expect[signaling.Door](elsewhere)

	le.bridge.Evict(cluster.KeyOf(le.key, "mathe"))
	le.bridge.Evict(cluster.KeyOf(le.key, "nowhere"))
	for _, c := range []*client{le.teacher, le.pupil, door} {
		expectLast(c, signaling.Ended{Reason: signaling.EndedMoved})
	}
	eventually.True(t, "the room is gone", func() bool { _, there := l.of(le.site, "mathe"); return !there && le.bridge.RoomsInUse() == 0 })
	if !le.media.room(0).isClosed() {
		t.Error("the media of the room are left")
	}
	// The room may come back with its record, at once: it is not over.
	a := admission("mathe", "")
	a.Restore = &cluster.Record{Epoch: l.all[len(l.all)-1].Epoch}
	le.bridge.Evict(cluster.KeyOf(le.key, "deutsch"))
	expectLast(elsewhere, signaling.Ended{Reason: signaling.EndedMoved})
	for _, r := range l.all {
		if r.Epoch != "" {
			a.Restore = &r
		}
	}
	back := le.dial(a)
	back.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Resume: le.pupilIn.Resume})
	if in := expect[signaling.Joined](back); in.Self != le.pupilIn.Self {
		t.Error("came back as somebody else")
	}
}

// TestEvictWhoIsAway leaves nothing of somebody who has no connection.
func TestEvictWhoIsAway(t *testing.T) {
	l := newLesson(t)
	_ = l.pupil.ws.CloseNow()
	l.away(true)
	l.bridge.Evict(cluster.KeyOf(l.key, "mathe"))
	expectLast(l.teacher, signaling.Ended{Reason: signaling.EndedMoved})
	eventually.True(t, "the session is closed", func() bool { return l.session() == nil })
}

func TestNotice(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	teacher, in := s.organiser("mathe")
	at := time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC)
	want := signaling.Notice{Kind: signaling.NoticeRestart, At: at.UnixMilli()}
	s.bridge.Notice(at)
	if m := expect[signaling.Notice](teacher); m != want {
		t.Errorf("told %+v", m)
	}
	pupil, _ := s.pupil("mathe", in.Room.Code)
	later, _ := s.organiser("deutsch")
	for _, c := range []*client{pupil, later} {
		if m := expect[signaling.Notice](c); m != want {
			t.Errorf("who came later was told %+v", m)
		}
	}
	expect[signaling.ParticipantJoined](teacher)
	at = at.Add(30 * time.Minute)
	s.bridge.Notice(at)
	for _, c := range []*client{teacher, pupil, later} {
		if m := expect[signaling.Notice](c); m.At != at.UnixMilli() {
			t.Errorf("told %+v", m)
		}
	}
	s.bridge.Notice(time.Time{})
	last, _ := s.organiser("physik")
	last.send(signaling.SendChat{Text: "Guten Abend"})
	expect[signaling.Chat](last)
}

func TestDrainNew(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	_, in := s.organiser("mathe")
	s.bridge.DrainNew(true)
	s.pupil("mathe", in.Room.Code) // what runs goes on
	late := s.dial(admission("deutsch", "account-1"))
	late.send(signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser})
	expectLast(late, signaling.Refused{Code: signaling.RefusedBusy})
	door := s.dial(admission("deutsch", ""))
	door.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant})
	expect[signaling.Door](door)
	restored := admission("physik", "account-1")
	restored.Restore = &cluster.Record{Epoch: "e1", Owner: "account-1", Organisers: []string{"account-1"}}
	c := s.dial(restored)
	c.send(signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser})
	expect[signaling.Joined](c)
	if n := s.bridge.RoomsInUse(); n != 2 {
		t.Errorf("%d rooms in use", n)
	}
	s.bridge.DrainNew(false)
	s.organiser("deutsch")
}

func TestTotals(t *testing.T) {
	l := newLesson(t)
	l.teacher.send(signaling.SendChat{Text: "Guten Morgen"})
	expect[signaling.Chat](l.teacher)
	expect[signaling.Chat](l.pupil)
	expect[signaling.Joined](l.back()) // nobody new
	l.organiser("deutsch")
	if got, want := l.bridge.Totals(), (Totals{Rooms: 2, Participants: 3, Messages: 1}); got != want {
		t.Errorf("totals %+v, want %+v", got, want)
	}
	if n := l.bridge.RoomsInUse(); n != 2 {
		t.Errorf("%d rooms in use", n)
	}
}
