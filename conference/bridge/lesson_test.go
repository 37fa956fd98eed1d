package bridge

import (
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/peer"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// TestLesson follows a lesson from the first visitor to the reset.
func TestLesson(t *testing.T) {
	media := &fakeMedia{}
	s := newSite(t, media)

	early := s.dial(admission("klasse-5a", ""))
	early.send(signaling.Join{Name: "Jan Beispiel", Role: signaling.RoleParticipant})
	if d := expect[signaling.Door](early); d.State != signaling.DoorWaiting {
		t.Fatalf("before the organiser: %+v", d)
	}

	teacher, in := s.organiser("Klasse-5a")
	if string(in.Room.Name) != "Klasse-5a" || len(in.Room.Code) != 6 || len(in.Participants) != 1 || in.Slots.Video != 25 {
		t.Fatalf("organiser's view: room name ok: %v, code length %d, %d participants, slots %+v",
			string(in.Room.Name) == "Klasse-5a", len(in.Room.Code), len(in.Participants), in.Slots)
	}
	if d := expect[signaling.Door](early); d.State != signaling.DoorCode {
		t.Fatalf("with the organiser: %+v", d)
	}
	early.send(signaling.EnterCode{Code: "wrong"})
	if d := expect[signaling.Door](early); !d.Wrong {
		t.Fatalf("wrong code: %+v", d)
	}
	early.send(signaling.EnterCode{Code: in.Room.Code})
	jan := expect[signaling.Joined](early)
	if jan.Room.Code != "" || len(jan.Participants) != 2 || jan.Participants[0].ID != in.Self {
		t.Fatalf("participant's view: has code: %v, %d participants", jan.Room.Code != "", len(jan.Participants))
	}
	if p := expect[signaling.ParticipantJoined](teacher); p.Participant.ID != jan.Self {
		t.Fatalf("organiser was told of %s, want %s", p.Participant.ID, jan.Self)
	}

	mia, miaIn := s.pupil("KLASSE-5A", in.Room.Code)
	expect[signaling.ParticipantJoined](teacher)
	expect[signaling.ParticipantJoined](early)
	if rooms, people := s.bridge.Counts(); rooms != 1 || people != 3 {
		t.Fatalf("counts %d, %d", rooms, people)
	}

	mia.send(signaling.SendChat{Text: "Guten Morgen"})
	for _, c := range []*client{teacher, early, mia} {
		if m := expect[signaling.Chat](c); string(m.Text) != "Guten Morgen" || m.From != miaIn.Self {
			t.Fatalf("chat from %s", m.From)
		}
	}
	mia.send(signaling.State{Mic: true, Screen: true})
	if p := expect[signaling.Problem](mia); p.Code != signaling.ErrorScreenNotAllowed {
		t.Fatalf("screen: %+v", p)
	}
	if p := expect[signaling.ParticipantState](teacher); !p.Mic || p.Screen {
		t.Fatalf("state: %+v", p)
	}
	expect[signaling.ParticipantState](early)

	mia.send(signaling.SetCode{Code: "Igel-17"})
	if p := expect[signaling.Problem](mia); p.Code != signaling.ErrorNotAllowed {
		t.Fatalf("code by a participant: %+v", p)
	}
	teacher.send(signaling.SetCode{Code: "Igel-17"})
	if m := expect[signaling.RoomCode](teacher); string(m.Code) != "Igel-17" {
		t.Fatal("organiser was told another code")
	}

	teacher.send(signaling.Leave{})
	if m, err := teacher.next(); err == nil {
		t.Fatalf("got %T after leaving", m)
	}
	for _, c := range []*client{early, mia} {
		expect[signaling.ParticipantLeft](c)
		if p := expect[signaling.Pause](c); p.Until == 0 {
			t.Fatal("paused until never")
		}
	}
	late := s.dial(admission("klasse-5a", ""))
	late.send(signaling.Join{Name: "Ida Beispiel", Role: signaling.RoleParticipant, Code: "Igel-17"})
	if d := expect[signaling.Door](late); d.State != signaling.DoorWaiting {
		t.Fatalf("without an organiser: %+v", d)
	}
	early.close()
	expect[signaling.ParticipantLeft](mia)
	mia.close()
	eventually.True(t, "the room is over", media.room(0).isClosed)

	_, again := s.organiser("klasse-5a")
	if again.Room.Code == "Igel-17" || again.Room.Code == in.Room.Code || len(again.Chat) != 0 || len(again.Participants) != 1 {
		t.Fatal("something of the old room remains")
	}
	if d := expect[signaling.Door](late); d.State != signaling.DoorCode {
		t.Fatalf("old code in the new room: %+v", d)
	}
}

// TestMedia follows offers, views and the screen right to the media room.
func TestMedia(t *testing.T) {
	media := &fakeMedia{}
	s := newSite(t, media)
	teacher, in := s.organiser("mathe")
	teacher.send(signaling.View{Want: []signaling.Want{{Participant: "abc", Source: signaling.SourceCamera, Height: 180}}})
	teacher.send(signaling.Offer{SDP: "v=0"})
	if a := expect[signaling.Answer](teacher); string(a.SDP) != "answer to v=0" {
		t.Fatal("another answer")
	}
	if m := expect[signaling.Slots](teacher); len(m.Audio) != 1 || m.Audio[0].MID != "3" {
		t.Fatalf("slots that came before the answer: %+v", m)
	}
	session := media.room(0).session(in.Self)
	want := peer.MediaWant{Participant: "abc", Source: peer.Camera, Height: 180}
	if v := session.viewed(); len(v) != 1 || v[0] != want {
		t.Fatalf("view from before the offer: %+v", v)
	}
	session.forwards(t, peer.Forward{Organiser: true})
	teacher.send(signaling.State{Mic: true, Camera: true, Screen: true})
	session.forwards(t, peer.Forward{Microphone: peer.Everyone, Camera: peer.Everyone, Screen: peer.Everyone, Organiser: true})

	session.events.Speakers([]string{in.Self})
	if m := expect[signaling.Speakers](teacher); len(m.IDs) != 1 {
		t.Fatalf("speakers: %+v", m)
	}
	session.events.Failed(errTest)
	if m := expect[signaling.Problem](teacher); m.Code != signaling.ErrorMediaFailed {
		t.Fatalf("failed media: %+v", m)
	}
	teacher.send(signaling.Offer{SDP: "v=1"})
	expect[signaling.Answer](teacher)
	expect[signaling.Slots](teacher)
	media.room(0).session(in.Self).forwards(t, peer.Forward{Microphone: peer.Everyone, Camera: peer.Everyone, Screen: peer.Everyone, Organiser: true})

	pupil, pupilIn := s.pupil("mathe", in.Room.Code)
	pupil.send(signaling.Offer{SDP: "v=2"})
	expect[signaling.Answer](pupil)
	expect[signaling.Slots](pupil)
	pupil.send(signaling.State{Camera: true, Screen: true})
	if p := expect[signaling.Problem](pupil); p.Code != signaling.ErrorScreenNotAllowed {
		t.Fatalf("screen: %+v", p)
	}
	media.room(0).session(pupilIn.Self).forwards(t, peer.Forward{Camera: peer.Everyone})
	pupil.close()
	eventually.True(t, "the pupil's session is closed", func() bool { return media.room(0).session(pupilIn.Self) == nil })
	if media.room(0).doubled {
		t.Fatal("a participant had two sessions at once")
	}
}
