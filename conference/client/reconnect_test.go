package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

func TestComesBack(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		back bool
	}{
		"the connection broke":        {io.EOF, true},
		"nobody listens":              {&Error{LegTCP, checkTCP, io.EOF}, true},
		"moved":                       {&Error{LegDoor, checkDoor, ended(signaling.EndedMoved)}, true},
		"restart":                     {ended(signaling.EndedRestart), true},
		"slow":                        {ended(signaling.EndedSlow), true},
		"removed":                     {ended(signaling.EndedRemoved), false},
		"replaced":                    {ended(signaling.EndedReplaced), false},
		"busy":                        {&Error{LegDoor, checkDoor, refused(signaling.RefusedBusy)}, true},
		"login required":              {refused(signaling.RefusedLoginRequired), false},
		"refused as removed":          {refused(signaling.RefusedRemoved), false},
		"wrong code":                  {&Error{LegDoor, checkDoor, errCode}, false},
		"not a site":                  {&Error{LegTCP, "", errSite}, false},
		"no bridge":                   {&Error{LegWebSocket, checkWS, answered(503)}, true},
		"no such room":                {&Error{LegWebSocket, checkWS, answered(404)}, false},
		"certificate of somebody":     {&Error{LegTLS, checkTLS, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, false},
		"the offer could not be sent": {&Error{LegOffer, checkOffer, io.ErrClosedPipe}, true},
	} {
		if got := comesBack(tt.err); got != tt.back {
			t.Errorf("%s: comes back %v, want %v", name, got, tt.back)
		}
	}
}

func TestGapOfOneOccupant(t *testing.T) {
	const ms = time.Millisecond
	type step struct {
		after time.Duration
		who   string // "": a packet; otherwise who is in the slot now
	}
	for name, tt := range map[string]struct {
		steps []step
		want  time.Duration
	}{
		"of one":                       {[]step{{0, "a"}, {0, ""}, {20 * ms, ""}, {300 * ms, ""}, {20 * ms, ""}}, 300 * ms},
		"not between two":              {[]step{{0, "a"}, {0, ""}, {20 * ms, ""}, {5000 * ms, "b"}, {20 * ms, ""}, {20 * ms, ""}}, 20 * ms},
		"not when the word comes late": {[]step{{0, "a"}, {0, ""}, {20 * ms, ""}, {5000 * ms, ""}, {20 * ms, "b"}, {20 * ms, ""}}, 20 * ms},
		"of the one before":            {[]step{{0, "a"}, {0, ""}, {300 * ms, ""}, {1100 * ms, ""}, {1100 * ms, ""}, {5000 * ms, "b"}, {0, ""}, {10 * ms, ""}}, 1100 * ms},
		"the same one again":           {[]step{{0, "a"}, {0, ""}, {300 * ms, ""}, {10 * ms, "a"}, {10 * ms, ""}}, 300 * ms},
		"before the first word":        {[]step{{0, ""}, {250 * ms, ""}}, 250 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			var s Stream
			now, sn := time.Unix(1000, 0), uint16(0)
			for _, st := range tt.steps {
				now = now.Add(st.after)
				if st.who != "" {
					s.occupy(st.who)
					continue
				}
				sn++
				s.add(sn, 0, nil, now)
			}
			if got := s.Gap(); got != tt.want {
				t.Errorf("gap %v, want %v", got, tt.want)
			}
		})
	}
}

// script is a server that treats each connection as the next act says.
type script struct {
	t     *testing.T
	acts  []func(c *actor)
	count atomic.Int32
}

// actor is the server's side of one connection, after its join.
type actor struct {
	s    *script
	conn *websocket.Conn
	join signaling.Join
}

func (a *actor) say(messages ...signaling.ServerMessage) {
	for _, m := range messages {
		frame, err := signaling.Encode(m)
		if err != nil {
			a.s.t.Errorf("encode: %v", err)
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		_ = a.conn.Write(ctx, websocket.MessageText, frame)
		cancel()
	}
}

// await reads until a message of the type has come.
func (a *actor) await(typ string) {
	for {
		m, err := a.read()
		if err != nil {
			a.s.t.Errorf("waiting for %s: %v", typ, err)
			return
		}
		if m.Type() == typ {
			return
		}
	}
}

func (a *actor) read() (signaling.ClientMessage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, frame, err := a.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	return signaling.Decode(frame)
}

// inside lets the participant in.
func (a *actor) inside(media bool) {
	a.say(signaling.Joined{Self: "7c1f", Resume: "token", Media: media, Room: signaling.RoomInfo{Code: "482713"},
		Settings: signaling.Settings{CamerasTo: signaling.Everyone}})
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := int(s.count.Add(1)) - 1
	if n >= len(s.acts) || s.acts[n] == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{signaling.Subprotocol}})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	a := &actor{s: s, conn: conn}
	m, err := a.read()
	join, ok := m.(signaling.Join)
	if err != nil || !ok {
		s.t.Errorf("first message %v, %v", m, err)
		return
	}
	a.join = join
	s.acts[n](a)
	_ = conn.Close(websocket.StatusNormalClosure, "") // reads what is left, or the last word might get lost
}

