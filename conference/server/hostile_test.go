package server

import (
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// tries are cases by name.
type tries map[string]func(*testing.T, *lesson)

// TestHostileClient: whoever skips the page is refused in every rule of docs/classroom.md. Each case has a lesson of its own.
func TestHostileClient(t *testing.T) {
	t.Parallel()
	s := newSchool(t)
	for _, table := range []tries{doorCases, orderCases, talkCases, mediaCases} {
		for name, try := range table {
			t.Run(name, func(t *testing.T) {
				l := s.lesson(t)
				defer l.over(t) // a lesson that nobody ends waits for its organiser, and takes a place
				try(t, l)
			})
		}
	}
}

// orders is all that only organisers may say, meant for a victim.
func orders(victim string) []signaling.ClientMessage {
	to := signaling.Organisers
	return []signaling.ClientMessage{
		signaling.ChangeSettings{Locked: on(true), Lobby: on(true), Microphones: on(false), Cameras: on(false), CamerasTo: &to, Screens: on(false),
			Chat: on(false), PrivateChat: on(true)},
		signaling.Allow{Participant: victim, What: signaling.RightMicrophone, Value: signaling.AllowNo},
		signaling.Mute{Participant: victim, Source: signaling.SourceMicrophone}, signaling.Mute{Source: signaling.SourceCamera},
		signaling.LowerHand{Participant: victim}, signaling.LowerHand{}, signaling.SetCode{Code: "Igel-17"}, signaling.SetCode{}, signaling.NewCode{},
		signaling.Admit{Visitor: victim}, signaling.Admit{}, signaling.TurnAway{Visitor: victim}, signaling.ToLobby{Participant: victim},
		signaling.Remove{Participant: victim}, signaling.Pardon{}, signaling.SetRole{Participant: victim, Role: signaling.RoleOrganiser},
		signaling.SetEmergency{On: true}, signaling.SetEmergency{}, signaling.Release{Participant: victim}, signaling.Release{}, signaling.End{},
	}
}

// orderCases are about who may moderate.
var orderCases = tries{
	"a pupil moderates": func(t *testing.T, l *lesson) {
		mia, ben := l.pupil(t, "Mia Beispiel"), l.pupil(t, "Ben Beispiel")
		before := l.look(t)
		for _, victim := range []string{ben.joined.Self, l.teacher.joined.Self} {
			for _, m := range orders(victim) {
				mia.refused(t, m, signaling.ErrorNotAllowed)
			}
		}
		after := l.look(t)
		if after.Settings != before.Settings || after.Emergency || len(after.Participants) != len(before.Participants) {
			t.Errorf("settings %+v, emergency %v, %d inside", after.Settings, after.Emergency, len(after.Participants))
		}
		for _, p := range after.Participants {
			if (p.Role == signaling.RoleOrganiser) != (p.ID == l.teacher.joined.Self) || p.Except != nil || p.Held {
				t.Errorf("%+v", p)
			}
		}
		notTold[signaling.RoomCode](t, l, l.teacher)
	},
	"a visitor moderates, talks and sends": func(t *testing.T, l *lesson) {
		v := l.knock(t, l.anybody, signaling.Join{Name: "Kim Beispiel", Role: signaling.RoleParticipant})
		if d := expect[signaling.Door](t, v.ws); d.State != signaling.DoorCode {
			t.Fatalf("%+v", d)
		}
		for _, m := range append(orders(l.teacher.joined.Self), signaling.SendChat{Text: "Hallo"}, everything(), signaling.RaiseHand{Up: true},
			signaling.React{Kind: signaling.ReactionClap}, signaling.SetLine{Level: signaling.LineBad}, signaling.AskICE{},
			signaling.Offer{SDP: "v=0"}, signaling.View{}) {
			v.refused(t, m, signaling.ErrorNotAllowed)
		}
		notTold[signaling.ParticipantJoined](t, l, l.teacher)
	},
	"who was an organiser": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		ben := l.pupil(t, "Ben Beispiel")
		l.teacher.say(t, signaling.SetRole{Participant: mia.joined.Self, Role: signaling.RoleOrganiser})
		expect[signaling.RoomCode](t, mia.ws)
		mia.refused(t, signaling.SetRole{Participant: l.teacher.joined.Self, Role: signaling.RoleParticipant}, signaling.ErrorNotAllowed)
		mia.refused(t, signaling.Remove{Participant: l.teacher.joined.Self}, signaling.ErrorNotAllowed)
		mia.refused(t, signaling.ToLobby{Participant: l.teacher.joined.Self}, signaling.ErrorNotAllowed)
		mia.refused(t, signaling.Mute{Participant: l.teacher.joined.Self, Source: signaling.SourceMicrophone}, signaling.ErrorNotAllowed)
		l.teacher.say(t, signaling.SetRole{Participant: mia.joined.Self, Role: signaling.RoleParticipant})
		for {
			p := expect[signaling.ParticipantChanged](t, mia.ws).Participant
			if p.ID == mia.joined.Self && p.Role == signaling.RoleParticipant {
				break
			}
		}
		for _, m := range orders(ben.joined.Self) {
			mia.refused(t, m, signaling.ErrorNotAllowed)
		}
		// the token from when she was one brings no role back
		again := l.knock(t, l.anybody, signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Resume: mia.joined.Resume, Device: mia.join.Device})
		if in := again.in(t); in.Self != mia.joined.Self || in.Room.Code != "" {
			t.Errorf("came back as %s, with the code: %v", in.Self, in.Room.Code != "")
		}
		again.refused(t, signaling.End{}, signaling.ErrorNotAllowed)
		l.teacher.refused(t, signaling.SetRole{Participant: l.teacher.joined.Self, Role: signaling.RoleParticipant}, signaling.ErrorNotAllowed)
	},
	"a flood of orders, reactions and hands": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		start := time.Now()
		for range 14 {
			mia.say(t, signaling.React{Kind: signaling.ReactionClap})
			mia.say(t, signaling.RaiseHand{Up: true})
			mia.say(t, signaling.RaiseHand{})
			mia.say(t, signaling.SetLine{Level: signaling.LineBad})
		}
		mia.say(t, signaling.SendChat{Text: "fertig"})
		reactions, changes := 0, 0
		for done := false; !done; {
			switch m := l.teacher.next(t).(type) {
			case signaling.Reaction:
				reactions++
			case signaling.ParticipantChanged:
				changes++
			case signaling.Chat:
				done = m.From == mia.joined.Self
			}
		}
		more := 2 * int(time.Since(start)/time.Second+1) // two of each a second, beyond those at once
		if reactions > 4+more || changes > 6+2+2*more {
			t.Errorf("told of %d reactions and %d changes", reactions, changes)
		}
	},
	"a flood of states": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		refused := make(chan signaling.RefusalCode, 1)
		go func() {
			defer close(refused)
			for {
				_, frame, err := mia.ws.Read(t.Context())
				if err != nil {
					return
				}
				if m, err := signaling.DecodeServer(frame); err == nil && m.Type() == (signaling.Refused{}).Type() {
					refused <- m.(signaling.Refused).Code
				}
			}
		}()
		for on, over := false, false; !over; on = !on {
			select {
			case code := <-refused:
				if over = true; code != signaling.RefusedTooManyAttempts {
					t.Errorf("refused with %q", code)
				}
			default:
				m, err := signaling.EncodeClient(signaling.State{Mic: on})
				if err != nil {
					t.Fatal(err)
				}
				_ = mia.ws.Write(t.Context(), websocket.MessageText, m) // fails once the server has closed
			}
		}
		mia.ws.CloseNow()
		for { // the lesson goes on
			if left := expect[signaling.ParticipantLeft](t, l.teacher.ws); left.ID == mia.joined.Self {
				break
			}
		}
		notTold[signaling.Ended](t, l, l.teacher)
	},
}

