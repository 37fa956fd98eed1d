package bridge

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/peer"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// TestSentBackAndAdmitted: the media end at the lobby's door, and a new session begins behind it, on the same connection.
func TestSentBackAndAdmitted(t *testing.T) {
	l := newLesson(t)
	session := l.media.room(0).session(l.pupilIn.Self)
	for i := range 2 {
		l.teacher.send(signaling.ToLobby{Participant: l.pupilIn.Self})
		expect[signaling.ParticipantLeft](l.teacher)
		v := expect[signaling.Visitor](l.teacher)
		if d := await[signaling.Door](l.pupil); d.State != signaling.DoorLobby {
			t.Fatalf("sent back to %+v", d)
		}
		eventually.True(t, "the session is closed", func() bool { return l.media.room(0).session(l.pupilIn.Self) == nil })
		session.events.Slots(nil, nil) // nobody hears it
		for _, m := range []signaling.ClientMessage{signaling.Offer{SDP: "v=8"}, signaling.View{}, signaling.State{Mic: true}} {
			l.pupil.send(m)
			if p := expect[signaling.Problem](l.pupil); p.Code != signaling.ErrorNotAllowed {
				t.Errorf("%s at the door: %s", m.Type(), p.Code)
			}
		}
		l.teacher.send(signaling.Admit{Visitor: v.ID})
		in := expect[signaling.Joined](l.pupil)
		if in.Self != l.pupilIn.Self || in.Media || in.Participants[1].Mic {
			t.Fatalf("back as %+v", in.Participants)
		}
		if gone := await[signaling.VisitorGone](l.teacher); gone.ID != v.ID {
			t.Error("somebody else is gone from the lobby")
		}
		await[signaling.ParticipantJoined](l.teacher)
		l.pupil.send(signaling.Offer{SDP: signaling.SDP(fmt.Sprintf("v=%d", i))})
		expect[signaling.Answer](l.pupil)
		expect[signaling.Slots](l.pupil)
		session = l.media.room(0).session(in.Self)
		session.forwards(t, peer.Forward{})
		l.pupil.send(signaling.State{Mic: true})
		session.forwards(t, peer.Forward{Microphone: peer.Everyone})
		await[signaling.ParticipantState](l.teacher)
	}
	if l.media.room(0).doubled {
		t.Error("a participant had two sessions at once")
	}
}

// TestGrace: when the organiser does not come back everybody waits at the door, on the same connections, and is inside again when she is.
func TestGrace(t *testing.T) {
	withMedia(t, func() *fakeMedia { return &fakeMedia{} }, func(t *testing.T, s *site, _ *pipes, media *fakeMedia) {
		teacher, in := s.organiser("mathe")
		pupil, pupilIn := s.pupil("mathe", in.Room.Code)
		pupil.send(signaling.Offer{SDP: "v=0"})
		await[signaling.Answer](pupil)
		expect[signaling.Slots](pupil) // it may come after the pause otherwise
		_ = teacher.ws.CloseNow()
		pause := await[signaling.Pause](pupil)
		if until := time.UnixMilli(pause.Until); time.Until(until) > room.DefaultOrganiserGrace || time.Until(until) < room.DefaultOrganiserGrace-time.Second {
			t.Errorf("paused for %v", time.Until(until))
		}
		if got, after := within(t, pupil, time.Hour); got != `{"type":"door","state":"waiting"}` || after.Round(time.Second) != room.DefaultOrganiserGrace {
			t.Errorf("told %s after %v", got, after)
		}
		if rooms, people := s.bridge.Counts(); rooms != 0 || people != 0 || s.bridge.RoomsInUse() != 1 {
			t.Errorf("%d rooms, %d people, %d in use", rooms, people, s.bridge.RoomsInUse())
		}
		back := s.resume("mathe", "account-1", in, signaling.RoleOrganiser)
		if again := expect[signaling.Joined](back); again.Self != in.Self || again.Room.Code != in.Room.Code {
			t.Error("another lesson")
		}
		if again := expect[signaling.Joined](pupil); again.Self != pupilIn.Self || len(again.Participants) != 2 {
			t.Error("the pupil is somebody else")
		}
		pupil.send(signaling.Offer{SDP: "v=1"})
		if a := await[signaling.Answer](pupil); string(a.SDP) != "answer to v=1" {
			t.Error("another answer")
		}
	})
}

