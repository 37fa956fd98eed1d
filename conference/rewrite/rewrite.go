// Package rewrite renumbers RTP packets of changing sources into one unbroken outgoing stream.
//
// A receive slot is one RTP stream for its receiver (one SSRC), while the source behind it changes. The receiver must see
// sequence numbers (SN) without a gap at a switch, timestamps (TS) that go on at the codec's clock, and for VP8 a picture ID
// and TL0PICIDX that go on. Within one source, what is lost stays lost: its numbers stay free, so that the receiver asks for
// them (NACK) and the retransmission finds its place.
package rewrite

import "time"

const (
	// segments is how many changes of the SN offset within one source are remembered. Each run of dropped packets makes one;
	// packets older than the oldest are dropped.
	segments = 16
	// restart is the SN distance from which a source counts as restarted; its gap is closed. At 300 packets/s this is 10 s,
	// far beyond any jitter buffer.
	restart = 3000
	// maxPause bounds the TS step at a switch so that it stays comparable in 32 bits (RFC 3550 §5.1), in ticks.
	maxPause = 1 << 30
)

// segment maps the source's SN from in onwards to out onwards. Both are extended: they do not wrap.
type segment struct{ in, out int64 }

// Rewriter renumbers one outgoing stream. Not safe for concurrent use.
type Rewriter struct {
	clock   int64 // ticks per second
	started bool  // a packet was sent
	bound   bool  // a source is mapped: segs[0:n] is valid
	segs    [segments]segment
	n       int
	in      int64 // highest extended SN of the source, seen or dropped
	out     int64 // highest extended SN sent
	shift   uint32
	ts      uint32        // TS of the packet with SN out
	at      time.Duration // when it was sent
}

// New returns a Rewriter for a codec's clock in ticks per second. The first packet goes out as SN sn and TS ts; sn should be
// random and below 1<<15 (RFC 3711 §3.3.1).
func New(clock uint32, sn uint16, ts uint32) Rewriter {
	return Rewriter{clock: int64(clock), out: int64(sn) + 1<<16 - 1, ts: ts}
}

// Switch ends the present source. The next packet given to Rewrite begins a new one, at the very next SN.
func (r *Rewriter) Switch() { r.bound = false }

// Mapping is where a packet goes in the outgoing stream.
type Mapping struct {
	SN uint16
	TS uint32
	// First says that this packet begins a new source (or a restarted one).
	First bool
}

// Rewrite maps a packet of the present source, sent at now (any monotonic clock). It reports false for a packet that has no
// place in the outgoing stream: older than the switch, or dropped before.
func (r *Rewriter) Rewrite(sn uint16, ts uint32, now time.Duration) (Mapping, bool) {
	if !r.bound {
		return r.begin(sn, ts, now), true
	}
	in := unwrap(r.in, sn)
	if in-r.in > restart || r.in-in > restart {
		return r.begin(sn, ts, now), true
	}
	out, ok := r.lookup(in)
	if !ok {
		return Mapping{}, false
	}
	r.in = max(r.in, in)
	ts += r.shift
	if out > r.out {
		r.out, r.ts, r.at = out, ts, now
	}
	return Mapping{SN: uint16(out), TS: ts}, true
}

// begin maps the source to the next free SN and continues the timestamps by the time that has passed.
func (r *Rewriter) begin(sn uint16, ts uint32, now time.Duration) Mapping {
	next := r.ts
	if r.started {
		next += uint32(min(max(int64(now-r.at)*r.clock/int64(time.Second), 1), maxPause))
	}
	r.started, r.bound = true, true
	r.in = int64(sn) + 1<<16
	r.out++
	r.segs[0], r.n = segment{in: r.in, out: r.out}, 1
	r.shift = next - ts
	r.ts, r.at = next, now
	return Mapping{SN: uint16(r.out), TS: next, First: true}
}

// lookup finds the outgoing number of an incoming one.
func (r *Rewriter) lookup(in int64) (int64, bool) {
	for i := r.n - 1; i >= 0; i-- {
		s := r.segs[i]
		if in < s.in {
			continue
		}
		out := s.out + in - s.in
		if i+1 < r.n && out >= r.segs[i+1].out {
			return 0, false // dropped
		}
		return out, true
	}
	return 0, false
}

// Drop closes the gap that a packet leaves which is not sent on, such as padding only. It reports false when the gap cannot be
// closed because later packets were sent already; such a packet is better sent on.
func (r *Rewriter) Drop(sn uint16) bool {
	if !r.bound {
		return true
	}
	in := unwrap(r.in, sn)
	if in <= r.in || in-r.in > restart {
		_, known := r.lookup(in)
		return !known
	}
	last := &r.segs[r.n-1]
	r.in = in
	next := segment{in: in + 1, out: last.out + in - last.in}
	switch {
	case last.in == in: // nothing was sent since the last drop
		*last = next
	case r.n < segments:
		r.segs[r.n] = next
		r.n++
	default:
		copy(r.segs[:], r.segs[1:])
		r.segs[segments-1] = next
	}
	return true
}

// Original finds the source's SN of a packet that was given the outgoing number sn, for a retransmission. It reports false for
// packets of earlier sources and numbers not sent.
func (r *Rewriter) Original(sn uint16) (uint16, bool) {
	if !r.bound {
		return 0, false
	}
	out := unwrap(r.out, sn)
	if out > r.out {
		return 0, false
	}
	for i := r.n - 1; i >= 0; i-- {
		if s := r.segs[i]; out >= s.out {
			return uint16(s.in + out - s.out), true
		}
	}
	return 0, false
}

// Clock returns the TS that belongs to now and whether anything was sent yet; sender reports need it (RFC 3550 §6.4.1).
func (r *Rewriter) Clock(now time.Duration) (ts uint32, ok bool) {
	return r.ts + uint32(int64(now-r.at)*r.clock/int64(time.Second)), r.started
}

// Shift returns what is added to the present source's timestamps.
func (r *Rewriter) Shift() uint32 { return r.shift }

// unwrap extends sn to the number nearest to reference (RFC 3711 §3.3.1).
func unwrap(reference int64, sn uint16) int64 {
	return reference + int64(int16(sn-uint16(reference)))
}
