package peer

import (
	"math"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// Message turns an event of the room into what clients are told, nil for events that are not for clients. Admitted needs more than
// the event knows, see JoinedMessage.
func Message(e room.Event) signaling.ServerMessage {
	switch e := e.(type) {
	case room.Door:
		return doorMessage(e)
	case room.Refused:
		return signaling.Refused{Code: signaling.RefusalCode(e.Reason)}
	case room.AwayChanged:
		return signaling.ParticipantAway{ID: e.ID, Away: e.Away}
	case room.Noticed:
		return signaling.Notice{Kind: signaling.NoticeRestart, At: e.At.UnixMilli()}
	case room.Joined:
		return signaling.ParticipantJoined{Participant: person(e.Person)}
	case room.Left:
		return signaling.ParticipantLeft{ID: e.ID}
	case room.StateChanged:
		return signaling.ParticipantState{ID: e.ID, Mic: e.State.Mic, Camera: e.State.Camera, Screen: e.State.Screen}
	case room.PersonChanged:
		return signaling.ParticipantChanged{Participant: person(e.Person)}
	case room.Said:
		return chat(e.Message)
	case room.CodeChanged:
		return signaling.RoomCode{Code: signaling.Code(e.Code)}
	case room.Ended:
		return endedMessage(e)
	case room.Problem:
		return signaling.Problem{Code: signaling.ErrorCode(e.Code)}
	}
	return lessonMessage(e)
}

func lessonMessage(e room.Event) signaling.ServerMessage {
	switch e := e.(type) {
	case room.SettingsChanged:
		return settings(e.Settings)
	case room.EmergencyChanged:
		return signaling.Emergency{On: e.On}
	case room.Paused:
		return signaling.Pause{Until: millis(e.Until)}
	case room.Muted:
		return signaling.Muted{Source: signaling.Source(e.Source), Why: signaling.MutedWhy(e.Why)}
	case room.VisitorCame:
		return visitor(e.Visitor)
	case room.VisitorGone:
		return signaling.VisitorGone{ID: e.ID}
	case room.Reacted:
		return signaling.Reaction{ID: e.ID, Kind: signaling.ReactionKind(e.Kind)}
	}
	return nil
}

// Welcome is what somebody is told who is inside now, besides what the room says.
type Welcome struct {
	Rules  room.Rules
	Resume signaling.Token
	Slots  signaling.SlotLimit
	// ICE is nil if there is no relay.
	ICE *signaling.ICE
}

// JoinedMessage is what somebody is told who is inside now.
func JoinedMessage(a room.Admitted, w Welcome) signaling.Joined {
	m := signaling.Joined{
		Self:   a.Self.ID,
		Resume: w.Resume,
		Room: signaling.RoomInfo{
			Name:            signaling.RoomName(a.RoomName),
			Title:           signaling.Title(a.Title),
			Code:            signaling.Code(a.Code),
			MaxParticipants: w.Rules.MaxParticipants,
			ScreenShare:     signaling.Audience(w.Rules.ScreenShare),
			CodeRequired:    w.Rules.CodeRequired,
		},
		Slots:     w.Slots,
		Media:     a.Media,
		Settings:  settings(a.Settings),
		Emergency: a.Emergency,
		Pause:     millis(a.PausedUntil),
		ICE:       w.ICE,
	}
	for _, p := range a.People {
		m.Participants = append(m.Participants, person(p))
	}
	for _, said := range a.History {
		m.Chat = append(m.Chat, chat(said))
	}
	for _, v := range a.Lobby {
		m.Lobby = append(m.Lobby, visitor(v))
	}
	return m
}

func doorMessage(d room.Door) signaling.Door {
	return signaling.Door{
		State: signaling.DoorState(d.State), Wrong: d.Wrong, Taken: d.Taken,
		RetryAfter: int(math.Ceil(float64(d.RetryAfter) / float64(time.Second))),
	}
}

func endedMessage(e room.Ended) signaling.Ended {
	m := signaling.Ended{Reason: signaling.EndReason(e.Reason)}
	if r := e.Report; r != nil {
		m.Report = &signaling.Report{Participants: r.Participants, Messages: r.Messages, Verified: r.Verified}
	}
	return m
}

func person(p room.Person) signaling.Participant {
	m := signaling.Participant{ID: p.ID, Name: signaling.DisplayName(p.Name), Role: signaling.Role(p.Role),
		Mic: p.State.Mic, Camera: p.State.Camera, Screen: p.State.Screen, Place: p.Place, Away: p.Away, Hand: p.Hand, Held: p.Held}
	if p.Line != room.LineGood {
		m.Line = signaling.LineLevel(p.Line)
	}
	if x := p.Except; x != (room.Exceptions{}) {
		m.Except = &signaling.Exceptions{Microphone: exception(x.Microphone), Camera: exception(x.Camera), Screen: exception(x.Screen),
			Chat: exception(x.Chat), Shown: exception(x.Shown)}
	}
	return m
}

// exception is nil where the settings hold.
func exception(e room.Exception) *bool {
	if e == room.ByRule {
		return nil
	}
	yes := e == room.Yes
	return &yes
}

func settings(s room.Settings) signaling.Settings {
	return signaling.Settings{
		Locked: s.Locked, Lobby: s.Lobby, Microphones: s.Microphones, Cameras: s.Cameras, CamerasTo: signaling.Audience(s.CamerasTo),
		Screens: s.Screens, Chat: s.Chat, PrivateChat: s.PrivateChat,
	}
}

func visitor(v room.Visitor) signaling.Visitor {
	return signaling.Visitor{ID: v.ID, Name: signaling.DisplayName(v.Name), Unchecked: v.Unchecked}
}

func chat(m room.Message) signaling.Chat {
	return signaling.Chat{ID: m.ID, From: m.From, To: m.To, Name: signaling.DisplayName(m.Name), Text: signaling.ChatText(m.Text),
		At: m.At.UnixMilli()}
}

// millis is 0 for no time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// closeStatus is the WebSocket close code (RFC 6455 §7.4.1) after the last message. Clients decide by the message; the code is for
// whoever looks at the wire.
func closeStatus(last signaling.ServerMessage) websocket.StatusCode {
	switch m := last.(type) {
	case signaling.Refused:
		switch m.Code {
		case signaling.RefusedBusy:
			return websocket.StatusTryAgainLater
		case signaling.RefusedBadMessage, signaling.RefusedTooManyAttempts, signaling.RefusedOutdated:
			return websocket.StatusPolicyViolation
		}
	case signaling.Ended:
		switch m.Reason {
		case signaling.EndedRestart, signaling.EndedMoved:
			return websocket.StatusServiceRestart
		case signaling.EndedSlow:
			return websocket.StatusPolicyViolation
		}
	}
	return websocket.StatusNormalClosure
}
