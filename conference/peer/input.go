package peer

import (
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// roomInput turns what a client said into an input of its room; nil for what is not the room's.
func roomInput(c room.Conn, m signaling.ClientMessage) room.Input {
	switch m := m.(type) {
	case signaling.EnterCode:
		return room.EnterCode{Conn: c, Code: room.Code(m.Code)}
	case signaling.State:
		return room.SetState{Conn: c, State: room.State{Mic: m.Mic, Camera: m.Camera, Screen: m.Screen}}
	case signaling.SendChat:
		return room.Say{Conn: c, Text: room.Text(m.Text), To: m.To}
	case signaling.RaiseHand:
		return room.RaiseHand{Conn: c, Up: m.Up}
	case signaling.React:
		return room.React{Conn: c, Kind: room.Reaction(m.Kind)}
	case signaling.SetLine:
		return room.SetLine{Conn: c, Level: room.Line(m.Level)}
	}
	return order(c, m)
}

// order turns what an organiser said into an input.
func order(c room.Conn, m signaling.ClientMessage) room.Input {
	switch m := m.(type) {
	case signaling.ChangeSettings:
		return room.ChangeSettings{Conn: c, Change: change(m)}
	case signaling.Allow:
		return room.Allow{Conn: c, Participant: m.Participant, What: room.Right(m.What), Value: values[m.Value]}
	case signaling.Mute:
		return room.Mute{Conn: c, Participant: m.Participant, Source: room.MediaSource(m.Source)}
	case signaling.LowerHand:
		return room.LowerHand{Conn: c, Participant: m.Participant}
	case signaling.SetCode:
		return room.SetCode{Conn: c, Code: room.Code(m.Code)}
	case signaling.NewCode:
		return room.NewCode{Conn: c}
	case signaling.Admit:
		return room.Admit{Conn: c, Visitor: m.Visitor}
	case signaling.TurnAway:
		return room.TurnAway{Conn: c, Visitor: m.Visitor}
	case signaling.ToLobby:
		return room.ToLobby{Conn: c, Participant: m.Participant}
	case signaling.Remove:
		return room.Remove{Conn: c, Participant: m.Participant}
	case signaling.Pardon:
		return room.Pardon{Conn: c}
	case signaling.SetRole:
		return room.SetRole{Conn: c, Participant: m.Participant, Role: room.Role(m.Role)}
	case signaling.SetEmergency:
		return room.Emergency{Conn: c, On: m.On}
	case signaling.Release:
		return room.Release{Conn: c, Participant: m.Participant}
	case signaling.End:
		return room.End{Conn: c}
	}
	return nil
}

var values = map[signaling.Allowance]room.Exception{signaling.AllowYes: room.Yes, signaling.AllowNo: room.No, signaling.AllowRule: room.ByRule}

func change(m signaling.ChangeSettings) room.SettingsChange {
	c := room.SettingsChange{Locked: m.Locked, Lobby: m.Lobby, Microphones: m.Microphones, Cameras: m.Cameras, Screens: m.Screens,
		Chat: m.Chat, PrivateChat: m.PrivateChat}
	if m.CamerasTo != nil {
		to := room.Audience(*m.CamerasTo)
		c.CamerasTo = &to
	}
	return c
}
