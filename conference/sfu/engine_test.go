package sfu_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
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
	g.allow(sfu.Everyone)
	if err := peer.Answer(answer); err != nil {
		t.Fatal(err)
	}
	return g
}

// allow gives everything the guest sends to an audience.
func (g *guest) allow(to sfu.Audience) {
	for _, source := range []sfu.Source{sfu.Microphone, sfu.Camera, sfu.Screen} {
		g.session.Allow(source, to)
	}
}

// both sends voice and video and has room for a few.
var both = client.PeerConfig{AudioSlots: 3, VideoSlots: 3, Microphone: true, Camera: true, Level: 30}

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
	eventually.True(t, "audio and video both ways", func() bool {
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

func TestLateJoinerSeesWithinOneKeyframe(t *testing.T) {
	r := newEngine(t).NewRoom()
	a, b := join(t, r, "a", both), join(t, r, "b", both)
	b.see(a)
	eventually.True(t, "b sees a", func() bool { return b.sees(a).Packets > 30 })
	c := join(t, r, "c", both)
	c.see(a)
	<-c.peer.Connected()
	connected := time.Now()
	eventually.True(t, "c sees a", func() bool { return c.sees(a).Packets > 0 })
	s := c.sees(a)
	if s.Keyframes == 0 {
		t.Error("video began without a keyframe")
	}
	// A PLI, the next frame (40 ms later) and, if somebody asked just before, the PLI throttle of 500 ms.
	if wait := s.First.Sub(connected); wait > 1500*time.Millisecond {
		t.Errorf("video came %s after the connection", wait)
	}
	if s.Lost() != 0 {
		t.Errorf("%d packets missing", s.Lost())
	}
}

func TestASlotSwitchesSourceWithoutAGap(t *testing.T) {
	r := newEngine(t).NewRoom()
	one := both
	one.VideoSlots = 1
	a, b, c := join(t, r, "a", one), join(t, r, "b", both), join(t, r, "c", both)
	a.see(b)
	eventually.True(t, "a sees b", func() bool { return a.sees(b).Packets > 20 })
	mid := a.slotOf(b, sfu.Camera)
	for _, next := range []*guest{c, b, c} {
		before := a.peer.Streams()[mid]
		a.see(next)
		eventually.True(t, "the switch to "+next.id, func() bool { return a.slotOf(next, sfu.Camera) == mid })
		eventually.True(t, "a keyframe of "+next.id, func() bool {
			s := a.peer.Streams()[mid]
			return s.Keyframes > before.Keyframes && s.Packets > before.Packets+20
		})
	}
	s := a.peer.Streams()[mid]
	if s.Lost() != 0 {
		t.Errorf("%d of %d packets missing after three switches", s.Lost(), s.Expected)
	}
}

func TestMoreThanFitGetTheFirstWanted(t *testing.T) {
	r := newEngine(t).NewRoom()
	two := both
	two.VideoSlots = 2
	a, b, c, d := join(t, r, "a", two), join(t, r, "b", both), join(t, r, "c", both), join(t, r, "d", both)
	a.see(a, d, c, b) // its own picture needs no slot
	eventually.True(t, "d and c in the slots", func() bool { return a.slotOf(d, sfu.Camera) != "" && a.slotOf(c, sfu.Camera) != "" })
	if a.slotOf(b, sfu.Camera) != "" {
		t.Error("the least important has a slot")
	}
	d.session.Close()
	eventually.True(t, "b in the slot of d, who left", func() bool { return a.slotOf(b, sfu.Camera) != "" && a.slotOf(d, sfu.Camera) == "" })
}

func TestScreenHasItsOwnSlot(t *testing.T) {
	r := newEngine(t).NewRoom()
	presenter := both
	presenter.Screen = true
	a, b := join(t, r, "a", both), join(t, r, "b", presenter)
	a.session.SetView([]sfu.Want{{Participant: "b", Source: sfu.Screen, Height: 1080}, {Participant: "b", Source: sfu.Camera, Height: 180}})
	eventually.True(t, "screen and camera", func() bool {
		streams := a.peer.Streams()
		return streams[a.slotOf(b, sfu.Screen)].Packets > 20 && streams[a.slotOf(b, sfu.Camera)].Packets > 20
	})
	mid := a.slotOf(b, sfu.Screen)
	b.session.Allow(sfu.Screen, sfu.Nobody)
	eventually.True(t, "the slot of the screen that is not allowed to be empty", func() bool { return a.slotOf(b, sfu.Screen) == "" })
	settled(t, "the screen that is not allowed", func() int { return a.peer.Streams()[mid].Packets })
	before := a.peer.Streams()[mid]
	b.session.Allow(sfu.Screen, sfu.Everyone)
	eventually.True(t, "the screen again, from a keyframe", func() bool {
		s := a.peer.Streams()[a.slotOf(b, sfu.Screen)]
		return s.Keyframes > before.Keyframes && s.Packets > before.Packets+20
	})
	if s := a.peer.Streams()[a.slotOf(b, sfu.Screen)]; s.Lost() != 0 {
		t.Errorf("%d packets missing after the pause", s.Lost())
	}
}

// settled waits until a count has stopped growing for as long as ten frames.
func settled(t testing.TB, what string, count func() int) {
	t.Helper()
	last, since := count(), time.Now()
	eventually.True(t, what+" to stop", func() bool {
		if n := count(); n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > 400*time.Millisecond
	})
}

func TestAMutedSourceKeepsItsSlot(t *testing.T) {
	r := newEngine(t).NewRoom()
	a, b := join(t, r, "a", both), join(t, r, "b", both)
	a.see(b)
	eventually.True(t, "video", func() bool { return a.sees(b).Packets > 10 })
	b.peer.Send(client.Camera, false)
	settled(t, "video", func() int { return a.sees(b).Packets })
	if a.slotOf(b, sfu.Camera) == "" {
		t.Error("the slot is gone")
	}
	before := a.sees(b).Packets
	b.peer.Send(client.Camera, true)
	eventually.True(t, "video again", func() bool { return a.sees(b).Packets > before+10 })
}

func TestTheLoudestAreHeard(t *testing.T) {
	r := newEngine(t).NewRoom()
	listener := client.PeerConfig{AudioSlots: 1}
	quiet := client.PeerConfig{Microphone: true, Level: 90}
	a, b, c := join(t, r, "a", listener), join(t, r, "b", quiet), join(t, r, "c", quiet)
	b.peer.SetLevel(20)
	eventually.True(t, "b, who is louder", func() bool { return a.hears(b).Packets > 10 })
	eventually.True(t, "b as the speaker", func() bool { a.mu.Lock(); defer a.mu.Unlock(); return len(a.speakers) == 1 && a.speakers[0] == "b" })
	b.peer.SetLevel(90)
	c.peer.SetLevel(20)
	eventually.True(t, "c, who is louder now", func() bool { return a.hears(c).Packets > 10 })
	if s := a.hears(c); s.Lost() != 0 {
		t.Errorf("%d packets missing after the switch", s.Lost())
	}
}

func TestTheSamePersonAgainReplacesTheFirst(t *testing.T) {
	r := newEngine(t).NewRoom()
	a, b := join(t, r, "a", both), join(t, r, "b", both)
	a.see(b)
	eventually.True(t, "b", func() bool { return a.sees(b).Packets > 10 })
	again := join(t, r, "b", both)
	eventually.True(t, "the first connection of b to end", func() bool {
		select {
		case <-b.peer.Failed():
			return true
		default:
			return false
		}
	})
	before := a.sees(b).Packets
	again.see(a)
	eventually.True(t, "b again, both ways", func() bool { return a.sees(again).Packets > before+10 && again.sees(a).Packets > 10 })
	if s := a.sees(again); s.Lost() != 0 {
		t.Errorf("%d packets missing after the replacement", s.Lost())
	}
}

func TestAClientThatClosesIsReported(t *testing.T) {
	r := newEngine(t).NewRoom()
	a := join(t, r, "a", both)
	<-a.peer.Connected()
	a.peer.Close()
	eventually.True(t, "the failure of a", func() bool { a.mu.Lock(); defer a.mu.Unlock(); return errors.Is(a.failed, sfu.ErrConnectionLost) })
}

func TestNoEventAfterClose(t *testing.T) {
	r := newEngine(t).NewRoom()
	var calls, closed atomic.Int32
	count := func() {
		if closed.Load() != 0 {
			t.Error("an event after Close")
		}
		calls.Add(1)
	}
	peer, err := client.NewPeer(both)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	s, answer, err := r.Join("a", peer.Offer(), sfu.Events{
		Slots: func(sfu.Slots) { count() }, Speakers: func([]string) { count() }, Connected: func(string) { count() }, Failed: func(error) { count() },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := peer.Answer(answer); err != nil {
		t.Fatal(err)
	}
	<-peer.Connected()
	eventually.True(t, "an event", func() bool { return calls.Load() > 0 })
	s.Close()
	closed.Store(1)
	b := join(t, r, "b", both)
	b.session.Close()
	s.Close()
	s.SetView(nil)
	s.Allow(sfu.Camera, sfu.Nobody)
	s.SetOrganiser(true)
	s.Allow("hologram", sfu.Everyone)
}

func TestClosedRoomRefuses(t *testing.T) {
	e := newEngine(t)
	r := e.NewRoom()
	a := join(t, r, "a", both)
	<-a.peer.Connected()
	r.Close()
	r.Close()
	<-a.peer.Failed()
	if _, _, err := r.Join("b", a.peer.Offer(), sfu.Events{}); !errors.Is(err, sfu.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	e.Close()
	if _, _, err := e.NewRoom().Join("b", a.peer.Offer(), sfu.Events{}); !errors.Is(err, sfu.ErrClosed) {
		t.Errorf("a room of a closed engine: got %v, want ErrClosed", err)
	}
}

func TestTakenPortSaysWhatToDo(t *testing.T) {
	e := newEngine(t)
	_, err := sfu.NewEngine(sfu.Config{Addresses: []netip.Addr{loopback}, Port: e.Port()})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("127.0.0.1:%d", e.Port())) || !strings.Contains(err.Error(), "ss -ulpn") {
		t.Errorf("got %v", err)
	}
	_, err = sfu.NewEngine(sfu.Config{Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}})
	if err == nil || !strings.Contains(err.Error(), "listen.addresses") {
		t.Errorf("got %v", err)
	}
	if _, err := sfu.NewEngine(sfu.Config{}); err == nil {
		t.Error("an engine without addresses")
	}
}

func TestAnswerHasOurAddressesOnly(t *testing.T) {
	e, err := sfu.NewEngine(sfu.Config{Addresses: []netip.Addr{loopback, netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("::1")}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	peer, err := client.NewPeer(both)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	_, answer, err := e.NewRoom().Join("a", peer.Offer(), sfu.Events{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for line := range strings.Lines(answer) {
		if f := strings.Fields(line); strings.HasPrefix(line, "a=candidate:") {
			if f[7] != "host" || f[5] != strconv.Itoa(e.Port()) {
				t.Errorf("candidate %q", line)
			}
			found[f[4]] = true
		}
	}
	if len(found) != 3 || !found["127.0.0.1"] || !found["127.0.0.2"] || !found["::1"] {
		t.Errorf("candidates of %v", found)
	}
	if !strings.Contains(answer, "a=ice-lite") || !strings.Contains(answer, "a=setup:passive") {
		t.Error("the answer is not ICE-lite and passive")
	}
}

func TestEveryReceiverGetsTheLayerThatFits(t *testing.T) {
	r := newEngine(t).NewRoom()
	layered := both
	layered.Simulcast = true
	a, tile, large := join(t, r, "a", layered), join(t, r, "tile", both), join(t, r, "large", both)
	show := func(g *guest, height int) {
		g.session.SetView([]sfu.Want{{Participant: "a", Source: sfu.Camera, Height: height}})
	}
	show(tile, 160)
	show(large, 1080)
	eventually.True(t, "the small layer in the tile", func() bool { return tile.sees(a).Height == 180 })
	eventually.True(t, "the full layer in the large picture", func() bool { return large.sees(a).Height == 720 })
	a.peer.SendLayer(2, false)
	eventually.True(t, "the next smaller layer once the full one is gone", func() bool { return large.sees(a).Height == 360 })
	show(tile, 300)
	eventually.True(t, "the middle layer in the tile that grew", func() bool { return tile.sees(a).Height == 360 })
	a.peer.SendLayer(2, true)
	eventually.True(t, "the full layer again", func() bool { return large.sees(a).Height == 720 })
	for _, g := range []*guest{tile, large} {
		before := g.sees(a).Packets
		eventually.True(t, "more of it", func() bool { return g.sees(a).Packets > before+10 })
		if s := g.sees(a); s.Lost() != 0 {
			t.Errorf("%s: %d of %d packets missing across layers", g.id, s.Lost(), s.Expected)
		}
	}
}
