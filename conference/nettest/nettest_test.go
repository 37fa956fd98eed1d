package nettest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

const patience = 30 * time.Second

// desk is a server of network tests.
type desk struct {
	t      *testing.T
	server *Server
	http   *httptest.Server
}

func newDesk(t *testing.T, life time.Duration) *desk {
	t.Helper()
	running := goleak.IgnoreCurrent()
	engine, err := sfu.NewEngine(sfu.Config{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, server: New(Config{Engine: engine, life: life, ICE: func(host string) *signaling.ICE {
		return &signaling.ICE{URLs: []string{"turns:" + host + "?transport=tcp"}, Username: "1.a", Credential: "x", Seconds: 600}
	}})}
	d.http = httptest.NewServer(d.server)
	t.Cleanup(func() {
		d.server.Close()
		d.http.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
		goleak.VerifyNone(t, running)
	})
	return d
}

func (d *desk) dial() (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	ws, resp, err := websocket.Dial(ctx, d.http.URL+"/api/nettest/ws", nil)
	if err == nil {
		ws.SetReadLimit(1 << 20)
		d.t.Cleanup(func() { _ = ws.CloseNow() })
	}
	return ws, resp, err
}

func (d *desk) open() *websocket.Conn {
	d.t.Helper()
	ws, _, err := d.dial()
	if err != nil {
		d.t.Fatal(err)
	}
	return ws
}

// message is any of the server's.
type message struct {
	Type, SDP string
	URLs      []string
}

func (d *desk) read(ws *websocket.Conn) message {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), patience)
	defer cancel()
	_, frame, err := ws.Read(ctx)
	if err != nil {
		d.t.Fatal(err)
	}
	var m message
	if err := json.Unmarshal(frame, &m); err != nil {
		d.t.Fatal(err)
	}
	return m
}

func (d *desk) write(ws *websocket.Conn, text string) {
	d.t.Helper()
	if err := ws.Write(d.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		d.t.Fatal(err)
	}
}

// begin exchanges offer and answer.
func (d *desk) begin(ws *websocket.Conn) *client.Peer {
	d.t.Helper()
	peer, err := client.NewPeer(client.PeerConfig{AudioSlots: 1, VideoSlots: 1, Microphone: true, Camera: true, Level: 30})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(peer.Close)
	if m := d.read(ws); m.Type != "ice" || len(m.URLs) != 1 || !strings.HasPrefix(m.URLs[0], "turns:127.0.0.1:") {
		d.t.Fatalf("got %+v first", m)
	}
	frame, err := signaling.EncodeClient(signaling.Offer{SDP: signaling.SDP(peer.Offer())})
	if err != nil {
		d.t.Fatal(err)
	}
	d.write(ws, string(frame))
	m := d.read(ws)
	if m.Type != "answer" {
		d.t.Fatalf("got %s", m.Type)
	}
	if err := peer.Answer(m.SDP); err != nil {
		d.t.Fatal(err)
	}
	return peer
}

func TestEcho(t *testing.T) {
	d := newDesk(t, patience)
	ws := d.open()
	peer := d.begin(ws)
	eventually.True(t, "sound and picture to come back", func() bool {
		back := 0
		for _, s := range peer.Streams() {
			if s.Packets > 30 {
				back++
			}
		}
		return back == 2
	})
	for mid, s := range peer.Streams() {
		if s.Lost() != 0 {
			t.Errorf("slot %s: %d of %d packets missing", mid, s.Lost(), s.Expected)
		}
	}
	_ = ws.Close(websocket.StatusNormalClosure, "")
	eventually.True(t, "the media to end with the WebSocket", func() bool {
		select {
		case <-peer.Failed():
			return true
		default:
			return false
		}
	})
}

func TestItEndsByItself(t *testing.T) {
	d := newDesk(t, 2*time.Second)
	silent, begun := d.open(), d.open()
	d.begin(begun)
	d.read(silent) // ice
	for _, ws := range []*websocket.Conn{silent, begun} {
		if m := d.read(ws); m.Type != "over" {
			t.Errorf("got %+v", m)
		}
	}
	eventually.True(t, "the places to be free", func() bool { d.server.mu.Lock(); defer d.server.mu.Unlock(); return d.server.all == 0 })
}

func TestWhatIsNoOfferEndsIt(t *testing.T) {
	d := newDesk(t, patience)
	for _, text := range []string{`{"type":"offer","sdp":"v=0"}`, `{"type":"leave"}`, `{}`, `no JSON`} {
		ws := d.open()
		d.read(ws)
		d.write(ws, text)
		if m := d.read(ws); m.Type != "over" {
			t.Errorf("%s: got %+v", text, m)
		}
		_ = ws.CloseNow()
	}
}

func TestPlaces(t *testing.T) {
	d := newDesk(t, patience)
	look := func() int {
		resp, err := http.Get(d.http.URL + "/api/nettest/ws")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := look(); got != http.StatusBadRequest {
		t.Errorf("without a WebSocket: %d", got)
	}
	for range maxOfOneSource {
		d.open()
	}
	if _, resp, err := d.dial(); err == nil || resp == nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("one more of the same source: %v, %v", resp, err)
	}
	if got := look(); got != http.StatusTooManyRequests {
		t.Errorf("without a WebSocket: %d", got)
	}
	d.server.mu.Lock()
	d.server.all += maxTests
	d.server.mu.Unlock()
	defer func() { d.server.mu.Lock(); d.server.all -= maxTests; d.server.mu.Unlock() }()
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/api/nettest/ws", nil)
	r.RemoteAddr = "203.0.113.7:1234"
	if d.server.ServeHTTP(w, r); w.Code != http.StatusServiceUnavailable {
		t.Errorf("of another source when all are taken: %d", w.Code)
	}
}