// talkCases are about chat, hands and reactions.
var talkCases = tries{
	"pupils whisper": func(t *testing.T, l *lesson) {
		mia, ben, ida := l.pupil(t, "Mia Beispiel"), l.pupil(t, "Ben Beispiel"), l.pupil(t, "Ida Beispiel")
		mia.refused(t, signaling.SendChat{Text: "nur du", To: ben.joined.Self}, signaling.ErrorChatOff)
		mia.say(t, signaling.SendChat{Text: "Darf ich?", To: l.teacher.joined.Self})
		if c := expect[signaling.Chat](t, l.teacher.ws); c.To != l.teacher.joined.Self {
			t.Errorf("to %q", c.To)
		}
		l.teacher.say(t, signaling.SendChat{Text: "Ja.", To: mia.joined.Self})
		l.teacher.say(t, signaling.SendChat{Text: "Weiter."})
		for _, p := range []*person{ben, ida} {
			if c := expect[signaling.Chat](t, p.ws); c.To != "" {
				t.Error("read what was for others")
			}
		}
		for _, c := range l.look(t).Chat { // nor does who comes later
			if c.To != "" {
				t.Error("read later what was for others")
			}
		}
		mia.refused(t, signaling.SendChat{Text: "Selbstgespräch", To: mia.joined.Self}, signaling.ErrorNotAllowed)
		mia.refused(t, signaling.SendChat{Text: "an niemand", To: "0123456789abcdef"}, signaling.ErrorNotAllowed)
	},
	"a pupil writes though the chat is off": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		l.teacher.say(t, signaling.ChangeSettings{Chat: on(false), PrivateChat: on(true)})
		expect[signaling.Settings](t, mia.ws)
		mia.refused(t, signaling.SendChat{Text: "doch"}, signaling.ErrorChatOff)
		mia.refused(t, signaling.SendChat{Text: "doch", To: l.teacher.joined.Self}, signaling.ErrorChatOff)
		l.teacher.say(t, signaling.Allow{Participant: mia.joined.Self, What: signaling.RightChat, Value: signaling.AllowYes})
		expect[signaling.ParticipantChanged](t, mia.ws)
		mia.say(t, signaling.SendChat{Text: "danke"})
		expect[signaling.Chat](t, mia.ws)
	},
	"a pupil in an emergency": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		l.teacher.say(t, signaling.SetEmergency{On: true})
		expect[signaling.Emergency](t, mia.ws)
		if c := expect[signaling.RoomCode](t, l.teacher.ws); c.Code == l.code || len(c.Code) != 6 {
			t.Error("no new code")
		}
		mia.refused(t, signaling.SendChat{Text: "doch"}, signaling.ErrorHeld)
		mia.refused(t, signaling.SendChat{Text: "doch", To: l.teacher.joined.Self}, signaling.ErrorHeld)
		mia.refused(t, signaling.React{Kind: signaling.ReactionClap}, signaling.ErrorHeld)
		mia.refused(t, signaling.State{Mic: true}, signaling.ErrorMicNotAllowed)
		mia.refused(t, signaling.State{Camera: true}, signaling.ErrorCameraNotAllowed)
		mia.refused(t, signaling.SetEmergency{}, signaling.ErrorNotAllowed)
		mia.refused(t, signaling.Release{Participant: mia.joined.Self}, signaling.ErrorNotAllowed)
		late := l.knock(t, l.anybody, signaling.Join{Name: "Kim Beispiel", Role: signaling.RoleParticipant, Code: l.code})
		if d := expect[signaling.Door](t, late.ws); d.State != signaling.DoorLocked {
			t.Errorf("the door: %+v", d)
		}
	},
	"a pupil without an organiser": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		l.teacher.say(t, signaling.Leave{})
		expect[signaling.Pause](t, mia.ws)
		mia.refused(t, signaling.SendChat{Text: "doch"}, signaling.ErrorPaused)
		mia.refused(t, signaling.React{Kind: signaling.ReactionClap}, signaling.ErrorPaused)
		for _, m := range orders(mia.joined.Self) {
			mia.refused(t, m, signaling.ErrorNotAllowed)
		}
		late := l.knock(t, l.anybody, signaling.Join{Name: "Kim Beispiel", Role: signaling.RoleParticipant, Code: l.code})
		if d := expect[signaling.Door](t, late.ws); d.State != signaling.DoorWaiting {
			t.Errorf("the door: %+v", d)
		}
	},
}
