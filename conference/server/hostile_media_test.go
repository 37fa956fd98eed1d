package server

import (
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// scene is a lesson with three who have media: the organiser, a pupil who sends, whatever the server says, and one who sees and hears.
type scene struct {
	*lesson
	organiser, mia, ben *caller
}

// scene begins. Mia sends the source, and nobody else anything, so that every packet received is hers.
func (l *lesson) scene(t *testing.T, source client.Source) *scene {
	t.Helper()
	s := &scene{lesson: l}
	s.organiser = l.call(t, l.school.teacher, "Frau Ahorn", func(o *client.Options) { o.Organiser = true })
	s.ben = l.call(t, l.anybody, "Ben Beispiel", nil)
	s.mia = l.call(t, l.anybody, "Mia Beispiel", nil)
	for _, c := range []*caller{s.organiser, s.ben} {
		hasBeenTold(c, "that Mia is there", func(m signaling.ParticipantJoined) bool { return m.Participant.ID == s.mia.ID() })
		c.say(signaling.View{Want: []signaling.Want{
			{Participant: s.mia.ID(), Source: signaling.SourceScreen, Height: 180}, {Participant: s.mia.ID(), Source: signaling.SourceCamera, Height: 180}}})
	}
	s.mia.Peer().Send(source, true)
	return s
}

// states are what a page would say that sends only this.
var states = map[client.Source]signaling.State{
	client.Microphone: {Mic: true}, client.Camera: {Camera: true}, client.Screen: {Screen: true}, client.Sound: {Screen: true},
}

// nobody says that nothing of Mia's arrives anywhere.
func (s *scene) nobody() {
	s.mia.t.Helper()
	getNothing("what Mia sends", s.mia, s.organiser, s.ben)
}

func (s *scene) everybody() {
	s.mia.t.Helper()
	s.organiser.gets("what Mia sends")
	s.ben.gets("what Mia sends")
}

// mediaCases are about packets. Mia's client sends on, whatever it is told.
var mediaCases = tries{
	"a microphone that is said to be off": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Microphone)
		s.nobody()
		s.mia.say(states[client.Microphone])
		s.everybody()
		s.mia.say(signaling.State{})
		s.nobody()
	},
	"a camera, a screen and its sound that are said to be off": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Camera)
		s.mia.Peer().Send(client.Screen, true)
		s.mia.Peer().Send(client.Sound, true)
		s.mia.say(signaling.State{Mic: true}) // which is not sent
		s.nobody()
	},
	"microphones off": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Microphone)
		s.mia.say(states[client.Microphone])
		s.everybody()
		l.teacher.say(t, signaling.ChangeSettings{Microphones: on(false)})
		hasBeenTold(s.mia, "that she is muted", func(m signaling.Muted) bool {
			return m == signaling.Muted{Source: signaling.SourceMicrophone, Why: signaling.MutedBySettings}
		})
		s.nobody()
		s.mia.say(states[client.Microphone])
		hasBeenTold(s.mia, "that she may not", func(m signaling.Problem) bool { return m.Code == signaling.ErrorMicNotAllowed })
		s.nobody()
		l.teacher.say(t, signaling.Allow{Participant: s.mia.ID(), What: signaling.RightMicrophone, Value: signaling.AllowYes})
		hasBeenTold(s.mia, "that she may", func(m signaling.ParticipantChanged) bool {
			x := m.Participant.Except
			return m.Participant.ID == s.mia.ID() && x != nil && x.Microphone != nil && *x.Microphone
		})
		s.nobody() // she has to say so
		s.mia.say(states[client.Microphone])
		s.everybody()
	},
	"one is muted": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Microphone)
		s.mia.say(states[client.Microphone])
		s.everybody()
		l.teacher.say(t, signaling.Mute{Participant: s.mia.ID(), Source: signaling.SourceMicrophone})
		hasBeenTold(s.mia, "that she is muted", func(m signaling.Muted) bool { return m.Why == signaling.MutedByOrganiser })
		s.nobody()
	},
	"cameras off": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Camera)
		s.mia.say(states[client.Camera])
		s.everybody()
		l.teacher.say(t, signaling.ChangeSettings{Cameras: on(false)})
		hasBeenTold(s.mia, "that her camera is off", func(m signaling.Muted) bool { return m.Source == signaling.SourceCamera })
		s.mia.say(states[client.Camera])
		hasBeenTold(s.mia, "that she may not", func(m signaling.Problem) bool { return m.Code == signaling.ErrorCameraNotAllowed })
		s.nobody()
	},
	"cameras to organisers": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Camera)
		to := signaling.Organisers
		l.teacher.say(t, signaling.ChangeSettings{CamerasTo: &to})
		hasBeenTold(s.mia, "the settings", func(m signaling.Settings) bool { return m.CamerasTo == to })
		s.mia.say(states[client.Camera])
		s.organiser.gets("Mia's camera")
		getNothing("Mia's camera", s.mia, s.ben)
		if n := s.ben.received(); n != 0 {
			t.Errorf("%d packets", n)
		}
		for _, v := range s.ben.Slots().Video {
			t.Errorf("a slot of %s", v.Participant)
		}
		l.teacher.say(t, signaling.Allow{Participant: s.mia.ID(), What: signaling.RightShown, Value: signaling.AllowYes})
		s.ben.gets("Mia's camera, which is shown")
		l.teacher.say(t, signaling.Allow{Participant: s.mia.ID(), What: signaling.RightShown, Value: signaling.AllowRule})
		getNothing("Mia's camera", s.mia, s.ben)
		l.teacher.say(t, signaling.SetRole{Participant: s.ben.ID(), Role: signaling.RoleOrganiser})
		s.ben.gets("Mia's camera, for one more organiser")
		l.teacher.say(t, signaling.SetRole{Participant: s.ben.ID(), Role: signaling.RoleParticipant})
		getNothing("Mia's camera", s.mia, s.ben)
	},
	"screens for organisers": func(t *testing.T, l *lesson) {
		l.teacher.say(t, signaling.ChangeSettings{Screens: on(false)})
		expect[signaling.Settings](t, l.teacher.ws)
		s := l.scene(t, client.Screen)
		s.mia.Peer().Send(client.Sound, true)
		s.mia.say(states[client.Screen])
		hasBeenTold(s.mia, "that she may not", func(m signaling.Problem) bool { return m.Code == signaling.ErrorScreenNotAllowed })
		s.nobody()
		l.teacher.say(t, signaling.Allow{Participant: s.mia.ID(), What: signaling.RightScreen, Value: signaling.AllowYes})
		hasBeenTold(s.mia, "that she may", func(m signaling.ParticipantChanged) bool { return m.Participant.Except != nil })
		s.mia.say(states[client.Screen])
		s.everybody()
		l.teacher.say(t, signaling.Allow{Participant: s.mia.ID(), What: signaling.RightScreen, Value: signaling.AllowNo})
		s.nobody()
	},
	"an emergency": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Microphone)
		s.mia.say(states[client.Microphone])
		s.everybody()
		l.teacher.say(t, signaling.SetEmergency{On: true})
		hasBeenTold(s.mia, "why", func(m signaling.Muted) bool { return m.Why == signaling.MutedByEmergency })
		s.mia.say(states[client.Microphone])
		s.nobody()
		l.teacher.say(t, signaling.Release{Participant: s.mia.ID()})
		hasBeenTold(s.mia, "that she is released", func(m signaling.ParticipantChanged) bool {
			return m.Participant.ID == s.mia.ID() && !m.Participant.Held
		})
		s.mia.say(states[client.Microphone])
		s.everybody()
	},
	"no organiser": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Microphone)
		s.mia.say(states[client.Microphone])
		s.everybody()
		s.organiser.Close()
		l.teacher.say(t, signaling.Leave{})
		hasBeenTold(s.mia, "the pause", func(m signaling.Pause) bool { return m.Until > 0 })
		s.mia.say(states[client.Microphone])
		getNothing("what Mia sends", s.mia, s.ben)
		l.knock(t, l.school.teacher, signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser, Resume: l.teacher.joined.Resume, Device: l.teacher.join.Device}).in(t)
		hasBeenTold(s.mia, "the pause's end", func(m signaling.Pause) bool { return m.Until == 0 })
		s.ben.gets("what Mia says again")
	},
	"sent back to the lobby": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Microphone)
		s.mia.say(states[client.Microphone])
		s.everybody()
		s.organiser.Peer().Send(client.Microphone, true)
		s.organiser.say(states[client.Microphone])
		s.mia.gets("what the organiser says")
		l.teacher.say(t, signaling.ToLobby{Participant: s.mia.ID()})
		hasBeenTold(s.mia, "the lobby", func(m signaling.Door) bool { return m.State == signaling.DoorLobby })
		getNothing("what Mia sends", s.mia, s.organiser)
		getNothing("what the organiser says", s.organiser, s.mia)
	},
	"removed": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Microphone)
		s.mia.say(states[client.Microphone])
		s.everybody()
		l.teacher.say(t, signaling.Remove{Participant: s.mia.ID()})
		<-s.mia.Gone()
		s.nobody()
		s.organiser.Peer().Send(client.Microphone, true)
		s.organiser.say(states[client.Microphone])
		s.ben.gets("what the organiser says")
		getNothing("what the organiser says", s.organiser, s.mia)
	},
	"the end": func(t *testing.T, l *lesson) {
		s := l.scene(t, client.Microphone)
		s.mia.say(states[client.Microphone])
		s.everybody()
		l.teacher.say(t, signaling.End{})
		for _, c := range []*caller{s.mia, s.ben, s.organiser} {
			<-c.Gone()
		}
		s.nobody()
	},
}
