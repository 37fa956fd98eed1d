package signaling

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestDecode(t *testing.T) {
	long := strings.Repeat("x", 5000)
	tests := []struct {
		name    string
		frame   string
		want    ClientMessage // nil: an error
		refusal RefusalCode
		problem ErrorCode
	}{
		{name: "name is trimmed", frame: `{"type":"join","name":" \t Mia \n","role":"participant"}`, want: Join{Name: "Mia", Role: RoleParticipant}},
		{name: "emoji in a name", frame: `{"type":"join","name":"👩‍🏫","role":"organiser"}`, want: Join{Name: "👩‍🏫", Role: RoleOrganiser}},
		{name: "40 characters", frame: `{"type":"join","name":"` + strings.Repeat("ä", 40) + `","role":"participant"}`,
			want: Join{Name: DisplayName(strings.Repeat("ä", 40)), Role: RoleParticipant}},
		{name: "41 characters", frame: `{"type":"join","name":"` + strings.Repeat("ä", 41) + `","role":"participant"}`, refusal: RefusedNameInvalid},
		{name: "no name", frame: `{"type":"join","role":"participant"}`, refusal: RefusedNameInvalid},
		{name: "blank name", frame: `{"type":"join","name":"  ","role":"participant"}`, refusal: RefusedNameInvalid},
		{name: "invisible name", frame: `{"type":"join","name":"\u200d\u2060","role":"participant"}`, refusal: RefusedNameInvalid},
		{name: "control character in a name", frame: `{"type":"join","name":"Mia\u0007","role":"participant"}`, refusal: RefusedNameInvalid},
		{name: "line separator in a name", frame: `{"type":"join","name":"Mia\u2028!","role":"participant"}`, refusal: RefusedNameInvalid},
		{name: "bidirectional override in a name", frame: `{"type":"join","name":"\u202eaiM","role":"participant"}`, refusal: RefusedNameInvalid},
		{name: "unknown role", frame: `{"type":"join","name":"Mia","role":"teacher"}`, refusal: RefusedBadMessage},
		{name: "no role", frame: `{"type":"join","name":"Mia"}`, refusal: RefusedBadMessage},
		{name: "code given at the door is trimmed", frame: `{"type":"join","name":"Mia","role":"participant","code":" 482713 "}`,
			want: Join{Name: "Mia", Role: RoleParticipant, Code: "482713"}},
		{name: "impossible code is no code", frame: `{"type":"join","name":"Mia","role":"participant","code":"` + long + `"}`,
			want: Join{Name: "Mia", Role: RoleParticipant}},
		{name: "resume too long", frame: `{"type":"join","name":"Mia","role":"participant","resume":"` + long + `"}`, refusal: RefusedBadMessage},
		{name: "probe too long", frame: `{"type":"join","name":"Mia","role":"participant","probe":"` + long + `"}`, refusal: RefusedBadMessage},
		{name: "unknown fields are ignored", frame: `{"type":"leave","later":{"a":[1,2]}}`, want: Leave{}},
		{name: "short code is just wrong", frame: `{"type":"code","code":"1"}`, want: EnterCode{Code: "1"}},
		{name: "empty code", frame: `{"type":"code","code":"  "}`, problem: ErrorCodeInvalid},
		{name: "33 characters of code", frame: `{"type":"code","code":"` + long[:33] + `"}`, problem: ErrorCodeInvalid},
		{name: "set code", frame: `{"type":"setCode","code":" Igel 17 "}`, want: SetCode{Code: "Igel 17"}},
		{name: "set code of three characters", frame: `{"type":"setCode","code":"abc"}`, problem: ErrorCodeInvalid},
		{name: "set code of three characters and a blank", frame: `{"type":"setCode","code":"a bc"}`, problem: ErrorCodeInvalid},
		{name: "set code with a tab", frame: `{"type":"setCode","code":"ab\tcd"}`, problem: ErrorCodeInvalid},
		{name: "set no code", frame: `{"type":"setCode"}`, want: SetCode{}},
		{name: "offer", frame: `{"type":"offer","sdp":"v=0"}`, want: Offer{SDP: "v=0"}},
		{name: "empty offer", frame: `{"type":"offer"}`, refusal: RefusedBadMessage},
		{name: "huge offer", frame: `{"type":"offer","sdp":"` + strings.Repeat("x", MaxSDP+1) + `"}`, refusal: RefusedBadMessage},
		{name: "no view", frame: `{"type":"view"}`, want: View{Want: []Want{}}},
		{name: "33 entries in a view", frame: `{"type":"view","want":[` + strings.Repeat(`{"participant":"a","source":"camera","height":1},`, 32) +
			`{"participant":"a","source":"camera","height":1}]}`, refusal: RefusedBadMessage},
		{name: "view of a microphone", frame: `{"type":"view","want":[{"participant":"a","source":"microphone","height":1}]}`, refusal: RefusedBadMessage},
		{name: "view of nobody", frame: `{"type":"view","want":[{"source":"camera","height":1}]}`, refusal: RefusedBadMessage},
		{name: "negative height", frame: `{"type":"view","want":[{"participant":"a","source":"camera","height":-1}]}`, refusal: RefusedBadMessage},
		{name: "height that overflows", frame: `{"type":"view","want":[{"participant":"a","source":"camera","height":1e400}]}`, refusal: RefusedBadMessage},
		{name: "state", frame: `{"type":"state","mic":true,"camera":false,"screen":false}`, want: State{Mic: true}},
		{name: "state with a field missing", frame: `{"type":"state","mic":true,"camera":false}`, refusal: RefusedBadMessage},
		{name: "state of another type", frame: `{"type":"state","mic":1,"camera":0,"screen":0}`, refusal: RefusedBadMessage},
		{name: "chat", frame: `{"type":"chat","text":" a\nb\t "}`, want: SendChat{Text: "a\nb"}},
		{name: "blank chat", frame: `{"type":"chat","text":" \n "}`, problem: ErrorChatInvalid},
		{name: "2000 characters", frame: `{"type":"chat","text":"` + strings.Repeat("ü", 2000) + `"}`, want: SendChat{Text: ChatText(strings.Repeat("ü", 2000))}},
		{name: "2001 characters", frame: `{"type":"chat","text":"` + strings.Repeat("ü", 2001) + `"}`, problem: ErrorChatInvalid},
		{name: "control character in a chat", frame: `{"type":"chat","text":"a\u0000b"}`, problem: ErrorChatInvalid},
		{name: "media and device", frame: `{"type":"join","name":"Mia","role":"participant","media":true,"device":"Zm9vYmFy_LWJhei0x"}`,
			want: Join{Name: "Mia", Role: RoleParticipant, Media: true, Device: "Zm9vYmFy_LWJhei0x"}},
		{name: "device too short", frame: `{"type":"join","name":"Mia","role":"participant","device":"123456789012345"}`, refusal: RefusedBadMessage},
		{name: "device too long", frame: `{"type":"join","name":"Mia","role":"participant","device":"` + long[:65] + `"}`, refusal: RefusedBadMessage},
		{name: "device with a blank", frame: `{"type":"join","name":"Mia","role":"participant","device":"12345678901234 567"}`, refusal: RefusedBadMessage},
		{name: "set no code at all", frame: `{"type":"setCode","code":""}`, want: SetCode{}},
		{name: "private chat", frame: `{"type":"chat","text":"a","to":"7c1f"}`, want: SendChat{Text: "a", To: "7c1f"}},
		{name: "private chat with nobody", frame: `{"type":"chat","text":"a","to":""}`, refusal: RefusedBadMessage},
		{name: "private chat with null", frame: `{"type":"chat","text":"a","TO":null}`, refusal: RefusedBadMessage},
		{name: "private chat with no ID", frame: `{"type":"chat","text":"a","to":"a b"}`, refusal: RefusedBadMessage},
		{name: "hand", frame: `{"type":"hand","up":true}`, want: RaiseHand{Up: true}},
		{name: "hand without saying which way", frame: `{"type":"hand"}`, refusal: RefusedBadMessage},
		{name: "hand that is null", frame: `{"type":"hand","up":null}`, refusal: RefusedBadMessage},
		{name: "unknown reaction", frame: `{"type":"react","kind":"boo"}`, refusal: RefusedBadMessage},
		{name: "no reaction", frame: `{"type":"react"}`, refusal: RefusedBadMessage},
		{name: "unknown line", frame: `{"type":"line","level":"great"}`, refusal: RefusedBadMessage},
		{name: "settings", frame: `{"type":"settings","locked":true,"camerasTo":"organisers"}`, want: ChangeSettings{Locked: ptr(true), CamerasTo: ptr(Organisers)}},
		{name: "settings that change nothing", frame: `{"type":"settings"}`, refusal: RefusedBadMessage},
		{name: "settings of null", frame: `{"type":"settings","locked":null}`, refusal: RefusedBadMessage},
		{name: "cameras to nobody", frame: `{"type":"settings","camerasTo":""}`, refusal: RefusedBadMessage},
		{name: "settings of another type", frame: `{"type":"settings","locked":"no"}`, refusal: RefusedBadMessage},
		{name: "allow", frame: `{"type":"allow","participant":"7c1f","what":"shown","value":"rule"}`, want: Allow{"7c1f", RightShown, AllowRule}},
		{name: "allow nobody", frame: `{"type":"allow","what":"shown","value":"rule"}`, refusal: RefusedBadMessage},
		{name: "allow something else", frame: `{"type":"allow","participant":"7c1f","what":"everything","value":"yes"}`, refusal: RefusedBadMessage},
		{name: "allow perhaps", frame: `{"type":"allow","participant":"7c1f","what":"chat","value":"perhaps"}`, refusal: RefusedBadMessage},
		{name: "mute all", frame: `{"type":"mute","source":"microphone"}`, want: Mute{Source: SourceMicrophone}},
		{name: "mute one whom the page has lost", frame: `{"type":"mute","source":"microphone","participant":""}`, refusal: RefusedBadMessage},
		{name: "mute null", frame: `{"type":"mute","source":"microphone","participant":null}`, refusal: RefusedBadMessage},
		{name: "mute nothing", frame: `{"type":"mute","participant":"7c1f"}`, refusal: RefusedBadMessage},
		{name: "lower all", frame: `{"type":"lowerHand"}`, want: LowerHand{}},
		{name: "lower one whom the page has lost", frame: `{"type":"lowerHand","Participant":""}`, refusal: RefusedBadMessage},
		{name: "admit all", frame: `{"type":"admit"}`, want: Admit{}},
		{name: "admit one whom the page has lost", frame: `{"type":"admit","visitor":""}`, refusal: RefusedBadMessage},
		{name: "turn nobody away", frame: `{"type":"turnAway"}`, refusal: RefusedBadMessage},
		{name: "nobody to the lobby", frame: `{"type":"toLobby"}`, refusal: RefusedBadMessage},
		{name: "unknown role to set", frame: `{"type":"setRole","participant":"7c1f","role":"owner"}`, refusal: RefusedBadMessage},
		{name: "role of nobody", frame: `{"type":"setRole","role":"organiser"}`, refusal: RefusedBadMessage},
		{name: "emergency over", frame: `{"type":"emergency","on":false}`, want: SetEmergency{}},
		{name: "emergency without saying which way", frame: `{"type":"emergency"}`, refusal: RefusedBadMessage},
		{name: "release all", frame: `{"type":"release"}`, want: Release{}},
		{name: "release one whom the page has lost", frame: `{"type":"release","participant":""}`, refusal: RefusedBadMessage},
		{name: "remove", frame: `{"type":"remove","participant":"7c1f"}`, want: Remove{Participant: "7c1f"}},
		{name: "remove nobody", frame: `{"type":"remove"}`, refusal: RefusedBadMessage},
		{name: "unknown type", frame: `{"type":"shout"}`, refusal: RefusedBadMessage},
		{name: "type of the server", frame: `{"type":"joined"}`, refusal: RefusedBadMessage},
		{name: "no type", frame: `{}`, refusal: RefusedBadMessage},
		{name: "null", frame: `null`, refusal: RefusedBadMessage},
		{name: "array", frame: `[{"type":"leave"}]`, refusal: RefusedBadMessage},
		{name: "two objects", frame: `{"type":"leave"}{"type":"leave"}`, refusal: RefusedBadMessage},
		{name: "empty frame", frame: ``, refusal: RefusedBadMessage},
		{name: "not UTF-8", frame: "{\"type\":\"chat\",\"text\":\"\xff\"}", refusal: RefusedBadMessage},
		{name: "too large", frame: `{"type":"leave","x":"` + strings.Repeat("x", MaxFrame) + `"}`, refusal: RefusedBadMessage},
		{name: "deeply nested", frame: `{"type":"leave","x":` + strings.Repeat("[", 60000) + strings.Repeat("]", 60000) + `}`, refusal: RefusedBadMessage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode([]byte(tt.frame))
			if tt.want != nil {
				if err != nil || !reflect.DeepEqual(got, tt.want) {
					t.Fatalf("got %T (equal: %v), %v", got, reflect.DeepEqual(got, tt.want), err)
				}
				return
			}
			var d *DecodeError
			if !errors.As(err, &d) || d.Refusal != tt.refusal || d.Problem != tt.problem {
				t.Fatalf("got %v, %#v, want refusal %q, problem %q", got, err, tt.refusal, tt.problem)
			}
		})
	}
}

