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
		{room.Door{State: room.ForOrganiser, Taken: true}, signaling.Door{State: signaling.DoorWaiting, Taken: true}},
		{room.Door{State: room.ForAdmission}, signaling.Door{State: signaling.DoorLobby}},
		{room.Door{State: room.ForCode, Wrong: true, RetryAfter: 1001 * time.Millisecond}, signaling.Door{State: signaling.DoorCode, Wrong: true, RetryAfter: 2}},
		{room.Door{State: room.ForUnlocking}, signaling.Door{State: signaling.DoorLocked}},
		{room.Refused{Reason: room.DeviceRemoved}, signaling.Refused{Code: signaling.RefusedRemoved}},
		{room.AwayChanged{ID: "7c1f", Away: true}, signaling.ParticipantAway{ID: "7c1f", Away: true}},
		{room.SettingsChanged{Settings: room.Settings{Locked: true, Microphones: true, CamerasTo: room.Organisers, PrivateChat: true}},
			signaling.Settings{Locked: true, Microphones: true, CamerasTo: signaling.Organisers, PrivateChat: true}},
		{room.SettingsChanged{Settings: room.Settings{Lobby: true, Cameras: true, CamerasTo: room.Everyone, Screens: true, Chat: true}},
			signaling.Settings{Lobby: true, Cameras: true, CamerasTo: signaling.Everyone, Screens: true, Chat: true}},
		{room.EmergencyChanged{On: true}, signaling.Emergency{On: true}},
		{room.Paused{Until: at}, signaling.Pause{Until: 1_795_248_000_123}},
		{room.Paused{}, signaling.Pause{}},
		{room.Muted{Source: room.Camera, Why: room.ByEmergency}, signaling.Muted{Source: signaling.SourceCamera, Why: signaling.MutedByEmergency}},
		{room.VisitorCame{Visitor: room.Visitor{ID: "c0ff", Name: "Ben"}}, signaling.Visitor{ID: "c0ff", Name: "Ben"}},
		{room.VisitorCame{Visitor: room.Visitor{ID: "c0ff", Unchecked: true}}, signaling.Visitor{ID: "c0ff", Unchecked: true}},
		{room.VisitorGone{ID: "c0ff"}, signaling.VisitorGone{ID: "c0ff"}},
		{room.Reacted{ID: "7c1f", Kind: room.Clap}, signaling.Reaction{ID: "7c1f", Kind: signaling.ReactionClap}},
		{room.PersonChanged{Person: room.Person{ID: "7c1f", Name: "Mia", Place: 4, Role: room.Participant, Hand: 2, Held: true, Line: room.LineBad,
			Except: room.Exceptions{Microphone: room.Yes, Chat: room.No, Shown: room.Yes}}},
			signaling.ParticipantChanged{Participant: signaling.Participant{ID: "7c1f", Name: "Mia", Place: 4, Role: signaling.RoleParticipant, Hand: 2,
				Held: true, Line: signaling.LineBad, Except: &signaling.Exceptions{Microphone: ptr(true), Chat: ptr(false), Shown: ptr(true)}}}},
		{room.PersonChanged{Person: room.Person{ID: "7c1f", Role: room.Organiser, Line: room.LineGood}},
			signaling.ParticipantChanged{Participant: signaling.Participant{ID: "7c1f", Role: signaling.RoleOrganiser}}},
		{room.Ended{Reason: room.LessonOver, Report: &room.Report{Participants: 3, Messages: 4, Verified: true}},
			signaling.Ended{Reason: signaling.EndedLessonOver, Report: &signaling.Report{Participants: 3, Messages: 4, Verified: true}}},
		{room.Refused{Reason: room.TurnedAway}, signaling.Refused{Code: signaling.RefusedTurnedAway}},
		{room.Problem{Code: room.WhilePaused}, signaling.Problem{Code: signaling.ErrorPaused}},
		{room.Problem{Code: room.WhileHeld}, signaling.Problem{Code: signaling.ErrorHeld}},
		{room.Problem{Code: room.MicNotAllowed}, signaling.Problem{Code: signaling.ErrorMicNotAllowed}},
		{room.Problem{Code: room.CameraNotAllowed}, signaling.Problem{Code: signaling.ErrorCameraNotAllowed}},
		{room.Problem{Code: room.ChatOff}, signaling.Problem{Code: signaling.ErrorChatOff}},
		{room.Problem{Code: room.LastOrganiser}, signaling.Problem{Code: signaling.ErrorLastOrganiser}},
		{room.Forward{ID: "7c1f"}, nil},
		{room.Noticed{At: at}, signaling.Notice{Kind: signaling.NoticeRestart, At: 1_795_248_000_123}},
		{room.Ended{Reason: room.Removed}, signaling.Ended{Reason: signaling.EndedRemoved}},
		{room.Refused{Reason: room.RoomFull}, signaling.Refused{Code: signaling.RefusedRoomFull}},
		{room.Refused{Reason: room.Busy}, signaling.Refused{Code: signaling.RefusedBusy}},
		{room.Joined{Person: mia}, signaling.ParticipantJoined{Participant: signaling.Participant{ID: "7c1f", Name: "Mia", Role: signaling.RoleParticipant, Camera: true}}},
		{room.Left{ID: "7c1f"}, signaling.ParticipantLeft{ID: "7c1f"}},
		{room.StateChanged{ID: "7c1f", State: room.State{Mic: true, Screen: true}}, signaling.ParticipantState{ID: "7c1f", Mic: true, Screen: true}},
		{room.Said{Message: room.Message{ID: "3", From: "7c1f", To: "9f3b", Name: "Mia", Text: "Hallo", At: at}},
			signaling.Chat{ID: "3", From: "7c1f", To: "9f3b", Name: "Mia", Text: "Hallo", At: 1_795_248_000_123}},
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

