package portal

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// patience is how long a test waits for what takes milliseconds on an idle machine.
const patience = 30 * time.Second

// fakeLine is a queue that does what the test says.
type fakeLine struct {
	places chan int
	ends   chan error
	seen   chan cluster.Seeker
	// left has one for each wait that ended because the client was gone.
	left chan error
}

func newLine() *fakeLine {
	return &fakeLine{places: make(chan int), ends: make(chan error), seen: make(chan cluster.Seeker, 100), left: make(chan error, 100)}
}

func (l *fakeLine) queue(ctx context.Context, who cluster.Seeker, told func(int)) error {
	l.seen <- who
	for {
		select {
		case place := <-l.places:
			told(place)
		case err := <-l.ends:
			return err
		case <-ctx.Done():
			l.left <- ctx.Err()
			return ctx.Err()
		}
	}
}

// site serves the door, and dials it under its own name.
type site struct {
	t *testing.T
	*door
	client *http.Client
	cookie string
}

func newSite(t *testing.T) *site {
	d := newDoor(t)
	d.line = newLine()
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &site{t: t, door: d, client: &http.Client{Transport: transport}, cookie: d.login(t)}
}

func (s *site) dial(protocols ...string) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, resp, err := websocket.Dial(ctx, "ws://"+domain+"/api/rooms/Klasse-5a/ws", &websocket.DialOptions{HTTPClient: s.client, Subprotocols: protocols,
		HTTPHeader: http.Header{"Origin": {"https://" + domain}, "Cookie": {s.cookie}}})
	if err == nil {
		s.t.Cleanup(func() { _ = ws.CloseNow() })
	}
	return ws, resp, err
}

func (s *site) queue() *websocket.Conn {
	s.t.Helper()
	ws, _, err := s.dial(signaling.Subprotocol)
	if err != nil {
		s.t.Fatal(err)
	}
	return ws
}

func expect[M signaling.ServerMessage](t *testing.T, ws *websocket.Conn) M {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, frame, err := ws.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	m, err := signaling.DecodeServer(frame)
	if err != nil {
		t.Fatal(err)
	}
	got, ok := m.(M)
	if !ok {
		t.Fatalf("got %s", m.Type())
	}
	return got
}

func expectClosed(t *testing.T, ws *websocket.Conn, want websocket.StatusCode) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, _, err := ws.Read(ctx); websocket.CloseStatus(err) != want {
		t.Errorf("closed with %v, want %d", err, want)
	}
}

func (s *site) send(ws *websocket.Conn, frame string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := ws.Write(ctx, websocket.MessageText, []byte(frame)); err != nil {
		s.t.Fatal(err)
	}
}

const join = `{"type":"join","name":"Frau Ahorn","role":"organiser"}`

func TestTheQueueEndsAtTheDoor(t *testing.T) {
	s := newSite(t)
	ws := s.queue()
	s.send(ws, join)
	if who := <-s.line.seen; who != (cluster.Seeker{Room: "klasse-5a", Organiser: true}) {
		t.Errorf("another one waits")
	}
	for _, place := range []int{3, 2, 1} {
		s.line.places <- place
		if got := expect[signaling.Queue](t, ws); got.Place != place {
			t.Errorf("told place %d, want %d", got.Place, place)
		}
	}
	s.line.ends <- nil
	if got := expect[signaling.Ended](t, ws); got.Reason != signaling.EndedMoved {
		t.Errorf("ended: %s", got.Reason)
	}
	expectClosed(t, ws, websocket.StatusNormalClosure)
	if s := s.log.String(); strings.Contains(s, "klasse") || strings.Contains(s, "ahorn") || strings.Contains(s, "Ahorn") {
		t.Errorf("log: %s", s)
	}
}