func TestDecodeServerRejects(t *testing.T) {
	for name, frame := range map[string]string{
		"type of the client":    `{"type":"join"}`,
		"unknown refusal":       `{"type":"refused","code":"because"}`,
		"unknown door state":    `{"type":"door","state":"open"}`,
		"negative wait":         `{"type":"door","state":"code","retryAfter":-1}`,
		"unknown reason":        `{"type":"ended","reason":"because"}`,
		"unknown error":         `{"type":"error","code":"because"}`,
		"joined without self":   `{"type":"joined"}`,
		"participant without":   `{"type":"participantJoined","participant":{"role":"organiser"}}`,
		"roster without role":   `{"type":"joined","self":"a","participants":[{"id":"a"}]}`,
		"left without ID":       `{"type":"participantLeft"}`,
		"state without ID":      `{"type":"participantState"}`,
		"ID with a space":       `{"type":"participantLeft","id":"a b"}`,
		"ID too long":           `{"type":"participantLeft","id":"` + strings.Repeat("a", 65) + `"}`,
		"empty answer":          `{"type":"answer"}`,
		"slot without MID":      `{"type":"slots","audio":[{"participant":"a"}],"video":[]}`,
		"slot of unknown kind":  `{"type":"slots","audio":[],"video":[{"mid":"1","participant":"a","source":"microphone"}]}`,
		"speaker without ID":    `{"type":"speakers","ids":[""]}`,
		"chat without author":   `{"type":"chat","id":"1"}`,
		"away without ID":       `{"type":"participantAway","away":true}`,
		"no place in the queue": `{"type":"queue"}`,
		"negative place":        `{"type":"queue","place":-1}`,
		"unknown notice":        `{"type":"notice","kind":"party","at":1}`,
		"notice without time":   `{"type":"notice","kind":"restart"}`,
		"cameras to whom":       `{"type":"settings"}`,
		"joined, no settings":   `{"type":"joined","self":"a"}`,
		"pause before 1970":     `{"type":"pause","until":-1}`,
		"muted, no source":      `{"type":"muted","why":"settings"}`,
		"muted without a why":   `{"type":"muted","source":"camera"}`,
		"visitor without ID":    `{"type":"visitor","name":"a"}`,
		"visitor gone, who":     `{"type":"visitorGone"}`,
		"unknown reaction":      `{"type":"reaction","id":"a","kind":"boo"}`,
		"changed without role":  `{"type":"participantChanged","participant":{"id":"a"}}`,
		"a hand below nothing":  `{"type":"participantChanged","participant":{"id":"a","role":"organiser","hand":-1}}`,
		"unknown line":          `{"type":"participantChanged","participant":{"id":"a","role":"organiser","line":"great"}}`,
		"ICE without address":   `{"type":"ice","urls":[],"seconds":600}`,
		"ICE for no time":       `{"type":"ice","urls":["turns:example.org"]}`,
		"ICE, odd address":      `{"type":"ice","urls":["a\nb"],"seconds":1}`,
		"sound of a camera":     `{"type":"slots","audio":[{"mid":"1","participant":"a","source":"camera"}],"video":[]}`,
		"a field of wrong type": `{"type":"speakers","ids":7}`,
	} {
		t.Run(name, func(t *testing.T) {
			if m, err := DecodeServer([]byte(frame)); err == nil {
				t.Errorf("got %T", m)
			}
		})
	}
}

