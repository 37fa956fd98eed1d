package sfu_test

import (
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// newEngine starts an engine on loopback; the test fails if it leaves anything behind.
func newEngine(t *testing.T) *sfu.Engine {
	t.Helper()
	running := goleak.IgnoreCurrent()
	e, err := sfu.NewEngine(sfu.Config{Addresses: []netip.Addr{loopback}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close engine: %v", err)
		}
		goleak.VerifyNone(t, running)
	})
	return e
}

// guest is a participant: a pion client and its session.
type guest struct {
	t       testing.TB
	id      string
	peer    *client.Peer
	session *sfu.Session

	mu       sync.Mutex
	slots    sfu.Slots
	speakers []string
	failed   error
}

func (g *guest) events() sfu.Events {
	return sfu.Events{
		Slots:    func(s sfu.Slots) { g.mu.Lock(); g.slots = s; g.mu.Unlock() },
		Speakers: func(ids []string) { g.mu.Lock(); g.speakers = ids; g.mu.Unlock() },
		Failed:   func(err error) { g.mu.Lock(); g.failed = err; g.mu.Unlock() },
	}
}

// join brings a guest into the room.
func join(t testing.TB, r *sfu.Room, id string, c client.PeerConfig) *guest {
	t.Helper()
	g := &guest{t: t, id: id}
	peer, err := client.NewPeer(c)
	if err != nil {
		t.Fatal(err)
	}
	g.peer = peer
	t.Cleanup(peer.Close)
	session, answer, err := r.Join(id, peer.Offer(), g.events())
	if err != nil {
		t.Fatal(err)
	}
	g.session = session
	if err := peer.Answer(answer); err != nil {
		t.Fatal(err)
	}
	return g
}

// both sends voice and video and has room for a few.
var both = client.PeerConfig{AudioSlots: 3, VideoSlots: 3, Microphone: true, Camera: true, Level: 30}

// eventually waits for a condition and says what it was still waiting for.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// see asks for the cameras of others.
func (g *guest) see(others ...*guest) {
	want := make([]sfu.Want, len(others))
	for i, o := range others {
		want[i] = sfu.Want{Participant: o.id, Source: sfu.Camera, Height: 180}
	}
	g.session.SetView(want)
}

// hears and sees return the stream of another's microphone or camera.
func (g *guest) hears(o *guest) client.Stream {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.slots.Audio {
		if s.Participant == o.id {
			return g.peer.Streams()[s.MID]
		}
	}
	return client.Stream{}
}

func (g *guest) sees(o *guest) client.Stream {
	return g.peer.Streams()[g.slotOf(o, sfu.Camera)]
}

func (g *guest) slotOf(o *guest, source sfu.Source) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, s := range g.slots.Video {
		if s.Participant == o.id && s.Source == source {
			return s.MID
		}
	}
	return ""
}

func TestTwoHearAndSeeEachOther(t *testing.T) {
	r := newEngine(t).NewRoom()
	a, b := join(t, r, "a", both), join(t, r, "b", both)
	a.see(b)
	b.see(a)
	eventually(t, "audio and video both ways", func() bool {
		return a.hears(b).Packets > 20 && b.hears(a).Packets > 20 && a.sees(b).Packets > 20 && b.sees(a).Packets > 20
	})
	for name, s := range map[string]client.Stream{"a hears b": a.hears(b), "b hears a": b.hears(a), "a sees b": a.sees(b), "b sees a": b.sees(a)} {
		if s.Lost() != 0 {
			t.Errorf("%s: %d of %d packets missing", name, s.Lost(), s.Expected)
		}
	}
	if a.sees(b).Keyframes == 0 {
		t.Error("video began without a keyframe")
	}
}
