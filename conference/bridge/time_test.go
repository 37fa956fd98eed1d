package bridge

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/room"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// pipes is a listener whose connections are pipes, so that time can be simulated around them.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	last   *line // the client's end of the last connection
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, errors.New("closed")
	}
}

func (p *pipes) Close() error { close(p.closed); return nil }

func (*pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	p.conns <- theirs
	p.last = &line{Conn: ours, closed: make(chan struct{})}
	return p.last, nil
}

// line is the client's end of a pipe. It can be silenced: then nothing the server says arrives any more, pings included.
type line struct {
	net.Conn
	silent atomic.Bool
	closed chan struct{}
	once   sync.Once
}

func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if l.silent.Load() {
		<-l.closed
		return 0, net.ErrClosed
	}
	return n, err
}

func (l *line) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Conn.Close()
}

// inSimulatedTime runs f in a bubble where time passes when nobody has anything to do.
func inSimulatedTime(t *testing.T, f func(*testing.T, *site, *pipes)) {
	t.Helper()
	withMedia(t, func() *fakeMedia { return &fakeMedia{} }, func(t *testing.T, s *site, p *pipes, _ *fakeMedia) { f(t, s, p) })
}

// withMedia is inSimulatedTime with media made in the bubble.
func withMedia(t *testing.T, media func() *fakeMedia, f func(*testing.T, *site, *pipes, *fakeMedia)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := media()
		p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		s := newBridge(t, m)
		server := &http.Server{Handler: s.bridge}
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = server.Serve(p)
		}()
		transport := &http.Transport{DialContext: p.dial}
		s.url, s.http = "http://bridge.example", &http.Client{Transport: transport}
		t.Cleanup(func() {
			s.close()
			_ = server.Close()
			transport.CloseIdleConnections()
			<-served
		})
		f(t, s, p, m)
	})
}

// within reads the next message and says when it came.
func within(t *testing.T, c *client, limit time.Duration) (string, time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	start := time.Now()
	_, frame, err := c.ws.Read(ctx)
	if err != nil {
		t.Fatalf("waiting for a message: %v", err)
	}
	return string(frame), time.Since(start)
}

func TestWhoSaysNothingIsRefusedAfterTenSeconds(t *testing.T) {
	inSimulatedTime(t, func(t *testing.T, s *site, _ *pipes) {
		got, after := within(t, s.dial(admission("mathe", "")), time.Minute)
		if got != `{"type":"refused","code":"bad-message"}` || after != 10*time.Second {
			t.Errorf("got %s after %v", got, after)
		}
	})
}

// TestPings has a client that answers pings and says nothing else for an hour, and then answers none.
func TestPings(t *testing.T) {
	inSimulatedTime(t, func(t *testing.T, s *site, p *pipes) {
		teacher, in := s.organiser("mathe")
		pupil, pupilIn := s.pupil("mathe", in.Room.Code)
		silence := p.last
		expect[signaling.ParticipantJoined](teacher)
		read := make(chan struct{})
		go func() {
			defer close(read)
			_, _, _ = pupil.ws.Read(context.Background()) // answers pings
		}()
		time.AfterFunc(time.Hour, func() { silence.silent.Store(true) })

		got, after := within(t, teacher, 2*time.Hour)
		if want := `{"type":"participantLeft","id":"` + pupilIn.Self + `"}`; got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if after < time.Hour || after > time.Hour+25*time.Second { // a ping every 15 s, its pong within 10 s
			t.Errorf("the silent client was gone after %v", after)
		}
		_ = pupil.ws.CloseNow()
		<-read
	})
}

