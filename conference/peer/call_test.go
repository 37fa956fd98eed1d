package peer

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errTest = errors.New("test")

// heldMedia lets a test do something while a session is being made.
type heldMedia struct {
	during func(MediaEvents)
	err    error
	made   atomic.Int32
	closed atomic.Int32
	// rule is what is forwarded of the newest session, and allowed how often it was told.
	rule    Forward
	allowed int
}

func (m *heldMedia) Join(_, _ string, events MediaEvents) (MediaSession, string, error) {
	if m.during != nil {
		m.during(events)
	}
	if m.err != nil {
		return nil, "", m.err
	}
	m.made.Add(1)
	m.rule, m.allowed = Forward{}, 0
	return m, "answer", nil
}

func (m *heldMedia) SetView([]MediaWant)  {}
func (m *heldMedia) SetOrganiser(on bool) { m.rule.Organiser = on }

func (m *heldMedia) Allow(source string, to Audience) {
	m.allowed++
	switch source {
	case Microphone:
		m.rule.Microphone = to
	case Camera:
		m.rule.Camera = to
	case Screen:
		m.rule.Screen = to
	}
}
func (m *heldMedia) Close() { m.closed.Add(1) }

// listener is a Peer without a socket: what it is told stays in its outbox.
func listener() *Peer { return New(nil, Config{Log: slog.New(slog.DiscardHandler)}) }

// told are the types of all messages since the last time.
func told(t *testing.T, p *Peer) []string {
	t.Helper()
	frames, _ := p.out.take()
	types := []string{}
	for _, frame := range frames {
		m, err := signaling.DecodeServer(frame)
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, m.Type())
	}
	return types
}

func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: told %v, want %v", what, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: told %v, want %v", what, got, want)
		}
	}
}

// newTestCall is a Call whose goroutine is the test's.
func newTestCall(m *heldMedia, ended *int) *Call {
	return NewCall(CallConfig{Participant: "7c1f", Media: m, Log: slog.New(slog.DiscardHandler), Ended: func() { *ended++ }})
}