func ptr[T any](v T) *T { return &v }

// TestJoinedFitsAFrame fills a room to all its bounds, with what JSON makes longest.
func TestJoinedFitsAFrame(t *testing.T) {
	id := strings.Repeat("a", 16)
	a := room.Admitted{
		Self: room.Person{ID: id, Role: room.Organiser}, RoomName: "klasse-5a", Title: room.Title(strings.Repeat("𝄞", 80)), Code: "482713",
		Settings: room.Settings{Locked: true, Lobby: true, CamerasTo: room.Organisers}, Emergency: true, PausedUntil: time.UnixMilli(1_795_248_000_123), Media: true,
	}
	name := room.DisplayName(strings.Repeat("𝄞", signaling.MaxName)) // four bytes each
	for range 70 {
		a.People = append(a.People, room.Person{ID: id, Name: name, Role: room.Participant, Place: 1000, Away: true, Hand: 1000, Held: true,
			Except: room.Exceptions{Microphone: room.No, Camera: room.No, Screen: room.No, Chat: room.No, Shown: room.No}, Line: room.LineWeak})
	}
	for range room.MaxVisitors {
		a.Lobby = append(a.Lobby, room.Visitor{ID: id, Name: name, Unchecked: true})
	}
	const each = room.MaxHistoryBytes / room.MaxHistory
	for range room.MaxHistory {
		a.History = append(a.History, room.Message{ID: "123456", From: id, To: id, Text: room.Text(strings.Repeat(`"`, each)), At: time.Now()})
	}
	ice := &signaling.ICE{Username: signaling.Credential(strings.Repeat("u", 64)), Credential: signaling.Credential(strings.Repeat("c", 64)), Seconds: 600}
	for range signaling.MaxURLs {
		ice.URLs = append(ice.URLs, strings.Repeat("u", signaling.MaxURL))
	}
	m := JoinedMessage(a, Welcome{
		Rules:  room.Rules{MaxParticipants: 70, ScreenShare: room.ScreenShareEveryone, CodeRequired: true},
		Resume: signaling.Token(strings.Repeat("t", 400)), Slots: signaling.SlotLimit{Audio: 8, Video: 25}, ICE: ice,
	})
	frame, err := signaling.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if len(frame) > signaling.MaxServerFrame {
		t.Errorf("%d bytes", len(frame))
	}
	if _, err := signaling.DecodeServer(frame); err != nil {
		t.Error(err)
	}
	got := []any{m.Room.MaxParticipants, m.Room.ScreenShare, m.Room.CodeRequired, m.Slots.Video, len(m.Chat), m.Room.Code == "482713", m.Settings.Locked, m.Media,
		m.Participants[69].Away, len(m.Lobby), m.Emergency, m.Pause, m.ICE == ice, m.Room.Title == signaling.Title(a.Title)}
	if want := []any{70, signaling.Everyone, true, 25, 200, true, true, true, true, 200, true, int64(1_795_248_000_123), true, true}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCloseStatus(t *testing.T) {
	for last, want := range map[signaling.ServerMessage]websocket.StatusCode{
		signaling.Refused{Code: signaling.RefusedRoomFull}:        websocket.StatusNormalClosure,
		signaling.Refused{Code: signaling.RefusedBusy}:            websocket.StatusTryAgainLater,
		signaling.Refused{Code: signaling.RefusedBadMessage}:      websocket.StatusPolicyViolation,
		signaling.Refused{Code: signaling.RefusedOutdated}:        websocket.StatusPolicyViolation,
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