func TestEncodeHasListsInsteadOfNull(t *testing.T) {
	for _, m := range []ServerMessage{Joined{Self: "a", Settings: Settings{CamerasTo: Everyone}}, Slots{}, Speakers{}} {
		frame, err := Encode(m)
		if err != nil || bytes.Contains(frame, []byte("null")) {
			t.Errorf("%s: %s, %v", m.Type(), frame, err)
		}
	}
	if _, err := Encode(Refused{Code: "because"}); err == nil {
		t.Error("an invalid message was encoded")
	}
	if _, err := EncodeClient(Join{}); err == nil {
		t.Error("an invalid message was encoded")
	}
}

func ptr[T any](v T) *T { return &v }

// FuzzDecode: whatever is accepted is valid, can be encoded and means the same afterwards.
func FuzzDecode(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join(fixtureDir, "*.json"))
	for _, file := range files {
		frame, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if m, err := Decode(frame); err == nil {
			again, err := EncodeClient(m)
			if err != nil {
				t.Fatalf("%s: %v", m.Type(), err)
			}
			if m2, err := Decode(again); err != nil || !reflect.DeepEqual(m, m2) {
				t.Fatalf("%s changed: %v", m.Type(), err)
			}
		}
		if m, err := DecodeServer(frame); err == nil {
			again, err := Encode(m)
			if err != nil {
				t.Fatalf("%s: %v", m.Type(), err)
			}
			if m2, err := DecodeServer(again); err != nil || !reflect.DeepEqual(m, m2) {
				t.Fatalf("%s changed: %v", m.Type(), err)
			}
		}
	})
}