func joinedFrame(t *testing.T) []byte {
	t.Helper()
	frame, err := signaling.Encode(signaling.Joined{Self: "7c1f", Settings: signaling.Settings{CamerasTo: signaling.Everyone}})
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

// TestCallWhileASessionIsMade has the connection change, or the session fail, before the answer.
func TestCallWhileASessionIsMade(t *testing.T) {
	for name, tt := range map[string]struct {
		during func(*Call, *Peer, *Peer, MediaEvents, []byte)
		live   bool
		first  []string
		second []string
	}{
		"nothing happens": {func(*Call, *Peer, *Peer, MediaEvents, []byte) {}, true, []string{"answer"}, nil},
		"slots come first": {func(_ *Call, _, _ *Peer, e MediaEvents, _ []byte) {
			e.Speakers(nil)
			e.Slots(nil, nil)
		}, true, []string{"answer", "slots", "speakers"}, nil},
		"it fails":              {func(_ *Call, _, _ *Peer, e MediaEvents, _ []byte) { e.Failed(errTest) }, false, []string{"error"}, nil},
		"the connection breaks": {func(c *Call, _, _ *Peer, _ MediaEvents, _ []byte) { c.Detach() }, false, nil, nil},
		"another page": {func(c *Call, _, second *Peer, e MediaEvents, joined []byte) {
			c.attach(second, joined, false)
			e.Slots(nil, nil)
		}, false, nil, []string{"joined"}},
		"another connection that believes in it": {func(c *Call, _, second *Peer, _ MediaEvents, joined []byte) {
			c.attach(second, joined, true)
		}, false, nil, []string{"joined", "error"}},
	} {
		t.Run(name, func(t *testing.T) {
			var ended int
			first, second, m := listener(), listener(), &heldMedia{}
			c := newTestCall(m, &ended)
			c.attach(first, joinedFrame(t), false)
			same(t, "attached", told(t, first), "joined")
			c.settle()
			m.during = func(e MediaEvents) { tt.during(c, first, second, e, joinedFrame(t)) }
			c.handle(request{from: first, message: signaling.Offer{SDP: "v=0"}})
			same(t, "first", told(t, first), tt.first...)
			same(t, "second", told(t, second), tt.second...)
			if c.Live() != tt.live {
				t.Errorf("live: %v", c.Live())
			}
			c.settle()
			if open := m.made.Load() - m.closed.Load(); (open == 1) != tt.live {
				t.Errorf("%d sessions are open", open)
			}
			c.closeSession()
			m.during = nil
			c.handle(request{from: first, message: signaling.Offer{SDP: "v=1"}}) // whoever is attached is heard, nobody else
			if c.Live() != c.hears(first) {
				t.Errorf("after another offer: live %v", c.Live())
			}
			c.closeSession()
		})
	}
}

// TestForwarding changes what may be forwarded before there is a session, while one is made, and during it; the next one knows too.
func TestForwarding(t *testing.T) {
	var ended int
	p, m := listener(), &heldMedia{}
	c := newTestCall(m, &ended)
	c.attach(p, joinedFrame(t), false)
	c.settle()
	offer := request{from: p, message: signaling.Offer{SDP: "v=0"}}
	is := func(when string, want Forward) {
		t.Helper()
		if m.rule != want || m.allowed == 0 {
			t.Errorf("%s: %+v, told %d times", when, m.rule, m.allowed)
		}
	}
	c.handle(offer)
	is("at first", Forward{})
	organiser := Forward{Microphone: Everyone, Camera: Everyone, Screen: Everyone, Organiser: true}
	c.SetForward(organiser)
	select {
	case <-c.wake:
	default:
		t.Fatal("the loop is not woken")
	}
	c.settle()
	is("during the session", organiser)
	c.SetForward(organiser)
	if told := m.allowed; len(c.wake) != 0 {
		t.Errorf("told %d times what it knows", told)
	}
	c.SetForward(Forward{Camera: Organisers})
	c.handle(offer)
	is("of the next session", Forward{Camera: Organisers})
	m.during = func(MediaEvents) { c.SetForward(Forward{}) }
	c.handle(offer)
	c.settle()
	is("while a session is made", Forward{})
	c.closeSession()
	c.SetForward(organiser)
	c.settle() // and nobody is there to be told
}

// TestDismissed: who is sent back to the door speaks for no Call, and hears nothing of it after the door.
func TestDismissed(t *testing.T) {
	var ended int
	m := &heldMedia{}
	p := New(nil, Config{Log: slog.New(slog.DiscardHandler)})
	c := newTestCall(m, &ended)
	var events MediaEvents
	m.during = func(e MediaEvents) { events = e }
	p.call = c
	c.attach(p, joinedFrame(t), false)
	c.settle()
	c.handle(request{from: p, message: signaling.Offer{SDP: "v=0"}})
	told(t, p)
	door, err := signaling.Encode(signaling.Door{State: signaling.DoorLobby})
	if err != nil {
		t.Fatal(err)
	}
	p.detach(door)
	events.Slots(nil, nil)
	events.Failed(errTest)
	same(t, "at the door", told(t, p), "door")
	if p.admitted() != nil || c.hears(p) {
		t.Error("still speaks for the Call")
	}
	c.closeSession()
}

func TestCallTellsFailureOnce(t *testing.T) {
	var ended int
	p, m := listener(), &heldMedia{}
	c := newTestCall(m, &ended)
	var events MediaEvents
	m.during = func(e MediaEvents) { events = e }
	c.attach(p, joinedFrame(t), false)
	c.settle()
	c.handle(request{from: p, message: signaling.Offer{SDP: "v=0"}})
	told(t, p)
	events.Failed(errTest)
	events.Failed(errTest)
	events.Slots(nil, nil)
	same(t, "failed", told(t, p), "error")
	if c.Live() || ended != 1 {
		t.Errorf("live %v, ended %d times", c.Live(), ended)
	}
	again := listener()
	c.attach(again, joinedFrame(t), true)
	same(t, "attached too late", told(t, again), "joined", "error")
	c.settle()
	if m.closed.Load() != 1 {
		t.Errorf("closed %d times", m.closed.Load())
	}
	m.err = errTest
	c.handle(request{from: again, message: signaling.Offer{SDP: "v=1"}})
	same(t, "refused", told(t, again), "error")
}

func TestCallsOfOneParticipantFollowEachOther(t *testing.T) {
	var ended int
	before := newTestCall(&heldMedia{}, &ended)
	c := NewCall(CallConfig{Media: &heldMedia{}, After: before.Done(), Ended: func() {}, Log: slog.New(slog.DiscardHandler)})
	go c.Run()
	c.End()
	select {
	case <-c.Done():
		t.Error("over before the one before")
	default:
	}
	before.End()
	before.End()
	before.Run()
	<-c.Done()
	if !c.Over() || !before.Over() {
		t.Error("not over")
	}
}
