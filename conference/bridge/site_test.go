package bridge

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
	"github.com/medienzentrenverbund/kreisraum/conference/peer"
	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errTest = errors.New("test")

// patience is how long a test waits for something that ought to happen at once.
const patience = 30 * time.Second

// site is a bridge behind a real HTTP server.
type site struct {
	t      *testing.T
	bridge *Bridge
	key    token.Key
	url    string
	http   *http.Client // nil: the default one
	logs   *logtest.Buffer
}

func newSite(t *testing.T, media peer.Media, change ...func(*Config)) *site {
	t.Helper()
	s := newBridge(t, media, change...)
	server := httptest.NewServer(s.bridge)
	server.Config.ErrorLog = slog.NewLogLogger(slog.NewJSONHandler(s.logs, nil), slog.LevelError)
	s.url = server.URL
	t.Cleanup(func() {
		s.close()
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

// newBridge is a bridge that nobody can reach yet.
func newBridge(t *testing.T, media peer.Media, change ...func(*Config)) *site {
	s := &site{t: t, key: token.NewKey(), logs: &logtest.Buffer{}}
	cfg := Config{
		Key:   s.key,
		Rooms: room.Rules{MaxParticipants: 70, CodeRequired: true, ScreenShare: room.ScreenShareOrganisers},
		Log:   slog.New(slog.NewJSONHandler(s.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&cfg)
	}
	s.key, s.bridge = cfg.Key, New(cfg, media)
	return s
}

func (s *site) close() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.bridge.Close(ctx); err != nil {
		s.t.Errorf("close: %v", err)
	}
}

// admission is what the portal would sign.
func admission(name, account string) cluster.Admission {
	canonical, err := signaling.CanonicalRoom(name)
	if err != nil {
		canonical = name
	}
	return cluster.Admission{Room: canonical, DisplayRoom: name, Account: account, Organiser: account != ""}
}

// dial connects; the connection is cut when the test ends.
func (s *site) dial(a cluster.Admission) *client {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, s.url, &websocket.DialOptions{
		HTTPClient:   s.http,
		Subprotocols: []string{signaling.Subprotocol},
		HTTPHeader:   http.Header{cluster.AdmissionHeader: {a.Sign(s.key, time.Now())}},
	})
	if err != nil {
		s.t.Fatalf("dial: %v", err)
	}
	ws.SetReadLimit(signaling.MaxServerFrame)
	s.t.Cleanup(func() { _ = ws.CloseNow() })
	return &client{t: s.t, ws: ws}
}

// organiser dials and joins as an organiser.
func (s *site) organiser(name string) (*client, signaling.Joined) {
	s.t.Helper()
	c := s.dial(admission(name, "account-1"))
	c.send(signaling.Join{Name: "Frau Ahorn", Role: signaling.RoleOrganiser})
	return c, expect[signaling.Joined](c)
}

// pupil dials and joins with a code.
func (s *site) pupil(name string, code signaling.Code) (*client, signaling.Joined) {
	s.t.Helper()
	c := s.dial(admission(name, ""))
	c.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Code: code})
	return c, expect[signaling.Joined](c)
}

// lock locks or unlocks the room.
func lock(on bool) signaling.ChangeSettings { return signaling.ChangeSettings{Locked: &on} }

// counted waits until the bridge serves n connections: dial returns a little before the server counts the new one.
func (s *site) counted(n int) {
	s.t.Helper()
	eventually.True(s.t, fmt.Sprintf("%d connections are counted", n), func() bool {
		s.bridge.mu.Lock()
		defer s.bridge.mu.Unlock()
		return len(s.bridge.peers) == n
	})
}

type client struct {
	t  *testing.T
	ws *websocket.Conn
}

func (c *client) send(m signaling.ClientMessage) {
	c.t.Helper()
	frame, err := signaling.EncodeClient(m)
	if err != nil {
		c.t.Fatal(err)
	}
	c.raw(string(frame))
}

func (c *client) raw(frame string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, []byte(frame)); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// next is the next message.
func (c *client) next() (signaling.ServerMessage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, frame, err := c.ws.Read(ctx)
	if err != nil {
		return nil, err
	}
	return signaling.DecodeServer(frame)
}

