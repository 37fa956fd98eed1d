package bridge

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

func TestWithoutAdmissionNothingIsUpgraded(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	a := admission("klasse-5a", "")
	for name, header := range map[string]string{
		"none":                  "",
		"not signed":            "eyJlIjowfQ.c2lnbmF0dXJl",
		"signed by another key": a.Sign(token.NewKey(), time.Now()),
		"expired":               a.Sign(s.key, time.Now().Add(-cluster.AdmissionLifetime)),
		"of another purpose":    token.Sign(s.key, token.PurposeSession, a, time.Now().Add(time.Hour)),
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_, response, err := websocket.Dial(ctx, s.url, &websocket.DialOptions{
				Subprotocols: []string{signaling.Subprotocol}, HTTPHeader: http.Header{cluster.AdmissionHeader: {header}}})
			if err == nil || response == nil || response.StatusCode != http.StatusForbidden {
				t.Fatalf("got %v, %v", response, err)
			}
		})
	}
}

func TestSubprotocol(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	for name, tt := range map[string]struct {
		offered []string
		chosen  string // "": nothing is upgraded
	}{
		"none": {nil, ""}, "something else": {[]string{"chat"}, ""}, "an old page": {[]string{"kreisraum.1"}, "kreisraum.1"},
		"a newer page": {[]string{"kreisraum.31"}, "kreisraum.31"}, "several versions": {[]string{"kreisraum.1", "kreisraum.2", "kreisraum.3"}, "kreisraum.2"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			ws, response, err := websocket.Dial(ctx, s.url, &websocket.DialOptions{Subprotocols: tt.offered,
				HTTPHeader: http.Header{cluster.AdmissionHeader: {admission("klasse-5a", "").Sign(s.key, time.Now())}}})
			if tt.chosen == "" {
				if err == nil || response.StatusCode != http.StatusBadRequest {
					t.Fatalf("got %v", err)
				}
				return
			}
			if err != nil || ws.Subprotocol() != tt.chosen {
				t.Fatalf("chose %v, %v", ws, err)
			}
			defer ws.CloseNow()
			if tt.chosen == signaling.Subprotocol {
				return
			}
			c := &client{t: t, ws: ws}
			if r := expect[signaling.Refused](c); r.Code != signaling.RefusedOutdated {
				t.Errorf("refused with %s", r.Code)
			}
			if _, _, err := ws.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
				t.Errorf("closed with %v", err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	const probeRoom = signaling.ProbeRoomPrefix + "1234"
	s := newSite(t, &fakeMedia{})
	probe := func(purpose, room string, lifetime time.Duration) signaling.Token {
		return signaling.Token(token.Sign(s.key, purpose, token.ProbeClaims{Room: room}, time.Now().Add(lifetime)))
	}
	organiser := signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser}
	participant := signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant}
	with := func(j signaling.Join, probe signaling.Token) signaling.Join {
		j.Probe = probe
		return j
	}
	tests := []struct {
		name      string
		admission cluster.Admission
		join      signaling.Join
		want      signaling.RefusalCode
	}{
		{"organiser without login", admission("mathe", ""), organiser, signaling.RefusedLoginRequired},
		{"organiser with an account that is none", cluster.Admission{Room: "mathe", Account: "x"}, organiser, signaling.RefusedLoginRequired},
		{"organiser without an account ID", cluster.Admission{Room: "mathe", Organiser: true}, organiser, signaling.RefusedLoginRequired},
		{"room name that is none", admission("a b", "x"), organiser, signaling.RefusedRoomInvalid},
		{"room name that is not canonical", cluster.Admission{Room: "Mathe"}, participant, signaling.RefusedRoomInvalid},
		{"reserved room", cluster.Admission{Room: "api"}, participant, signaling.RefusedRoomInvalid},
		{"probe room without a token", admission(probeRoom, ""), participant, signaling.RefusedRoomInvalid},
		{"probe room as a logged-in organiser", admission(probeRoom, "x"), organiser, signaling.RefusedRoomInvalid},
		{"probe token for another room", admission(probeRoom, ""), with(organiser, probe(token.PurposeProbe, probeRoom+"5", time.Minute)), signaling.RefusedProbeInvalid},
		{"probe token for an ordinary room", admission("mathe", ""), with(organiser, probe(token.PurposeProbe, "mathe", time.Minute)), signaling.RefusedProbeInvalid},
		{"probe token in another room", admission("mathe", ""), with(organiser, probe(token.PurposeProbe, probeRoom, time.Minute)), signaling.RefusedProbeInvalid},
		{"expired probe token", admission(probeRoom, ""), with(organiser, probe(token.PurposeProbe, probeRoom, -time.Second)), signaling.RefusedProbeInvalid},
		{"token of another purpose", admission(probeRoom, ""), with(organiser, probe(token.PurposeResume, probeRoom, time.Minute)), signaling.RefusedProbeInvalid},
		{"no token at all", admission(probeRoom, ""), with(organiser, "x"), signaling.RefusedProbeInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := s.dial(tt.admission)
			c.send(tt.join)
			expectLast(c, signaling.Refused{Code: tt.want})
		})
	}
	if rooms, people := s.bridge.Counts(); rooms+people != 0 {
		t.Errorf("%d rooms, %d participants", rooms, people)
	}
}

