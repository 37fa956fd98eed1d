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
	case room.SettingsChanged:
		return signaling.Locked{Locked: e.Settings.Locked}
	case room.Noticed:
		return signaling.Notice{Kind: signaling.NoticeRestart, At: e.At.UnixMilli()}
	case room.Joined:
		return signaling.ParticipantJoined{Participant: person(e.Person)}
	case room.Left:
		return signaling.ParticipantLeft{ID: e.ID}
	case room.StateChanged:
		return signaling.ParticipantState{ID: e.ID, Mic: e.State.Mic, Camera: e.State.Camera, Screen: e.State.Screen}
	case room.Said:
		return chat(e.Message)
	case room.CodeChanged:
		return signaling.RoomCode{Code: signaling.Code(e.Code)}
	case room.Ended:
		return signaling.Ended{Reason: signaling.EndReason(e.Reason)}
	case room.Problem:
		return signaling.Problem{Code: signaling.ErrorCode(e.Code)}
	}
	return nil
}

// JoinedMessage is what somebody is told who is inside now.
func JoinedMessage(a room.Admitted, rules room.Rules, resume signaling.Token, slots signaling.SlotLimit) signaling.Joined {
	m := signaling.Joined{
		Self:   a.Self.ID,
		Resume: resume,
		Room: signaling.RoomInfo{
			Name:            signaling.RoomName(a.RoomName),
			Code:            signaling.Code(a.Code),
			MaxParticipants: rules.MaxParticipants,
			ScreenShare:     rules.ScreenShare,
			CodeRequired:    rules.CodeRequired,
			Locked:          a.Settings.Locked,
		},
		Slots: slots,
		Media: a.Media,
	}
	for _, p := range a.People {
		m.Participants = append(m.Participants, person(p))
	}
	for _, said := range a.History {
		m.Chat = append(m.Chat, chat(said))
	}
	return m
}

func doorMessage(d room.Door) signaling.Door {
	m := signaling.Door{State: signaling.DoorWaiting, Wrong: d.Wrong}
	switch d.State {
	case room.ForUnlocking:
		m.State = signaling.DoorLocked
	case room.ForCode:
		m.State = signaling.DoorCode
		m.RetryAfter = int(math.Ceil(float64(d.RetryAfter) / float64(time.Second)))
	}
	return m
}

func person(p room.Person) signaling.Participant {
	return signaling.Participant{ID: p.ID, Name: signaling.DisplayName(p.Name), Role: signaling.Role(p.Role),
		Mic: p.State.Mic, Camera: p.State.Camera, Screen: p.State.Screen, Away: p.Away}
}

func chat(m room.Message) signaling.Chat {
	return signaling.Chat{ID: m.ID, From: m.From, Name: signaling.DisplayName(m.Name), Text: signaling.ChatText(m.Text),
		At: m.At.UnixMilli()}
}

// closeStatus is the WebSocket close code (RFC 6455 §7.4.1) after the last message. Clients decide by the message; the code is for
// whoever looks at the wire.
func closeStatus(last signaling.ServerMessage) websocket.StatusCode {
	switch m := last.(type) {
	case signaling.Refused:
		switch m.Code {
		case signaling.RefusedBusy:
			return websocket.StatusTryAgainLater
		case signaling.RefusedBadMessage, signaling.RefusedTooManyAttempts:
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
