package client

import "time"

// Stream is what was received in one slot.
type Stream struct {
	// Packets counts packets without duplicates and Bytes their payloads.
	Packets, Bytes int
	// Expected is how many packets the sequence numbers say there were (RFC 3550 §A.3); Expected - Packets are lost.
	Expected int
	// Keyframes counts the first packets of VP8 keyframes.
	Keyframes int
	// Height is of the picture of the newest keyframe, in pixels.
	Height int
	// First and Last are when the first and the newest packet came.
	First, Last time.Time
	// MaxGap is the longest time between two packets, whoever was in the slot; see Gap.
	MaxGap time.Duration
	// TS is the timestamp of the newest packet.
	TS uint32

	started   bool
	low, high int64
	seen      [window / 64]uint64

	// occupant is who is in the slot as far as is known, paused says that no packet has come since.
	occupant string
	paused   bool
	gap      time.Duration
	// latest is a gap that ended a moment ago, at: the word that somebody else is in the slot now may still be on its way.
	latest   time.Duration
	latestAt time.Time
}

// settling is how much later than the packets the word about a slot may come: they take different ways.
const settling = time.Second

// window is how far back duplicates are recognised, in packets.
const window = 4096

// add counts a packet. It reports whether it is new.
func (s *Stream) add(sn uint16, ts uint32, payload []byte, now time.Time) bool {
	if !s.started {
		s.started, s.First, s.Last = true, now, now
		s.low, s.high = int64(sn)+1<<16, int64(sn)+1<<16
		s.seen[s.low%window/64] |= 1 << (s.low % 64)
	} else if !s.place(sn) {
		return false
	}
	s.Packets++
	s.Bytes += len(payload)
	s.Expected = int(s.high - s.low + 1)
	s.pause(now)
	s.Last, s.TS = now, ts
	return true
}

// pause measures the time since the packet before.
func (s *Stream) pause(now time.Time) {
	gap := now.Sub(s.Last)
	s.MaxGap = max(s.MaxGap, gap)
	if now.Sub(s.latestAt) > settling {
		s.gap, s.latest = max(s.gap, s.latest), 0
	}
	if !s.paused && gap > s.latest {
		s.latest, s.latestAt = gap, now
	}
	s.paused = false
}

// occupy says who is in the slot now; "" for nobody.
func (s *Stream) occupy(who string) {
	if who != s.occupant {
		s.occupant, s.paused, s.latest = who, true, 0
	}
}

// Gap is the longest time between two packets of one occupant of the slot. What happened before the first word on who that is
// counts, too.
func (s Stream) Gap() time.Duration { return max(s.gap, s.latest) }

// place marks a sequence number as received; false for a duplicate.
func (s *Stream) place(sn uint16) bool {
	n := s.high + int64(int16(sn-uint16(s.high)))
	for ; s.high < n; s.high++ {
		next := (s.high + 1) % window
		s.seen[next/64] &^= 1 << (next % 64)
	}
	if s.high-n >= window {
		return false
	}
	if s.seen[n%window/64]&(1<<(n%64)) != 0 {
		return false
	}
	s.seen[n%window/64] |= 1 << (n % 64)
	s.low = min(s.low, n)
	return true
}

// Lost is how many packets are missing.
func (s Stream) Lost() int { return s.Expected - s.Packets }