// TestICE: credentials come with joined and, bounded, when they are asked for.
func TestICE(t *testing.T) {
	var drawn atomic.Int32
	s := newSite(t, &fakeMedia{}, func(c *Config) {
		c.ICE = func(host string) *signaling.ICE {
			return &signaling.ICE{URLs: []string{"turns:" + host + ":443?transport=tcp"}, Username: "1795248600.a", Credential: "geheim", Seconds: int(drawn.Add(1))}
		}
	})
	const url = "turns:klasse.example.org:443?transport=tcp"
	a := admission("mathe", "account-1")
	a.Host = "klasse.example.org"
	c := s.dial(a)
	c.send(signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser})
	if in := expect[signaling.Joined](c); in.ICE == nil || in.ICE.URLs[0] != url {
		t.Fatal("no credentials, or for another host")
	}
	c.send(signaling.AskICE{})
	if again := expect[signaling.ICE](c); again.Seconds != 2 || again.URLs[0] != url {
		t.Error("not fresh, or for another host")
	}
	for range 20 {
		c.send(signaling.AskICE{})
	}
	c.send(signaling.SendChat{Text: "genug"})
	await[signaling.Chat](c)
	if n := drawn.Load(); n > 8 {
		t.Errorf("%d were drawn", n)
	}
}

// TestOwnedRoom has the title and the code that the owner gave it, for the owner alone.
func TestOwnedRoom(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	owned := func(account string) cluster.Admission {
		a := admission("mathe", account)
		a.Owner, a.Title, a.FirstCode = "account-1", "Klasse 5a Größe & Gewicht", "271828"
		return a
	}
	join := func(account string, role signaling.Role, code signaling.Code) *client {
		c := s.dial(owned(account))
		c.send(signaling.Join{Name: "Frau Ahorn", Role: role, Code: code})
		return c
	}
	guest := join("account-2", signaling.RoleOrganiser, "")
	if d := expect[signaling.Door](guest); d.State != signaling.DoorWaiting || !d.Taken {
		t.Errorf("another account begins a lesson in an owned room: %+v", d)
	}
	teacher := join("account-1", signaling.RoleOrganiser, "")
	if in := expect[signaling.Joined](teacher); string(in.Room.Code) != "271828" || string(in.Room.Title) != "Klasse 5a Größe & Gewicht" {
		t.Error("another code or title")
	}
	if in := expect[signaling.Joined](join("", signaling.RoleParticipant, "271828")); in.Room.Code != "" {
		t.Error("a pupil was told the code")
	}
}

// TestRestoredLesson goes on elsewhere with its owner, settings, places and exceptions.
func TestRestoredLesson(t *testing.T) {
	const device = "u3Jr0d-V2k9_Qy7LhTnXwA"
	to := signaling.Organisers
	no := false
	var ida signaling.Joined
	h := newHeirs(t, func(l *lesson) {
		c := l.dial(admission("mathe", ""))
		c.send(signaling.Join{Name: "Ida Beispiel", Role: signaling.RoleParticipant, Code: l.in.Room.Code, Device: device})
		ida = expect[signaling.Joined](c)
		await[signaling.ParticipantJoined](l.teacher)
		l.teacher.send(signaling.ChangeSettings{CamerasTo: &to, Chat: &no})
		await[signaling.Settings](l.teacher)
		l.teacher.send(signaling.Allow{Participant: ida.Self, What: signaling.RightChat, Value: signaling.AllowYes})
		await[signaling.ParticipantChanged](l.teacher)
		l.teacher.send(signaling.SendChat{Text: "Weiter."})
		await[signaling.Chat](l.teacher)
	})
	teacher := h.join("account-1", signaling.Join{Role: signaling.RoleOrganiser, Resume: h.in.Resume})
	in := expect[signaling.Joined](teacher)
	if in.Self != h.in.Self || in.Settings.CamerasTo != to || in.Settings.Chat || !in.Settings.Microphones {
		t.Errorf("settings %+v", in.Settings)
	}
	if d := expect[signaling.Door](h.join("account-2", signaling.Join{Role: signaling.RoleOrganiser})); !d.Taken {
		t.Errorf("another account: %+v", d)
	}
	if d := expect[signaling.Door](h.join("", signaling.Join{Role: signaling.RoleParticipant, Resume: ida.Resume})); d.State != signaling.DoorCode {
		t.Errorf("the token on another device: %+v", d)
	}
	again := expect[signaling.Joined](h.join("", signaling.Join{Role: signaling.RoleParticipant, Resume: ida.Resume, Device: device}))
	me := again.Participants[len(again.Participants)-1]
	if again.Self != ida.Self || me.ID != ida.Self || me.Except == nil || me.Except.Chat == nil || !*me.Except.Chat {
		t.Errorf("back as %+v", me.Except)
	}
}
