package bridge

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// lesson is a teacher and a pupil inside, the pupil with a media session.
type lesson struct {
	*site
	media   *fakeMedia
	teacher *client
	pupil   *client
	in      signaling.Joined // the teacher's
	pupilIn signaling.Joined
}

func (s *site) lesson(media *fakeMedia) *lesson {
	s.t.Helper()
	l := &lesson{site: s, media: media}
	l.teacher, l.in = s.organiser("mathe")
	l.pupil, l.pupilIn = s.pupil("mathe", l.in.Room.Code)
	expect[signaling.ParticipantJoined](l.teacher)
	l.pupil.send(signaling.Offer{SDP: "v=0"})
	expect[signaling.Answer](l.pupil)
	expect[signaling.Slots](l.pupil)
	return l
}

func newLesson(t *testing.T, change ...func(*Config)) *lesson {
	t.Helper()
	media := &fakeMedia{}
	return newSite(t, media, change...).lesson(media)
}

// session is the pupil's.
func (l *lesson) session() *fakeSession { return l.media.room(0).session(l.pupilIn.Self) }

// away has the teacher told whether the pupil is away.
func (l *lesson) away(is bool) {
	l.t.Helper()
	if m := expect[signaling.ParticipantAway](l.teacher); m.ID != l.pupilIn.Self || m.Away != is {
		l.t.Fatalf("told %+v, want away: %v", m, is)
	}
}

// back has the pupil connect again with its PeerConnection.
func (l *lesson) back() *client {
	l.t.Helper()
	c := l.dial(admission("mathe", ""))
	c.send(signaling.Join{Name: "Wieder da", Role: signaling.RoleParticipant, Resume: l.pupilIn.Resume, Media: true})
	return c
}

func TestMediaGoOnWithoutAConnection(t *testing.T) {
	l := newLesson(t)
	session := l.session()
	l.pupil.send(signaling.State{Mic: true})
	expect[signaling.ParticipantState](l.teacher)
	_ = l.pupil.ws.CloseNow()
	l.away(true)
	session.events.Speakers([]string{l.in.Self}) // nobody hears it
	session.events.Slots(nil, nil)

	again := l.back()
	in := expect[signaling.Joined](again)
	if !in.Media || in.Self != l.pupilIn.Self || len(in.Participants) != 2 || !in.Participants[1].Mic || in.Participants[1].Away {
		t.Fatalf("media %v, %d inside, self %+v", in.Media, len(in.Participants), in.Participants[1])
	}
	if m := expect[signaling.Slots](again); len(m.Audio) != 0 {
		t.Fatalf("stale slots: %+v", m)
	}
	if m := expect[signaling.Speakers](again); len(m.IDs) != 1 || m.IDs[0] != l.in.Self {
		t.Fatalf("stale speakers: %+v", m)
	}
	l.away(false)
	again.send(signaling.View{Want: []signaling.Want{{Participant: l.in.Self, Source: signaling.SourceCamera, Height: 360}}})
	eventually.True(t, "the view reaches the session", func() bool { return len(session.viewed()) == 1 })
	session.events.Speakers(nil)
	expect[signaling.Speakers](again)
	if l.session() != session || l.media.room(0).doubled {
		t.Error("there is another session")
	}
	l.teacher.send(signaling.SendChat{Text: "Alle da?"})
	expect[signaling.Chat](l.teacher) // and nothing before: nobody left, nobody's state changed
}

func TestMediaPassToANewConnection(t *testing.T) {
	l := newLesson(t)
	session := l.session()
	again := l.back()
	if in := expect[signaling.Joined](again); !in.Media {
		t.Fatal("the media ended")
	}
	expect[signaling.Slots](again)
	expect[signaling.Speakers](again)
	expectLast(l.pupil, signaling.Ended{Reason: signaling.EndedReplaced})
	again.send(signaling.Offer{SDP: "v=1"}) // all the same: a new session
	if a := expect[signaling.Answer](again); string(a.SDP) != "answer to v=1" {
		t.Fatal("another answer")
	}
	if l.session() == session || l.media.room(0).doubled {
		t.Error("the old session is still there")
	}
	l.teacher.send(signaling.SendChat{Text: "Alle da?"})
	expect[signaling.Chat](l.teacher)
}