// TestFramesAtTheDoorAreSmall: who is not inside may leave frames unfinished on many connections, which must not cost much.
func TestFramesAtTheDoorAreSmall(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	padded := func(frame string, size int) string {
		return strings.TrimSuffix(frame, "}") + strings.Repeat(" ", size-len(frame)) + "}"
	}
	const join = `{"type":"join","name":"Mia Beispiel","role":"participant"}`
	before := s.dial(admission("mathe", ""))
	before.raw(padded(join, signaling.MaxDoorFrame+1))
	if _, _, err := before.ws.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("first message: %v", err)
	}
	waiting := s.dial(admission("mathe", ""))
	waiting.raw(padded(join, signaling.MaxDoorFrame))
	expect[signaling.Door](waiting)
	waiting.raw(padded(`{"type":"code","code":"1"}`, signaling.MaxDoorFrame+1))
	if _, _, err := waiting.ws.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("at the door: %v", err)
	}
	inside, _ := s.organiser("mathe")
	inside.raw(padded(`{"type":"chat","text":"a"}`, signaling.MaxFrame))
	expect[signaling.Chat](inside)
}

// TestGuesserDoesNotStarveTheClass: who guesses codes and reconnects uses up what its own network has, and nobody else's.
func TestGuesserDoesNotStarveTheClass(t *testing.T) {
	s := newSite(t, &fakeMedia{})
	_, joined := s.organiser("mathe")
	from := func(source string) *client {
		a := admission("mathe", "")
		a.Source = source
		return s.dial(a)
	}
	for looked := true; looked; {
		c := from("guesser")
		c.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Code: "wrong"})
		looked = expect[signaling.Door](c).Wrong
		_ = c.ws.CloseNow()
	}
	c := from("school")
	c.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Code: joined.Room.Code})
	expect[signaling.Joined](c)
}

func TestProbeNeedsNeitherLoginNorCode(t *testing.T) {
	const name = signaling.ProbeRoomPrefix + "1234"
	s := newSite(t, &fakeMedia{})
	probe := signaling.Token(token.Sign(s.key, token.PurposeProbe, token.ProbeClaims{Room: name}, time.Now().Add(time.Minute)))
	second := s.dial(admission(name, ""))
	second.send(signaling.Join{Name: "Probe 2", Role: signaling.RoleParticipant, Probe: probe})
	expect[signaling.Door](second)
	first := s.dial(admission(name, ""))
	first.send(signaling.Join{Name: "Probe 1", Role: signaling.RoleOrganiser, Probe: probe})
	expect[signaling.Joined](first)
	expect[signaling.Joined](second)
}

func TestBadMessages(t *testing.T) {
	const join = `{"type":"join","name":"Frau Ahorn","role":"organiser"}`
	s := newSite(t, &fakeMedia{})
	for name, tt := range map[string]struct {
		frames []string
		want   signaling.RefusalCode
	}{
		"not JSON":           {[]string{`hello`}, signaling.RefusedBadMessage},
		"unknown type":       {[]string{`{"type":"shout"}`}, signaling.RefusedBadMessage},
		"not join first":     {[]string{`{"type":"chat","text":"a"}`}, signaling.RefusedBadMessage},
		"bad code first":     {[]string{`{"type":"code","code":""}`}, signaling.RefusedBadMessage},
		"name missing":       {[]string{`{"type":"join","role":"organiser"}`}, signaling.RefusedNameInvalid},
		"join twice":         {[]string{join, join}, signaling.RefusedBadMessage},
		"unknown type later": {[]string{join, `{"type":"shout"}`}, signaling.RefusedBadMessage},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(admission("mathe", "account-1"))
			for i, frame := range tt.frames {
				c.raw(frame)
				if i < len(tt.frames)-1 {
					expect[signaling.Joined](c)
				}
			}
			expectLast(c, signaling.Refused{Code: tt.want})
			eventually.True(t, "the room is empty", func() bool { _, n := s.bridge.Counts(); return n == 0 })
		})
	}
	t.Run("binary", func(t *testing.T) {
		c := s.dial(admission("mathe", ""))
		if err := c.ws.Write(context.Background(), websocket.MessageBinary, []byte(join)); err != nil {
			t.Fatal(err)
		}
		expectLast(c, signaling.Refused{Code: signaling.RefusedBadMessage})
	})
	t.Run("larger than a frame may be", func(t *testing.T) {
		c := s.dial(admission("mathe", ""))
		_ = c.ws.Write(context.Background(), websocket.MessageText, make([]byte, signaling.MaxFrame+1))
		if _, err := c.next(); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
			t.Fatalf("closed with %v", err)
		}
	})
	t.Run("invalid chat and code keep the connection", func(t *testing.T) {
		c, _ := s.organiser("mathe")
		c.raw(`{"type":"chat","text":" "}`)
		if p := expect[signaling.Problem](c); p.Code != signaling.ErrorChatInvalid {
			t.Fatalf("got %+v", p)
		}
		c.raw(`{"type":"setCode","code":"abc"}`)
		if p := expect[signaling.Problem](c); p.Code != signaling.ErrorCodeInvalid {
			t.Fatalf("got %+v", p)
		}
		c.raw(`{"type":"setCode","code":""}`)
		if p := expect[signaling.Problem](c); p.Code != signaling.ErrorCodeInvalid {
			t.Fatalf("got %+v", p)
		}
	})
}

