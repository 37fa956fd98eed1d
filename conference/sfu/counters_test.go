package sfu_test

import (
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
)

func TestCountersSeeACall(t *testing.T) {
	e := newEngine(t)
	if c := e.Counters(); c.Handshakes != 0 || c.PacketsOut != 0 {
		t.Errorf("before anything: %+v", c)
	}
	r := e.NewRoom()
	a := join(t, r, "a", client.PeerConfig{AudioSlots: 1, VideoSlots: 1, Microphone: true, Camera: true, Level: 30})
	b := join(t, r, "b", client.PeerConfig{AudioSlots: 1, VideoSlots: 1, Microphone: true, Camera: true, Level: 30})
	a.see(b)
	b.see(a)
	packets, bytes := 0, 0
	eventually.True(t, "a hundred packets each way", func() bool {
		packets, bytes = 0, 0
		for _, g := range []*guest{a, b} {
			for _, s := range g.peer.Streams() {
				packets, bytes = packets+s.Packets, bytes+s.Bytes
			}
		}
		return packets > 200
	})
	c := e.Counters()
	if c.Handshakes != 2 {
		t.Errorf("%d handshakes, want 2", c.Handshakes)
	}
	if c.PacketsOut < uint64(packets) || c.BytesOut < uint64(bytes) || c.PacketsIn < uint64(packets) {
		t.Errorf("%+v, but %d packets with %d bytes arrived", c, packets, bytes)
	}
}