// TestWithoutMediaNobodyIsAway: whoever has no session, or whose session ends, is gone at once.
func TestWithoutMediaNobodyIsAway(t *testing.T) {
	for name, end := range map[string]func(*lesson){
		"the session fails first": func(l *lesson) {
			l.session().events.Failed(errTest)
			expect[signaling.Problem](l.pupil)
			_ = l.pupil.ws.CloseNow()
		},
		"the session fails later": func(l *lesson) {
			_ = l.pupil.ws.CloseNow()
			l.away(true)
			l.session().events.Failed(errTest)
		},
		"the page is closed, and its session fails": func(l *lesson) {
			_ = l.pupil.ws.Close(websocket.StatusGoingAway, "")
			l.away(true)
			l.session().events.Failed(errTest)
		},
		"the participant leaves": func(l *lesson) { l.pupil.send(signaling.Leave{}) },
		"closed on purpose":      func(l *lesson) { l.pupil.close() },
		"refused":                func(l *lesson) { l.pupil.raw(`{"type":"shout"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLesson(t)
			end(l)
			if m := expect[signaling.ParticipantLeft](l.teacher); m.ID != l.pupilIn.Self {
				t.Errorf("left: %s", m.ID)
			}
			eventually.True(t, "the session is closed", func() bool { return l.session() == nil })
			if in := expect[signaling.Joined](l.back()); in.Media {
				t.Error("media of nobody go on")
			}
		})
	}
}

func TestReloadedPageBeginsAnew(t *testing.T) {
	l := newLesson(t)
	old := l.session()
	l.pupil.send(signaling.State{Mic: true})
	expect[signaling.ParticipantState](l.teacher)
	_ = l.pupil.ws.Close(websocket.StatusGoingAway, "")
	l.away(true)
	again := l.resume("mathe", "", l.pupilIn, signaling.RoleParticipant)
	if in := expect[signaling.Joined](again); in.Media {
		t.Fatal("media that nobody asked for")
	}
	l.away(false)
	if m := expect[signaling.ParticipantState](l.teacher); m.Mic {
		t.Fatal("the microphone is still on")
	}
	eventually.True(t, "the old session is closed", func() bool { return l.session() == nil })
	old.events.Speakers([]string{l.in.Self}) // a straggler
	again.send(signaling.Offer{SDP: "v=1"})
	expect[signaling.Answer](again)
	expect[signaling.Slots](again)
	if l.session() == nil {
		t.Error("no session after the offer")
	}
}

func TestAwayForHalfAMinute(t *testing.T) {
	for name, tt := range map[string]struct {
		away time.Duration
		back bool
	}{"in time": {room.Linger - time.Second, true}, "too late": {room.Linger + time.Second, false}} {
		t.Run(name, func(t *testing.T) {
			withMedia(t, func() *fakeMedia { return &fakeMedia{} }, func(t *testing.T, s *site, _ *pipes, media *fakeMedia) {
				l := s.lesson(media)
				_ = l.pupil.ws.CloseNow()
				l.away(true)
				told := make(chan string, 1)
				go func() { // answers pings
					_, frame, _ := l.teacher.ws.Read(context.Background())
					told <- string(frame)
				}()
				time.Sleep(tt.away) // simulated
				synctest.Wait()
				if there := l.session() != nil; there != tt.back {
					t.Errorf("the session is there: %v", there)
				}
				again := l.back()
				if in := expect[signaling.Joined](again); in.Media != tt.back || in.Self != l.pupilIn.Self {
					t.Errorf("media go on: %v", in.Media)
				}
				want := `{"type":"participantLeft","id":"` + l.pupilIn.Self + `"}`
				if tt.back {
					want = `{"type":"participantAway","id":"` + l.pupilIn.Self + `","away":false}`
				}
				if got := <-told; got != want {
					t.Errorf("told %s, want %s", got, want)
				}
			})
		})
	}
}

// TestTheLastOneAway ends the room when nobody comes back.
func TestTheLastOneAway(t *testing.T) {
	withMedia(t, func() *fakeMedia { return &fakeMedia{} }, func(t *testing.T, s *site, _ *pipes, media *fakeMedia) {
		l := s.lesson(media)
		l.teacher.close()
		_ = l.pupil.ws.CloseNow()
		time.Sleep(room.Linger - time.Second) // simulated
		if n := s.bridge.RoomsInUse(); n != 1 {
			t.Errorf("%d rooms in use", n)
		}
		time.Sleep(2 * time.Second) // simulated
		synctest.Wait()
		if n := s.bridge.RoomsInUse(); n != 0 || !media.room(0).isClosed() {
			t.Errorf("%d rooms in use", n)
		}
	})
}

// TestABugInSomebodysMedia ends that participant alone.
func TestABugInSomebodysMedia(t *testing.T) {
	l := newLesson(t)
	l.media.mu.Lock()
	l.media.join = func(string, string) error { panic(errTest) }
	l.media.mu.Unlock()
	l.pupil.send(signaling.Offer{SDP: "v=1"})
	expectLast(l.pupil, signaling.Ended{Reason: signaling.EndedRestart})
	expect[signaling.ParticipantLeft](l.teacher)
	l.media.mu.Lock()
	l.media.join = nil
	l.media.mu.Unlock()
	again := l.back()
	if in := expect[signaling.Joined](again); in.Media {
		t.Fatal("broken media go on")
	}
	again.send(signaling.Offer{SDP: "v=2"})
	expect[signaling.Answer](again)
}

func TestLockAndRemove(t *testing.T) {
	const device = "u3Jr0d-V2k9_Qy7LhTnXwA"
	s := newSite(t, &fakeMedia{})
	teacher, in := s.organiser("mathe")
	join := func(device signaling.Device) *client {
		c := s.dial(admission("mathe", ""))
		c.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Code: in.Room.Code, Device: device})
		return c
	}
	pupil := join(device)
	pupilIn := expect[signaling.Joined](pupil)
	expect[signaling.ParticipantJoined](teacher)
	pupil.send(lock(true))
	if p := expect[signaling.Problem](pupil); p.Code != signaling.ErrorNotAllowed {
		t.Fatalf("locked by a pupil: %+v", p)
	}
	teacher.send(lock(true))
	for _, c := range []*client{teacher, pupil} {
		if m := expect[signaling.Settings](c); !m.Locked {
			t.Fatal("told to be unlocked")
		}
	}
	late := join("")
	if d := expect[signaling.Door](late); d.State != signaling.DoorLocked {
		t.Fatalf("at the locked door: %+v", d)
	}
	teacher.send(signaling.Remove{Participant: pupilIn.Self})
	expectLast(pupil, signaling.Ended{Reason: signaling.EndedRemoved})
	expect[signaling.ParticipantLeft](teacher)
	teacher.send(lock(false))
	expect[signaling.Settings](teacher)
	expect[signaling.Joined](late)
	expect[signaling.ParticipantJoined](teacher)
	expectLast(join(device), signaling.Refused{Code: signaling.RefusedRemoved})
	if d := expect[signaling.Door](s.resume("mathe", "", pupilIn, signaling.RoleParticipant)); d.State != signaling.DoorCode {
		t.Errorf("with the token on another device: %+v", d)
	}
	expect[signaling.Joined](join("another-device-of-hers"))
}
