package client_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// site is a server with one room: signalling over real TLS and WebSockets, media through a real SFU, no portal.
type site struct {
	t    *testing.T
	http *httptest.Server
	room *sfu.Room

	// mute takes the answer's candidates away, as a firewall would.
	mute bool
	// refuse answers every join.
	refuse signaling.RefusalCode

	mu     sync.Mutex
	guests map[string]*websocket.Conn
}

func newSite(t *testing.T) *site {
	t.Helper()
	running := goleak.IgnoreCurrent()
	e, err := sfu.NewEngine(sfu.Config{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, room: e.NewRoom(), guests: map[string]*websocket.Conn{}}
	s.http = httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.http.Close()
		e.Close()
		goleak.VerifyNone(t, running)
	})
	return s
}

func (s *site) target() client.Target {
	roots := x509.NewCertPool()
	roots.AddCert(s.http.Certificate())
	// The certificate of httptest is for example.com.
	return client.Target{URL: "https://example.com", DialAddress: s.http.Listener.Addr().String(), Roots: roots}
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/api/rooms/probe-room/ws" || r.Header.Get("Origin") != "https://example.com" {
		http.Error(w, "", http.StatusForbidden)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{signaling.Subprotocol}})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(128 << 10)
	var id string
	var session *sfu.Session
	defer func() {
		if session != nil {
			session.Close()
		}
		s.leave(id)
	}()
	for {
		_, frame, err := conn.Read(r.Context())
		if err != nil {
			return
		}
		m, err := signaling.Decode(frame)
		if err != nil {
			s.t.Errorf("the client sent what the server refuses: %v", err)
			return
		}
		switch m := m.(type) {
		case signaling.Join:
			if s.refuse != "" {
				s.send(conn, signaling.Refused{Code: s.refuse})
				return
			}
			if m.Probe != "ticket" {
				s.send(conn, signaling.Refused{Code: signaling.RefusedProbeInvalid})
				return
			}
			id = string(m.Role)
			s.join(conn, id)
		case signaling.Offer:
			var answer string
			session, answer, err = s.room.Join(id, string(m.SDP), sfu.Events{Slots: func(sl sfu.Slots) { go s.slots(conn, sl) }})
			if err != nil {
				s.t.Errorf("offer of the headless client: %v", err)
				return
			}
			for _, source := range []sfu.Source{sfu.Microphone, sfu.Camera} {
				session.Allow(source, sfu.Everyone)
			}
			if s.mute {
				answer = withoutCandidates(answer)
			}
			s.send(conn, signaling.Answer{SDP: signaling.SDP(answer)})
		case signaling.View:
			if session != nil {
				var want []sfu.Want
				for _, v := range m.Want {
					want = append(want, sfu.Want{Participant: v.Participant, Source: sfu.Source(v.Source), Height: v.Height})
				}
				session.SetView(want)
			}
		}
	}
}

