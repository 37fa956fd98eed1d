package sfu

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"time"
)

// What one remote address, and one participant's ICE checks, may bring to pion, in packets per second and at once. pion queues
// what it has no time for, without a bound and with 8 KiB per packet; a check costs it an HMAC besides. A participant that sends
// everything it may sends some 900 packets per second, and a browser at most 20 checks per second for each of its addresses.
const (
	addressRate, addressBurst = 5000, 5000
	checkRate, checkBurst     = 200, 400
)

// gate drops floods before pion sees them. It keeps no list of senders, which a flood from made-up addresses would fill, but
// counts in tables by a keyed digest: two senders that share a place share its rate, and nobody can choose with whom. Owned by
// the goroutine that reads the socket.
type gate struct {
	seed      maphash.Seed
	addresses rates
	checks    rates // by the ufrag they are for
}

func newGate() *gate {
	return &gate{seed: maphash.MakeSeed(), addresses: newRates(addressRate, addressBurst), checks: newRates(checkRate, checkBurst)}
}

// pass reports whether a packet may go on.
func (g *gate) pass(p []byte, from netip.AddrPort, now time.Duration) bool {
	if !g.addresses.allow(maphash.Comparable(g.seed, from), now) {
		return false
	}
	ufrag := checkedUfrag(p)
	return ufrag == nil || g.checks.allow(maphash.Bytes(g.seed, ufrag), now)
}

// places of a table; a power of two. A million packets per second from made-up addresses are 61 for each place.
const places = 1 << 14

// rates is a table of rate limits (GCRA, ITU-T I.371: when the next packet would be due if all came evenly).
type rates struct {
	interval, tolerance time.Duration
	due                 []time.Duration
}

func newRates(perSecond, burst int) rates {
	interval := time.Second / time.Duration(perSecond)
	return rates{interval: interval, tolerance: time.Duration(burst-1) * interval, due: make([]time.Duration, places)}
}

func (r *rates) allow(digest uint64, now time.Duration) bool {
	due := &r.due[digest%places]
	if *due-now > r.tolerance {
		return false
	}
	*due = max(*due, now) + r.interval
	return true
}

const (
	stunHeader   = 20         // bytes (RFC 8489 §5)
	stunCookie   = 0x2112A442 // bytes 4 to 7
	stunUsername = 0x0006     // attribute (RFC 8489 §14.3): for ICE "receiver's ufrag:sender's ufrag" (RFC 8445 §7.2.2)
)

// checkedUfrag is the receiver's ufrag in an ICE check, nil for any other packet.
func checkedUfrag(p []byte) []byte {
	if len(p) < stunHeader || p[0] > 3 || binary.BigEndian.Uint32(p[4:]) != stunCookie {
		return nil
	}
	for rest := p[stunHeader:]; len(rest) >= 4; {
		kind, n := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		if n > len(rest)-4 {
			return nil
		}
		if kind == stunUsername {
			ufrag, _, _ := bytes.Cut(rest[4:4+n], []byte(":"))
			return ufrag
		}
		rest = rest[min(4+(n+3)&^3, len(rest)):]
	}
	return nil
}
