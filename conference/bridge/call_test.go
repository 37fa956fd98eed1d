package bridge

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	headless "github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// newEngine is a real SFU.
func newEngine(t *testing.T) *sfu.Engine {
	t.Helper()
	engine, err := sfu.NewEngine(sfu.Config{
		Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Log: slog.New(slog.NewJSONHandler(&logtest.Buffer{}, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
	})
	return engine
}

// newCall is a bridge over a real SFU, behind TLS and a door that admits whoever comes; a cookie "account" makes an organiser.
func newCall(t *testing.T) (*site, headless.Target) {
	t.Helper()
	s := newBridge(t, SFU(newEngine(t)))
	target := serveCall(t, func(*cluster.Admission) *site { return s })
	s.url, s.http = target.server.URL, target.server.Client()
	return s, target.Target
}

// callServer is a door for headless clients.
type callServer struct {
	headless.Target
	server *httptest.Server
}

// serveCall asks for each request which bridge takes it, nil for none; the admission may be added to.
func serveCall(t *testing.T, bridge func(*cluster.Admission) *site) callServer {
	t.Helper()
	seen := map[*site]bool{}
	var mu sync.Mutex
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/api/rooms/"), "/ws")
		account := ""
		if c, err := r.Cookie("account"); err == nil {
			account = c.Value
		}
		a := admission(name, account)
		s := bridge(&a)
		if s == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		mu.Lock()
		seen[s] = true
		mu.Unlock()
		if r.Header.Get(cluster.AdmissionHeader) == "" {
			r.Header.Set(cluster.AdmissionHeader, a.Sign(s.key, time.Now()))
		}
		s.bridge.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for s := range seen {
			s.close()
		}
		server.Close()
	})
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return callServer{headless.Target{URL: server.URL, Roots: roots}, server}
}

// TestProbeThroughARealSFU holds the call with which the operator ends every deployment.
func TestProbeThroughARealSFU(t *testing.T) {
	s, target := newCall(t)
	room := signaling.ProbeRoomPrefix + "1234"
	ticket := headless.Ticket{Room: room, Token: token.Sign(s.key, token.PurposeProbe, token.ProbeClaims{Room: room}, time.Now().Add(time.Minute))}
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	defer cancel()
	report, err := headless.Probe(ctx, target, ticket, 300*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", report)
	if report.Received == 0 || report.Loss > 0.05 {
		t.Errorf("received %d packets with loss %.2f", report.Received, report.Loss)
	}
	eventually.True(t, "the probe room is gone", func() bool { rooms, people := s.bridge.Counts(); return rooms+people == 0 })
}

// TestScreenRightInTheMedia has a participant send a screen although only organisers may: nobody gets it.
func TestScreenRightInTheMedia(t *testing.T) {
	s, _ := newCall(t)
	teacher, in := s.organiser("mathe")
	pupil, pupilIn := s.pupil("mathe", in.Room.Code)
	expect[signaling.ParticipantJoined](teacher)
	fromTeacher, fromPupil := callee(t, teacher, pupilIn.Self), callee(t, pupil, in.Self)
	eventually.True(t, "both cameras and the organiser's screen arrive", func() bool {
		return fromTeacher(signaling.SourceCamera) > 20 && fromPupil(signaling.SourceCamera) > 20 && fromPupil(signaling.SourceScreen) > 20
	})
	if n := fromTeacher(signaling.SourceScreen); n != 0 {
		t.Errorf("%d packets of a screen that may not be shared", n)
	}
}

// await reads until a message of type M comes.
func await[M signaling.ServerMessage](c *client) M {
	c.t.Helper()
	for {
		m, err := c.next()
		if err != nil {
			c.t.Fatal(err)
		}
		if got, ok := m.(M); ok {
			return got
		}
	}
}

// callee starts a client's media, with camera and screen, has it look at both of the other's videos and returns how many packets of
// them arrived.
func callee(t *testing.T, c *client, other string) func(signaling.Source) int {
	t.Helper()
	media, err := headless.NewPeer(headless.PeerConfig{AudioSlots: 1, VideoSlots: 2, Camera: true, Screen: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(media.Close)
	c.send(signaling.Offer{SDP: signaling.SDP(media.Offer())})
	c.send(signaling.View{Want: []signaling.Want{
		{Participant: other, Source: signaling.SourceScreen, Height: 720}, {Participant: other, Source: signaling.SourceCamera, Height: 180}}})
	if err := media.Answer(string(await[signaling.Answer](c).SDP)); err != nil {
		t.Fatal(err)
	}
	c.send(signaling.State{Camera: true, Screen: true})
	var mu sync.Mutex
	mids := map[signaling.Source]string{}
	go func() {
		for { // until the test cuts the connection
			m, err := c.next()
			if err != nil {
				return
			}
			if slots, ok := m.(signaling.Slots); ok {
				mu.Lock()
				for _, v := range slots.Video {
					mids[v.Source] = v.MID
				}
				mu.Unlock()
			}
		}
	}()
	return func(source signaling.Source) int {
		mu.Lock()
		defer mu.Unlock()
		return media.Streams()[mids[source]].Packets
	}
}