func withoutCandidates(sdp string) string {
	var kept []string
	for line := range strings.Lines(sdp) {
		if !strings.HasPrefix(line, "a=candidate") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func (s *site) join(conn *websocket.Conn, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guests[id] = conn
	joined := signaling.Joined{
		Self: id, Resume: "x", Slots: signaling.SlotLimit{Audio: 8, Video: 25},
		Room: signaling.RoomInfo{Name: "probe-room", MaxParticipants: 70, ScreenShare: "everyone"}, Settings: signaling.Settings{CamerasTo: signaling.Everyone},
	}
	for other := range s.guests {
		joined.Participants = append(joined.Participants, signaling.Participant{ID: other, Name: "Sonde", Role: signaling.RoleParticipant})
	}
	s.send(conn, joined)
	for other, c := range s.guests {
		if other != id {
			s.send(c, signaling.ParticipantJoined{Participant: signaling.Participant{ID: id, Name: "Sonde", Role: signaling.RoleParticipant}})
		}
	}
}

func (s *site) leave(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.guests, id)
	for _, c := range s.guests {
		s.send(c, signaling.ParticipantLeft{ID: id})
	}
}

func (s *site) slots(conn *websocket.Conn, from sfu.Slots) {
	m := signaling.Slots{Audio: []signaling.AudioSlot{}, Video: []signaling.VideoSlot{}}
	for _, a := range from.Audio {
		m.Audio = append(m.Audio, signaling.AudioSlot{MID: a.MID, Participant: a.Participant})
	}
	for _, v := range from.Video {
		m.Video = append(m.Video, signaling.VideoSlot{MID: v.MID, Participant: v.Participant, Source: signaling.Source(v.Source)})
	}
	s.send(conn, m)
}

// send ignores a client that is gone.
func (s *site) send(conn *websocket.Conn, m signaling.ServerMessage) {
	frame, err := signaling.Encode(m)
	if err != nil {
		s.t.Errorf("encode: %v", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = conn.Write(ctx, websocket.MessageText, frame)
}

func TestProbeMeasuresACall(t *testing.T) {
	s := newSite(t)
	r, err := client.Probe(t.Context(), s.target(), client.Ticket{Room: "probe-room", Token: "ticket"}, 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if r.Join <= 0 || r.Join > 5*time.Second || r.FirstMedia <= 0 || r.RoundTrip <= 0 || r.Path != "udp" {
		t.Errorf("report %+v", r)
	}
	// 0.5 s of 50 voice and at least 25 video packets per second, two ways: 75. A busy machine sends at less than the real pace.
	if r.Received < 15 || r.Sent < r.Received || r.Loss != 0 {
		t.Errorf("sent %d, received %d, loss %v", r.Sent, r.Received, r.Loss)
	}
	t.Logf("%+v", r)
}

func TestProbeSaysWhichLegFailed(t *testing.T) {
	ticket := client.Ticket{Room: "probe-room", Token: "ticket"}
	unused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	unused.Close()
	for name, c := range map[string]struct {
		prepare func(*site, *client.Target, *client.Ticket)
		leg     client.Leg
		says    string
	}{
		"nobody listens": {func(_ *site, to *client.Target, _ *client.Ticket) { to.DialAddress = unused.Addr().String() }, client.LegTCP, "TCP 443"},
		"unknown certificate authority": {func(_ *site, to *client.Target, _ *client.Ticket) { to.Roots = x509.NewCertPool() }, client.LegTLS,
			"certificate"},
		"wrong site":     {func(_ *site, to *client.Target, _ *client.Ticket) { to.URL = "https://other.example" }, client.LegTLS, "other.example"},
		"no room there":  {func(_ *site, _ *client.Target, k *client.Ticket) { k.Room = "other" }, client.LegWebSocket, "403"},
		"token too old":  {func(_ *site, _ *client.Target, k *client.Ticket) { k.Token = "old" }, client.LegDoor, "probe-invalid"},
		"server busy":    {func(s *site, _ *client.Target, _ *client.Ticket) { s.refuse = signaling.RefusedBusy }, client.LegDoor, "busy"},
		"not an address": {func(_ *site, to *client.Target, _ *client.Ticket) { to.URL = "http://example.com" }, client.LegTCP, "https://"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			to, k := s.target(), ticket
			c.prepare(s, &to, &k)
			_, err := client.Probe(t.Context(), to, k, time.Second)
			var leg *client.Error
			if !errors.As(err, &leg) || leg.Leg != c.leg || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want leg %s and %q", err, c.leg, c.says)
			}
		})
	}
}

func TestProbeWithoutUDPSaysSo(t *testing.T) {
	s := newSite(t)
	s.mute = true
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := client.Probe(ctx, s.target(), client.Ticket{Room: "probe-room", Token: "ticket"}, time.Second)
	var leg *client.Error
	if !errors.As(err, &leg) || leg.Leg != client.LegICE || !strings.Contains(err.Error(), "UDP 10000") {
		t.Errorf("got %v", err)
	}
}
