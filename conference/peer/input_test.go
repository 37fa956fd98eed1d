package peer

import (
	"reflect"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

func TestRoomInput(t *testing.T) {
	const c = room.Conn(7)
	everyone := signaling.Everyone
	to := room.Everyone
	for _, tt := range []struct {
		message signaling.ClientMessage
		want    room.Input
	}{
		{signaling.EnterCode{Code: "482713"}, room.EnterCode{Conn: c, Code: "482713"}},
		{signaling.State{Mic: true}, room.SetState{Conn: c, State: room.State{Mic: true}}},
		{signaling.State{Camera: true, Screen: true}, room.SetState{Conn: c, State: room.State{Camera: true, Screen: true}}},
		{signaling.SendChat{Text: "Hallo", To: "9f3b"}, room.Say{Conn: c, Text: "Hallo", To: "9f3b"}},
		{signaling.RaiseHand{Up: true}, room.RaiseHand{Conn: c, Up: true}},
		{signaling.React{Kind: signaling.ReactionFaster}, room.React{Conn: c, Kind: room.Faster}},
		{signaling.SetLine{Level: signaling.LineBad}, room.SetLine{Conn: c, Level: room.LineBad}},
		{signaling.ChangeSettings{Locked: ptr(true), Microphones: ptr(false), CamerasTo: &everyone, PrivateChat: ptr(true)},
			room.ChangeSettings{Conn: c, Change: room.SettingsChange{Locked: ptr(true), Microphones: ptr(false), CamerasTo: &to, PrivateChat: ptr(true)}}},
		{signaling.ChangeSettings{Lobby: ptr(true), Cameras: ptr(false), Screens: ptr(true), Chat: ptr(false)},
			room.ChangeSettings{Conn: c, Change: room.SettingsChange{Lobby: ptr(true), Cameras: ptr(false), Screens: ptr(true), Chat: ptr(false)}}},
		{signaling.Allow{Participant: "7c1f", What: signaling.RightShown, Value: signaling.AllowYes},
			room.Allow{Conn: c, Participant: "7c1f", What: room.RightShown, Value: room.Yes}},
		{signaling.Allow{Participant: "7c1f", What: signaling.RightChat, Value: signaling.AllowNo},
			room.Allow{Conn: c, Participant: "7c1f", What: room.RightChat, Value: room.No}},
		{signaling.Allow{Participant: "7c1f", What: signaling.RightScreen, Value: signaling.AllowRule},
			room.Allow{Conn: c, Participant: "7c1f", What: room.RightScreen, Value: room.ByRule}},
		{signaling.Mute{Participant: "7c1f", Source: signaling.SourceCamera}, room.Mute{Conn: c, Participant: "7c1f", Source: room.Camera}},
		{signaling.LowerHand{Participant: "7c1f"}, room.LowerHand{Conn: c, Participant: "7c1f"}},
		{signaling.SetCode{Code: "Igel-17"}, room.SetCode{Conn: c, Code: "Igel-17"}},
		{signaling.NewCode{}, room.NewCode{Conn: c}},
		{signaling.Admit{Visitor: "c0ff"}, room.Admit{Conn: c, Visitor: "c0ff"}},
		{signaling.TurnAway{Visitor: "c0ff"}, room.TurnAway{Conn: c, Visitor: "c0ff"}},
		{signaling.ToLobby{Participant: "7c1f"}, room.ToLobby{Conn: c, Participant: "7c1f"}},
		{signaling.Remove{Participant: "7c1f"}, room.Remove{Conn: c, Participant: "7c1f"}},
		{signaling.Pardon{}, room.Pardon{Conn: c}},
		{signaling.SetRole{Participant: "7c1f", Role: signaling.RoleOrganiser}, room.SetRole{Conn: c, Participant: "7c1f", Role: room.Organiser}},
		{signaling.SetEmergency{On: true}, room.Emergency{Conn: c, On: true}},
		{signaling.Release{Participant: "7c1f"}, room.Release{Conn: c, Participant: "7c1f"}},
		{signaling.End{}, room.End{Conn: c}},
		{signaling.Leave{}, nil},
		{signaling.Join{}, nil},
	} {
		if got := roomInput(c, tt.message); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: another input", tt.message.Type())
		}
	}
}

// TestLimits says everything at once: what is heard, and what the author is told beyond.
func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		message signaling.ClientMessage
		heard   int
		told    signaling.ErrorCode
	}{
		{signaling.SendChat{}, chatBurst, signaling.ErrorChatTooFast},
		{signaling.React{}, reactBurst, ""},
		{signaling.RaiseHand{}, handBurst, ""},
		{signaling.SetLine{}, lineBurst, ""},
		{signaling.Mute{}, orderBurst, signaling.ErrorNotAllowed},
		{signaling.State{}, 1000, ""},
		{signaling.EnterCode{}, 1000, ""},
	} {
		l, heard := newLimits(), 0
		for range 1000 {
			told, ok := l.allow(tt.message)
			if ok {
				heard++
			} else if told != tt.told {
				t.Fatalf("%s: told %q", tt.message.Type(), told)
			}
		}
		if heard < tt.heard || heard > tt.heard+tt.heard/2+1 { // the clock goes on
			t.Errorf("%s: %d were heard, want %d", tt.message.Type(), heard, tt.heard)
		}
	}
}

// TestLongFrames: a frame of the longest counts as many messages, and offers of a full class at once are heard.
func TestLongFrames(t *testing.T) {
	for _, tt := range []struct{ bytes, atLeast, atMost int }{
		{200, messageBurst, messageBurst + 10},
		{40 << 10, offerBurst, 15},
		{signaling.MaxFrame, 2, 5},
	} {
		l, heard := newLimits(), 0
		for range messageBurst + 100 {
			if !l.takes(tt.bytes) {
				break
			}
			heard++
		}
		if heard < tt.atLeast || heard > tt.atMost { // the clock goes on
			t.Errorf("%d frames of %d bytes at once", heard, tt.bytes)
		}
	}
}
