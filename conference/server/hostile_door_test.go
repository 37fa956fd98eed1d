package server

import (
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// stands expects the person to be told next that it waits for this.
func (p *person) stands(t *testing.T, state signaling.DoorState) {
	t.Helper()
	if d, ok := p.next(t).(signaling.Door); !ok || d.State != state {
		t.Errorf("told %+v, want %s", d, state)
	}
}

// sentAway expects to be refused at once.
func (p *person) sentAway(t *testing.T, code signaling.RefusalCode) {
	t.Helper()
	if r, ok := p.next(t).(signaling.Refused); !ok || r.Code != code {
		t.Errorf("refused %+v, want %s", r, code)
	}
}

// visitor is a first message with the right code.
func (l *lesson) visitor(name string, d signaling.Device) signaling.Join {
	return signaling.Join{Name: signaling.DisplayName(name), Role: signaling.RoleParticipant, Code: l.code, Device: d}
}

// out reads until the connection is ended for this reason.
func (p *person) out(t *testing.T, reason signaling.EndReason) signaling.Ended {
	t.Helper()
	e := expect[signaling.Ended](t, p.ws)
	if e.Reason != reason {
		t.Errorf("ended: %s, want %s", e.Reason, reason)
	}
	return e
}

// doorCases are about who comes in.
var doorCases = tries{
	"removed, and back under another name": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		l.teacher.say(t, signaling.Remove{Participant: mia.joined.Self})
		mia.out(t, signaling.EndedRemoved)
		l.knock(t, l.anybody, l.visitor("Lea Neu", mia.join.Device)).sentAway(t, signaling.RefusedRemoved)
		j := l.visitor("Mia Beispiel", mia.join.Device)
		j.Resume = mia.joined.Resume
		l.knock(t, l.anybody, j).sentAway(t, signaling.RefusedRemoved)
		j.Code, j.Device = "", device(t, "another one")
		l.knock(t, l.anybody, j).stands(t, signaling.DoorCode) // the token alone opens nothing
		l.teacher.say(t, signaling.Pardon{})
		l.teacher.say(t, signaling.SendChat{Text: "verziehen"})
		expect[signaling.Chat](t, l.teacher.ws)
		l.knock(t, l.anybody, l.visitor("Mia Beispiel", mia.join.Device)).in(t)
	},
	"turned away, and back under another name": func(t *testing.T, l *lesson) {
		l.teacher.say(t, signaling.ChangeSettings{Lobby: on(true)})
		expect[signaling.Settings](t, l.teacher.ws)
		d := device(t, "Kim")
		kim := l.knock(t, l.anybody, l.visitor("Kim Beispiel", d))
		kim.stands(t, signaling.DoorLobby)
		l.teacher.say(t, signaling.TurnAway{Visitor: expect[signaling.Visitor](t, l.teacher.ws).ID})
		kim.sentAway(t, signaling.RefusedTurnedAway)
		l.knock(t, l.anybody, l.visitor("Lea Neu", d)).sentAway(t, signaling.RefusedTurnedAway)
	},
	"past the lobby": func(t *testing.T, l *lesson) {
		l.teacher.say(t, signaling.ChangeSettings{Lobby: on(true)})
		expect[signaling.Settings](t, l.teacher.ws)
		kim := l.knock(t, l.anybody, l.visitor("Kim Beispiel", device(t, "Kim")))
		kim.stands(t, signaling.DoorLobby)
		v := expect[signaling.Visitor](t, l.teacher.ws)
		for _, m := range []signaling.ClientMessage{signaling.Admit{}, signaling.Admit{Visitor: v.ID}, everything(), signaling.SendChat{Text: "Hallo"},
			signaling.Offer{SDP: "v=0"}, signaling.ChangeSettings{Lobby: on(false)}} {
			kim.refused(t, m, signaling.ErrorNotAllowed)
		}
		kim.say(t, signaling.EnterCode{Code: l.code}) // again: no help
		notTold[signaling.ParticipantJoined](t, l, l.teacher)
		l.teacher.say(t, signaling.Admit{Visitor: v.ID})
		kim.in(t)
	},
	"back to the lobby, and in again": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		l.teacher.say(t, signaling.ToLobby{Participant: mia.joined.Self})
		expect[signaling.Door](t, mia.ws)
		for _, m := range []signaling.ClientMessage{everything(), signaling.SendChat{Text: "Hallo"}, signaling.Offer{SDP: "v=0"}, signaling.AskICE{}} {
			mia.refused(t, m, signaling.ErrorNotAllowed)
		}
		j := l.visitor("Mia Beispiel", mia.join.Device)
		j.Resume = mia.joined.Resume
		if d, ok := l.knock(t, l.anybody, j).next(t).(signaling.Door); !ok || d.State != signaling.DoorLobby {
			t.Errorf("with code and token: %+v", d)
		}
		notTold[signaling.ParticipantJoined](t, l, l.teacher)
	},
	"a large frame from who was sent back": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		l.teacher.say(t, signaling.ToLobby{Participant: mia.joined.Self})
		expect[signaling.Door](t, mia.ws)
		mia.say(t, signaling.Offer{SDP: signaling.SDP(strings.Repeat("a", signaling.MaxDoorFrame+1))})
		for {
			_, _, err := mia.ws.Read(t.Context())
			if websocket.CloseStatus(err) == websocket.StatusMessageTooBig {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	},
	"a stolen token": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		for name, j := range map[string]signaling.Join{
			"on another device":   {Device: device(t, "thief")},
			"on no device at all": {},
		} {
			j.Name, j.Role, j.Resume = "Mia Beispiel", signaling.RoleParticipant, mia.joined.Resume
			if d, ok := l.knock(t, l.anybody, j).next(t).(signaling.Door); !ok || d.State != signaling.DoorCode {
				t.Errorf("%s: %+v", name, d)
			}
		}
		thief := signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser, Resume: l.teacher.joined.Resume, Device: l.teacher.join.Device}
		l.knock(t, l.anybody, thief).sentAway(t, signaling.RefusedLoginRequired)
		if d, ok := l.knock(t, l.other, thief).next(t).(signaling.Door); !ok || !d.Taken || d.State != signaling.DoorCode {
			t.Errorf("the organiser's token with another account: %+v", d)
		}
		thief.Role = signaling.RoleParticipant
		l.knock(t, l.anybody, thief).stands(t, signaling.DoorCode)
		notTold[signaling.ParticipantJoined](t, l, mia)
	},
	"back after the end": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		l.teacher.say(t, signaling.SendChat{Text: "Auf Wiedersehen"})
		l.teacher.say(t, signaling.End{})
		if e := mia.out(t, signaling.EndedLessonOver); e.Report != nil {
			t.Error("a pupil got the report")
		}
		if r := l.teacher.out(t, signaling.EndedLessonOver).Report; r == nil || *r != (signaling.Report{Participants: 2, Messages: 1, Verified: true}) {
			t.Errorf("report %+v", r)
		}
		j := l.visitor("Mia Beispiel", mia.join.Device)
		j.Resume = mia.joined.Resume
		back := l.knock(t, l.anybody, j)
		back.stands(t, signaling.DoorWaiting)
		again := l.knock(t, l.school.teacher, signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser, Resume: l.teacher.joined.Resume, Device: l.teacher.join.Device})
		if in := again.in(t); in.Self == l.teacher.joined.Self || len(in.Chat) != 0 || len(in.Participants) != 1 || in.Room.Code == l.code {
			t.Error("something of the lesson before is left")
		}
		expect[signaling.Door](t, back.ws) // the code of before is wrong, or asked for again
		l.knock(t, l.anybody, j).stands(t, signaling.DoorCode)
	},
	"another account in a running lesson": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		j := signaling.Join{Name: "Herr Birke", Role: signaling.RoleOrganiser, Device: device(t, "birke")}
		guest := l.knock(t, l.other, j)
		if d, ok := guest.next(t).(signaling.Door); !ok || d.State != signaling.DoorCode || !d.Taken {
			t.Errorf("at the door: %+v", d)
		}
		guest.say(t, signaling.EnterCode{Code: l.code})
		if in := guest.in(t); in.Room.Code != "" {
			t.Error("was told the code")
		}
		for _, m := range orders(mia.joined.Self) {
			guest.refused(t, m, signaling.ErrorNotAllowed)
		}
		l.teacher.say(t, signaling.Leave{})
		expect[signaling.Pause](t, guest.ws)
		late := l.knock(t, l.other, signaling.Join{Name: "Herr Birke", Role: signaling.RoleOrganiser, Device: device(t, "birke at home")})
		if d, ok := late.next(t).(signaling.Door); !ok || d.State != signaling.DoorWaiting || !d.Taken {
			t.Errorf("at the door of a paused lesson: %+v", d)
		}
		guest.refused(t, signaling.End{}, signaling.ErrorNotAllowed)
	},
	"a code from before": func(t *testing.T, l *lesson) {
		early := l.knock(t, l.anybody, signaling.Join{Name: "Kim Beispiel", Role: signaling.RoleParticipant})
		early.stands(t, signaling.DoorCode)
		l.teacher.say(t, signaling.NewCode{})
		expect[signaling.RoomCode](t, l.teacher.ws)
		early.say(t, signaling.EnterCode{Code: l.code})
		if d := expect[signaling.Door](t, early.ws); !d.Wrong {
			t.Errorf("%+v", d)
		}
		notTold[signaling.ParticipantJoined](t, l, l.teacher)
	},
	"through a locked door": func(t *testing.T, l *lesson) {
		gone := l.pupil(t, "Ben Beispiel")
		gone.say(t, signaling.Leave{})
		expect[signaling.ParticipantLeft](t, l.teacher.ws)
		l.teacher.say(t, signaling.ChangeSettings{Locked: on(true)})
		expect[signaling.Settings](t, l.teacher.ws)
		kim := l.knock(t, l.anybody, l.visitor("Kim Beispiel", device(t, "Kim")))
		kim.stands(t, signaling.DoorLocked)
		kim.say(t, signaling.EnterCode{Code: l.code})
		kim.stands(t, signaling.DoorLocked)
		notTold[signaling.ParticipantJoined](t, l, l.teacher)
	},
	"an organiser without a login": func(t *testing.T, l *lesson) {
		l.knock(t, l.anybody, signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser, Code: l.code}).sentAway(t, signaling.RefusedLoginRequired)
	},
	"an emergency ends the tokens of who is not there": func(t *testing.T, l *lesson) {
		mia := l.pupil(t, "Mia Beispiel")
		mia.say(t, signaling.Leave{})
		expect[signaling.ParticipantLeft](t, l.teacher.ws)
		l.teacher.say(t, signaling.SetEmergency{On: true})
		expect[signaling.Emergency](t, l.teacher.ws)
		j := l.visitor("Mia Beispiel", mia.join.Device)
		j.Resume = mia.joined.Resume
		l.knock(t, l.anybody, j).stands(t, signaling.DoorLocked)
	},
}
