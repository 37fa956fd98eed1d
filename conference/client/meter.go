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
	// MaxGap is the longest time between two packets.
	MaxGap time.Duration
	// TS is the timestamp of the newest packet.
	TS uint32

	started   bool
	low, high int64
	seen      [window / 64]uint64
}

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
	s.MaxGap = max(s.MaxGap, now.Sub(s.Last))
	s.Last, s.TS = now, ts
	return true
}

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