func TestMediaBeforeTheRoomIsNotAllowed(t *testing.T) {
	s := newSite(t, &fakeMedia{join: func(string, string) error {
		t.Error("an offer from the door reached the media")
		return nil
	}})
	c := s.dial(admission("mathe", ""))
	c.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant})
	expect[signaling.Door](c)
	for _, m := range []signaling.ClientMessage{signaling.Offer{SDP: "v=0"}, signaling.View{}, signaling.State{}, signaling.SendChat{Text: "a"}} {
		c.send(m)
		if p := expect[signaling.Problem](c); p.Code != signaling.ErrorNotAllowed {
			t.Fatalf("%s: %+v", m.Type(), p)
		}
	}
}

func TestRates(t *testing.T) {
	s := newSite(t, &fakeMedia{join: func(string, string) error { return errTest }})
	t.Run("chat is dropped", func(t *testing.T) {
		c, _ := s.organiser("mathe")
		for range 12 {
			c.send(signaling.SendChat{Text: "a"})
		}
		said, dropped := 0, 0
		for range 12 {
			m, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			switch m := m.(type) {
			case signaling.Chat:
				said++
			case signaling.Problem:
				if m.Code == signaling.ErrorChatTooFast {
					dropped++
				}
			}
		}
		if said < 10 || dropped == 0 || said+dropped != 12 {
			t.Fatalf("%d said, %d dropped", said, dropped)
		}
	})
	t.Run("offers beyond the rate do not reach the media", func(t *testing.T) {
		c, _ := s.organiser("deutsch")
		for range 8 {
			c.send(signaling.Offer{SDP: "v=0"})
			if p := expect[signaling.Problem](c); p.Code != signaling.ErrorMediaFailed {
				t.Fatalf("got %+v", p)
			}
		}
	})
	t.Run("too many messages", func(t *testing.T) {
		c, _ := s.organiser("physik")
		for i := range 200 {
			frame, err := signaling.EncodeClient(signaling.State{Mic: i%2 == 0})
			if err != nil {
				t.Fatal(err)
			}
			if c.ws.Write(context.Background(), websocket.MessageText, frame) != nil {
				break
			}
		}
		expectLast(c, signaling.Refused{Code: signaling.RefusedTooManyAttempts})
	})
}

func TestTooManyConnectionsAreBusy(t *testing.T) {
	s := newSite(t, &fakeMedia{}, func(c *Config) { c.MaxConnections = 2 })
	s.organiser("mathe")
	gone := s.dial(admission("mathe", ""))
	s.counted(2)
	c := s.dial(admission("deutsch", "account-1"))
	expectLast(c, signaling.Refused{Code: signaling.RefusedBusy})
	gone.close()
	s.counted(1)
	s.organiser("deutsch")
}

func TestFullRoomIsRefused(t *testing.T) {
	s := newSite(t, &fakeMedia{}, func(c *Config) { c.Rooms.MaxParticipants = 1 })
	_, in := s.organiser("mathe")
	c := s.dial(admission("mathe", ""))
	c.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Code: in.Room.Code})
	expectLast(c, signaling.Refused{Code: signaling.RefusedRoomFull})
}

func TestRoomNameIsTheOneAskedFor(t *testing.T) {
	for display, want := range map[string]room.Name{"Mathe": "Mathe", "Deutsch": "mathe", "": "mathe"} {
		if got := roomName(cluster.Admission{Room: "mathe", DisplayRoom: display}); got != want {
			t.Errorf("%q: another name", display)
		}
	}
}
