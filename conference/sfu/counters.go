package sfu

import "sync/atomic"

// Counters are what an Engine has done since it was made. They only grow.
type Counters struct {
	// PacketsIn and PacketsOut are UDP datagrams of all kinds, as the media sockets see them.
	PacketsIn, PacketsOut uint64
	// BytesOut is of UDP payload sent.
	BytesOut uint64
	// Handshakes are media connections begun: each costs ICE, a DTLS handshake and a certificate's signature, whether it succeeds or not.
	Handshakes uint64
}

// traffic counts what goes through a socket.
type traffic struct{ packetsIn, packetsOut, bytesOut atomic.Uint64 }

// sent counts one packet out.
func (t *traffic) sent(bytes int) {
	t.packetsOut.Add(1)
	t.bytesOut.Add(uint64(bytes))
}

// Counters returns the engine's counters.
func (e *Engine) Counters() Counters {
	c := Counters{Handshakes: e.handshakes.Load()}
	for _, s := range e.sockets {
		c.PacketsIn += s.traffic.packetsIn.Load()
		c.PacketsOut += s.traffic.packetsOut.Load()
		c.BytesOut += s.traffic.bytesOut.Load()
	}
	return c
}