// expect reads the next message, which must be a T.
func expect[T signaling.ServerMessage](c *client) T {
	c.t.Helper()
	m, err := c.next()
	if err != nil {
		c.t.Fatalf("waiting for %T: %v", *new(T), err)
	}
	got, ok := m.(T)
	if !ok {
		c.t.Fatalf("got %T (%+v), want %T", m, m, *new(T))
	}
	return got
}

// expectLast reads the next message, which must equal want, and then the end of the connection.
func expectLast[T interface {
	signaling.ServerMessage
	comparable
}](c *client, want T) {
	c.t.Helper()
	if got := expect[T](c); got != want {
		c.t.Fatalf("got %+v, want %+v", got, want)
	}
	if m, err := c.next(); err == nil {
		c.t.Fatalf("got %T after the last message", m)
	} else if websocket.CloseStatus(err) == -1 {
		c.t.Fatalf("closed without a close frame: %v", err)
	}
}

// close ends the connection as a participant who leaves.
func (c *client) close() { _ = c.ws.Close(websocket.StatusNormalClosure, "") }

// fakeMedia is media without packets. It keeps the promise that a participant never has two sessions at once.
type fakeMedia struct {
	mu    sync.Mutex
	rooms []*fakeRoom
	// join, if set, decides about an offer.
	join func(participant, offer string) error
	// closing, if set, holds up the end of a session until it is closed.
	closing chan struct{}
}

func (m *fakeMedia) NewRoom() peer.MediaRoom {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &fakeRoom{media: m, sessions: map[string]*fakeSession{}}
	m.rooms = append(m.rooms, r)
	return r
}

func (*fakeMedia) SlotLimits() (audio, video int) { return 8, 25 }

// room is the i-th room that began.
func (m *fakeMedia) room(i int) *fakeRoom {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rooms[i]
}

type fakeRoom struct {
	media *fakeMedia

	mu       sync.Mutex
	sessions map[string]*fakeSession
	doubled  bool
	closed   bool
}

func (r *fakeRoom) Join(participant, offer string, events peer.MediaEvents) (peer.MediaSession, string, error) {
	if join := r.media.join; join != nil {
		if err := join(participant, offer); err != nil {
			return nil, "", err
		}
	}
	s := &fakeSession{room: r, id: participant, events: events}
	events.Slots([]peer.AudioSlot{{MID: "3", Participant: participant}}, nil) // before Join has returned
	r.mu.Lock()
	defer r.mu.Unlock()
	r.doubled = r.doubled || r.sessions[participant] != nil
	r.sessions[participant] = s
	return s, "answer to " + offer, nil
}

func (r *fakeRoom) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

func (r *fakeRoom) isClosed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

func (r *fakeRoom) session(id string) *fakeSession {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[id]
}

type fakeSession struct {
	room   *fakeRoom
	id     string
	events peer.MediaEvents

	mu      sync.Mutex
	view    []peer.MediaWant
	forward peer.Forward
	allowed int // how often Allow was called
}

func (s *fakeSession) SetView(want []peer.MediaWant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view = want
}

func (s *fakeSession) SetOrganiser(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forward.Organiser = on
}

func (s *fakeSession) Allow(source string, to peer.Audience) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.allowed++
	switch source {
	case peer.Microphone:
		s.forward.Microphone = to
	case peer.Camera:
		s.forward.Camera = to
	case peer.Screen:
		s.forward.Screen = to
	}
}

func (s *fakeSession) Close() {
	if closing := s.room.media.closing; closing != nil {
		<-closing
	}
	s.room.mu.Lock()
	defer s.room.mu.Unlock()
	if s.room.sessions[s.id] == s {
		delete(s.room.sessions, s.id)
	}
}

func (s *fakeSession) viewed() []peer.MediaWant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view
}

// forwards waits until the session is told that this is forwarded.
func (s *fakeSession) forwards(t *testing.T, want peer.Forward) {
	t.Helper()
	eventually.True(t, fmt.Sprintf("%+v is forwarded", want), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.forward == want && s.allowed >= 3
	})
}

func canary(t *testing.T, what string) string {
	t.Helper()
	b := make([]byte, 6)
	if _, err := io.ReadFull(rand.Reader, b); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s%s", what, hex.EncodeToString(b))
}