// TestNothingPrivateIsPrinted prints all messages with every verb, and logs them.
func TestNothingPrivateIsPrinted(t *testing.T) {
	const canary = "Kanarienvogel"
	var out bytes.Buffer
	text, js := slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))
	for _, m := range []any{
		Join{Name: canary, Code: canary, Resume: canary, Probe: canary, Device: canary}, EnterCode{canary}, Offer{canary}, SendChat{Text: canary}, SetCode{canary},
		Joined{Resume: canary, Room: RoomInfo{Name: canary, Title: canary, Code: canary}, Lobby: []Visitor{{Name: canary}}, ICE: &ICE{Username: canary, Credential: canary}, Participants: []Participant{{Name: canary}}, Chat: []Chat{{Name: canary, Text: canary}}},
		ParticipantJoined{Participant{Name: canary}}, Answer{canary}, Chat{Name: canary, Text: canary}, RoomCode{canary},
		Visitor{Name: canary}, ParticipantChanged{Participant{Name: canary}}, ICE{URLs: nil, Username: canary, Credential: canary}, Title(canary), Credential(canary),
		DisplayName(canary), Code(canary), ChatText(canary), RoomName(canary), SDP(canary), Token(canary), Device(canary),
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", m)
		}
		text.Info("message", "message", m)
		js.Info("message", "message", m)
	}
	for _, frame := range []string{`{"type":"Kanarienvogel"}`, `Kanarienvogel`, `{"type":"join","name":"Kanarienvogel","role":"Kanarienvogel"}`,
		`{"type":"view","want":[{"participant":"Kanarienvogel","source":"Kanarienvogel"}]}`} {
		_, err := Decode([]byte(frame))
		fmt.Fprintln(&out, err)
	}
	if s := out.String(); strings.Contains(s, canary) || strings.Contains(s, fmt.Sprintf("%x", canary)) || strings.Contains(s, fmt.Sprintf("%X", canary)) {
		t.Errorf("something private was printed")
	}
	if b, err := json.Marshal(Code(canary)); err != nil || string(b) != `"Kanarienvogel"` {
		t.Errorf("the wire gets %s, %v", b, err)
	}
}