// TestLingering loses the only connection of a room, the organiser's: it is there for who resumes, until the lesson is given up.
func TestLingering(t *testing.T) {
	for name, tt := range map[string]struct {
		away time.Duration
		back bool
	}{"in time": {room.DefaultOrganiserGrace + room.Dormancy - time.Second, true}, "too late": {room.DefaultOrganiserGrace + room.Dormancy + time.Second, false}} {
		t.Run(name, func(t *testing.T) {
			inSimulatedTime(t, func(t *testing.T, s *site, _ *pipes) {
				teacher, in := s.organiser("mathe")
				_ = teacher.ws.CloseNow()
				time.Sleep(tt.away) // simulated
				s.bridge.mu.Lock()
				exists := s.bridge.rooms["mathe"] != nil
				s.bridge.mu.Unlock()
				if exists != tt.back {
					t.Errorf("the room is there: %v", exists)
				}
				again := expect[signaling.Joined](s.resume("mathe", "account-1", in, signaling.RoleOrganiser))
				if same := again.Self == in.Self && again.Room.Code == in.Room.Code; same != tt.back {
					t.Errorf("back in the same place: %v", same)
				}
			})
		})
	}
}

// TestRetryAfter follows wrong codes on the wire.
func TestRetryAfter(t *testing.T) {
	inSimulatedTime(t, func(t *testing.T, s *site, _ *pipes) {
		_, in := s.organiser("mathe")
		c := s.dial(admission("mathe", ""))
		c.send(signaling.Join{Name: "Mia Beispiel", Role: signaling.RoleParticipant, Code: "wrong"})
		expect[signaling.Door](c)
		c.send(signaling.EnterCode{Code: "wrong"})
		expect[signaling.Door](c)
		c.send(signaling.EnterCode{Code: "wrong"})
		if d := expect[signaling.Door](c); !d.Wrong || d.RetryAfter != 2 {
			t.Fatalf("third time: %+v", d)
		}
		time.Sleep(1100 * time.Millisecond) // simulated
		c.send(signaling.EnterCode{Code: in.Room.Code})
		if d := expect[signaling.Door](c); d.Wrong || d.RetryAfter != 1 {
			t.Fatalf("too early: %+v", d)
		}
		time.Sleep(900 * time.Millisecond) // simulated
		c.send(signaling.EnterCode{Code: in.Room.Code})
		expect[signaling.Joined](c)
	})
}

// TestUnreadFarewell has a client that neither reads nor closes: the connection is gone within seconds all the same.
func TestUnreadFarewell(t *testing.T) {
	inSimulatedTime(t, func(t *testing.T, s *site, p *pipes) {
		s.organiser("mathe")
		p.last.silent.Store(true)
		start := time.Now()
		if err := s.bridge.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("closed after %v", took)
		}
	})
}

// TestResumedMediaWaitsForTheOldSession has the end of the old session take its time: the new one begins afterwards.
func TestResumedMediaWaitsForTheOldSession(t *testing.T) {
	slow := func() *fakeMedia { return &fakeMedia{closing: make(chan struct{})} }
	withMedia(t, slow, func(t *testing.T, s *site, _ *pipes, media *fakeMedia) {
		teacher, in := s.organiser("mathe")
		teacher.send(signaling.Offer{SDP: "v=0"})
		expect[signaling.Answer](teacher)
		first := media.room(0).session(in.Self)

		second := s.resume("mathe", "account-1", in, signaling.RoleOrganiser)
		expect[signaling.Joined](second)
		second.send(signaling.Offer{SDP: "v=1"})
		synctest.Wait()
		if now := media.room(0).session(in.Self); now != first {
			t.Error("the new session began while the old one was still there")
		}
		third := s.resume("mathe", "account-1", in, signaling.RoleOrganiser)
		expect[signaling.Joined](third)
		third.send(signaling.Offer{SDP: "v=2"})
		synctest.Wait()
		if now := media.room(0).session(in.Self); now != first {
			t.Error("the third connection overtook the second")
		}
		close(media.closing)
		if a := expect[signaling.Answer](third); string(a.SDP) != "answer to v=2" {
			t.Error("another answer")
		}
		if media.room(0).doubled {
			t.Error("a participant had two sessions at once")
		}
	})
}