func TestTheQueueEndsOtherwise(t *testing.T) {
	for name, tt := range map[string]struct {
		told bool
		err  error
		want signaling.ServerMessage
		code websocket.StatusCode
	}{
		"the queue is full": {false, cluster.ErrNoBridge, signaling.Refused{Code: signaling.RefusedBusy}, websocket.StatusTryAgainLater},
		"the portal ends":   {true, cluster.ErrNoBridge, signaling.Ended{Reason: signaling.EndedRestart}, websocket.StatusServiceRestart},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ws := s.queue()
			if tt.told {
				s.line.places <- 1
				expect[signaling.Queue](t, ws)
			}
			s.line.ends <- tt.err
			if got := expect[signaling.ServerMessage](t, ws); got != tt.want {
				t.Errorf("got %+v", got)
			}
			expectClosed(t, ws, tt.code)
		})
	}
}

func TestWhoGoesDoesNotWait(t *testing.T) {
	for name, goes := range map[string]func(s *site, ws *websocket.Conn){
		"leaves":          func(s *site, ws *websocket.Conn) { s.send(ws, `{"type":"leave"}`) },
		"closes the page": func(_ *site, ws *websocket.Conn) { go ws.Close(websocket.StatusGoingAway, "") },
		"is cut off":      func(_ *site, ws *websocket.Conn) { _ = ws.CloseNow() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ws := s.queue()
			s.line.places <- 1
			goes(s, ws)
			select {
			case err := <-s.line.left:
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			case <-time.After(patience):
				t.Fatal("still waits")
			}
		})
	}
}

func TestMischiefInTheQueue(t *testing.T) {
	for name, tt := range map[string]struct {
		frames []string
		want   signaling.RefusalCode
	}{
		"not JSON":            {[]string{"hallo"}, signaling.RefusedBadMessage},
		"unknown type":        {[]string{`{"type":"shout"}`}, signaling.RefusedBadMessage},
		"a name that is none": {[]string{`{"type":"join","name":" ","role":"organiser"}`}, signaling.RefusedNameInvalid},
		"too many messages":   {strings.Split(strings.Repeat(join+"\n", queueBurst+20), "\n")[:queueBurst+20], signaling.RefusedTooManyAttempts},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			ws := s.queue()
			go func() { // the portal may stop reading in between
				for _, frame := range tt.frames {
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					_ = ws.Write(ctx, websocket.MessageText, []byte(frame))
					cancel()
				}
			}()
			if got := expect[signaling.Refused](t, ws); got.Code != tt.want {
				t.Errorf("refused with %s", got.Code)
			}
			expectClosed(t, ws, websocket.StatusPolicyViolation)
		})
	}
	t.Run("a frame that is too large", func(t *testing.T) {
		s := newSite(t)
		ws := s.queue()
		s.send(ws, strings.Repeat(" ", signaling.MaxDoorFrame+1))
		expectClosed(t, ws, websocket.StatusMessageTooBig)
	})
}

func TestOfTheQueueOnlyWhatIsAWebSocket(t *testing.T) {
	s := newSite(t)
	if _, resp, err := s.dial("chat.2"); err == nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("another protocol: %v", err)
	}
	ws, _, err := s.dial("kreisraum.0")
	if err != nil {
		t.Fatalf("another version: %v", err)
	}
	if got := expect[signaling.Refused](t, ws); got.Code != signaling.RefusedOutdated {
		t.Errorf("another version: refused with %s", got.Code)
	}
	expectClosed(t, ws, websocket.StatusPolicyViolation)
	if resp := s.ask("GET", "/api/rooms/klasse-5a/ws", "", "Cookie", s.cookie, "Sec-WebSocket-Protocol", signaling.Subprotocol); resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("no WebSocket: %s", resp.Status)
	}
}

func TestTheQueueIsBoundedByAccount(t *testing.T) {
	s := newSite(t)
	for range maxOfOneAccount {
		s.queue()
		<-s.line.seen
	}
	_, resp, err := s.dial(signaling.Subprotocol)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one more: %v", err)
	}
}