// play joins a script.
func play(t *testing.T, o Options, acts ...func(*actor)) (*Participant, error) {
	t.Helper()
	running := goleak.IgnoreCurrent()
	s := &script{t: t, acts: acts}
	server := httptest.NewTLSServer(s)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	o.Target = Target{URL: "https://example.com", DialAddress: server.Listener.Addr().String(), Roots: roots}
	o.Room, o.Name = "mathe", "Mia Beispiel"
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	p, err := Join(ctx, o)
	t.Cleanup(func() {
		if p != nil {
			p.Close()
		}
		server.Close()
		goleak.VerifyNone(t, running)
	})
	return p, err
}

func TestReconnects(t *testing.T) {
	p, err := play(t, Options{Organiser: true, Code: "111111", Device: "u3Jr0d-V2k9_Qy7LhTnXwA", Reconnect: true},
		nil, // 503
		func(a *actor) {
			if a.join.Resume != "" || a.join.Media || a.join.Code != "" || a.join.Device != "u3Jr0d-V2k9_Qy7LhTnXwA" {
				t.Errorf("first join: resume %v, media %v", a.join.Resume != "", a.join.Media)
			}
			a.say(signaling.Queue{Place: 2}, signaling.Queue{Place: 1}, signaling.Ended{Reason: signaling.EndedMoved})
		},
		func(a *actor) { a.say(signaling.Refused{Code: signaling.RefusedBusy}) },
		func(a *actor) {
			a.inside(false)
			a.await("offer")
			a.await("view")
			_ = a.conn.CloseNow()
		},
		func(a *actor) {
			if a.join.Resume != "token" || a.join.Media || a.join.Code != "482713" {
				t.Errorf("second join: resume %v, media %v, the organiser's code %v", a.join.Resume == "token", a.join.Media, a.join.Code == "482713")
			}
			a.inside(false)
			a.await("offer") // the first one was never answered
			a.say(signaling.Problem{Code: signaling.ErrorMediaFailed})
			a.await("offer")
			a.await("view")
			a.say(signaling.Ended{Reason: signaling.EndedRemoved})
		},
	)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Gone():
	case <-time.After(60 * time.Second):
		t.Fatal("still there")
	}
	if !errors.Is(p.Err(), ended(signaling.EndedRemoved)) {
		t.Errorf("gone: %v", p.Err())
	}
	if got := p.Stats(); got.Reconnects != 1 || got.Kept != 0 || got.PeerConnections != 3 || got.Place != 0 || p.Inside() {
		t.Errorf("%+v", got)
	}
}

func TestStaysInTheQueue(t *testing.T) {
	seen, once := make(chan struct{}), sync.Once{}
	done := make(chan error, 1)
	s := &script{t: t, acts: []func(*actor){func(a *actor) {
		a.say(signaling.Queue{Place: 3})
		once.Do(func() { close(seen) })
		_, _ = a.read() // until the client hangs up
	}}}
	server := httptest.NewTLSServer(s)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, err := Join(ctx, Options{Target: Target{URL: "https://example.com", DialAddress: server.Listener.Addr().String(), Roots: roots},
			Room: "mathe", Name: "Mia Beispiel", Reconnect: true})
		done <- err
	}()
	<-seen
	cancel()
	if err := <-done; err == nil {
		t.Error("came in")
	}
}

func TestWithoutReconnectTheFirstEndIsTheLast(t *testing.T) {
	_, err := play(t, Options{}, func(a *actor) { a.say(signaling.Ended{Reason: signaling.EndedMoved}) })
	var leg *Error
	if !errors.As(err, &leg) || leg.Leg != LegDoor || fmt.Sprint(leg.Err) != "ended: moved" {
		t.Errorf("got %v", err)
	}
}
