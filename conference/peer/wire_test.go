package peer

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

func TestMessage(t *testing.T) {
	at := time.UnixMilli(1_795_248_000_123)
	mia := room.Person{ID: "7c1f", Name: "Mia", Role: room.Participant, State: room.State{Camera: true}}
	tests := []struct {
		event room.Event
		want  signaling.ServerMessage
	}{
		{room.Door{}, signaling.Door{State: signaling.DoorWaiting}},
		{room.Door{State: room.ForCode, Wrong: true, RetryAfter: 1001 * time.Millisecond}, signaling.Door{State: signaling.DoorCode, Wrong: true, RetryAfter: 2}},
		{room.Door{State: room.ForUnlocking}, signaling.Door{State: signaling.DoorLocked}},
		{room.Refused{Reason: room.DeviceRemoved}, signaling.Refused{Code: signaling.RefusedRemoved}},
		{room.AwayChanged{ID: "7c1f", Away: true}, signaling.ParticipantAway{ID: "7c1f", Away: true}},
		{room.SettingsChanged{Settings: room.Settings{Locked: true}}, signaling.Locked{Locked: true}},
		{room.Noticed{At: at}, signaling.Notice{Kind: signaling.NoticeRestart, At: 1_795_248_000_123}},
		{room.Ended{Reason: room.Removed}, signaling.Ended{Reason: signaling.EndedRemoved}},
		{room.Refused{Reason: room.RoomFull}, signaling.Refused{Code: signaling.RefusedRoomFull}},
		{room.Refused{Reason: room.Busy}, signaling.Refused{Code: signaling.RefusedBusy}},
		{room.Joined{Person: mia}, signaling.ParticipantJoined{Participant: signaling.Participant{ID: "7c1f", Name: "Mia", Role: signaling.RoleParticipant, Camera: true}}},
		{room.Left{ID: "7c1f"}, signaling.ParticipantLeft{ID: "7c1f"}},
		{room.StateChanged{ID: "7c1f", State: room.State{Mic: true, Screen: true}}, signaling.ParticipantState{ID: "7c1f", Mic: true, Screen: true}},
		{room.Said{Message: room.Message{ID: "3", From: "7c1f", Name: "Mia", Text: "Hallo", At: at}},
			signaling.Chat{ID: "3", From: "7c1f", Name: "Mia", Text: "Hallo", At: 1_795_248_000_123}},
		{room.CodeChanged{Code: "Igel-17"}, signaling.RoomCode{Code: "Igel-17"}},
		{room.Ended{Reason: room.AccountDisabled}, signaling.Ended{Reason: signaling.EndedAccountDisabled}},
		{room.Ended{Reason: room.Replaced}, signaling.Ended{Reason: signaling.EndedReplaced}},
		{room.Problem{Code: room.ScreenNotAllowed}, signaling.Problem{Code: signaling.ErrorScreenNotAllowed}},
		{room.Problem{Code: room.CodeInvalid}, signaling.Problem{Code: signaling.ErrorCodeInvalid}},
		{room.Problem{Code: room.NotAllowed}, signaling.Problem{Code: signaling.ErrorNotAllowed}},
		{room.Begun{}, nil},
		{room.Over{}, nil},
	}
	for _, tt := range tests {
		got := Message(tt.event)
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%T: another message", tt.event)
		}
		if got != nil {
			if _, err := signaling.Encode(got); err != nil {
				t.Errorf("%T: %v", tt.event, err)
			}
		}
	}
}

// TestJoinedFitsAFrame fills a room to all its bounds, with what JSON makes longest.
func TestJoinedFitsAFrame(t *testing.T) {
	a := room.Admitted{Self: room.Person{ID: strings.Repeat("a", 16), Role: room.Organiser}, RoomName: "klasse-5a", Code: "482713", Settings: room.Settings{Locked: true}, Media: true}
	name := room.DisplayName(strings.Repeat("𝄞", signaling.MaxName)) // four bytes each
	for range 70 {
		a.People = append(a.People, room.Person{ID: strings.Repeat("a", 16), Name: name, Role: room.Participant, Away: true})
	}
	const each = room.MaxHistoryBytes / room.MaxHistory
	for range room.MaxHistory {
		a.History = append(a.History, room.Message{ID: "123456", From: strings.Repeat("a", 16), Text: room.Text(strings.Repeat(`"`, each)), At: time.Now()})
	}
	rules := room.Rules{MaxParticipants: 70, ScreenShare: room.ScreenShareEveryone, CodeRequired: true}
	m := JoinedMessage(a, rules, signaling.Token(strings.Repeat("t", 400)), signaling.SlotLimit{Audio: 8, Video: 25})
	frame, err := signaling.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(frame) > signaling.MaxFrame {
		t.Errorf("%d bytes", len(frame))
	}
	if _, err := signaling.DecodeServer(frame); err != nil {
		t.Error(err)
	}
	got := []any{m.Room.MaxParticipants, m.Room.ScreenShare, m.Room.CodeRequired, m.Slots.Video, len(m.Chat), m.Room.Code == "482713", m.Room.Locked, m.Media, m.Participants[69].Away}
	if want := []any{70, "everyone", true, 25, 200, true, true, true, true}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCloseStatus(t *testing.T) {
	for last, want := range map[signaling.ServerMessage]websocket.StatusCode{
		signaling.Refused{Code: signaling.RefusedRoomFull}:        websocket.StatusNormalClosure,
		signaling.Refused{Code: signaling.RefusedBusy}:            websocket.StatusTryAgainLater,
		signaling.Refused{Code: signaling.RefusedBadMessage}:      websocket.StatusPolicyViolation,
		signaling.Refused{Code: signaling.RefusedTooManyAttempts}: websocket.StatusPolicyViolation,
		signaling.Ended{Reason: signaling.EndedReplaced}:          websocket.StatusNormalClosure,
		signaling.Ended{Reason: signaling.EndedRestart}:           websocket.StatusServiceRestart,
		signaling.Ended{Reason: signaling.EndedMoved}:             websocket.StatusServiceRestart,
		signaling.Ended{Reason: signaling.EndedRemoved}:           websocket.StatusNormalClosure,
		signaling.Ended{Reason: signaling.EndedSlow}:              websocket.StatusPolicyViolation,
	} {
		if got := closeStatus(last); got != want {
			t.Errorf("%+v: %v, want %v", last, got, want)
		}
	}
}
