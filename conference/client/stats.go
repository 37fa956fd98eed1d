package client

import "time"

// Stats is what a participant has been through.
type Stats struct {
	// Reconnects counts how often the participant came inside again, Kept how often of these its media session went on.
	Reconnects, Kept int
	// PeerConnections counts those that were made.
	PeerConnections int
	// Gaps is the longest time between two packets of one occupant of a receive slot, by MID, over all PeerConnections; WorstGap is the
	// longest of them.
	Gaps     map[string]time.Duration
	WorstGap time.Duration
	// Outage is the longest time from the last packet of one PeerConnection to the first of the next.
	Outage time.Duration
	// Silence is for how long nothing has been received; 0 while nothing ever was.
	Silence time.Duration
	// Packets were received; Expected says how many there were according to their sequence numbers.
	Packets, Expected int
	// Place in the queue; 0: not waiting there.
	Place int
}

// Stats returns what the participant has been through so far.
func (p *Participant) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.tally.clone()
	if p.peer != nil {
		t.add(p.peer)
	}
	s := Stats{
		Reconnects: t.reconnects, Kept: t.kept, PeerConnections: t.peers, Gaps: t.gaps, Outage: t.outage,
		Packets: t.packets, Expected: t.expected, Place: t.place,
	}
	for _, gap := range t.gaps {
		s.WorstGap = max(s.WorstGap, gap)
	}
	if !t.last.IsZero() {
		s.Silence = time.Since(t.last)
	}
	return s
}

// tally is Stats in the making: all PeerConnections but the present one.
type tally struct {
	reconnects, kept, peers, place int
	packets, expected              int
	gaps                           map[string]time.Duration
	outage                         time.Duration
	// last is when the newest packet of all came.
	last time.Time
}

func (t tally) clone() tally {
	gaps := make(map[string]time.Duration, len(t.gaps))
	for mid, gap := range t.gaps {
		gaps[mid] = gap
	}
	t.gaps = gaps
	return t
}

// add counts a PeerConnection in that came after those counted so far.
func (t *tally) add(p *Peer) {
	if t.gaps == nil {
		t.gaps = map[string]time.Duration{}
	}
	var first, last time.Time
	for mid, s := range p.Streams() {
		t.packets += s.Packets
		t.expected += s.Expected
		t.gaps[mid] = max(t.gaps[mid], s.Gap())
		if first.IsZero() || s.First.Before(first) {
			first = s.First
		}
		if s.Last.After(last) {
			last = s.Last
		}
	}
	if first.IsZero() {
		return
	}
	if !t.last.IsZero() {
		t.outage = max(t.outage, first.Sub(t.last))
	}
	t.last = last
}
