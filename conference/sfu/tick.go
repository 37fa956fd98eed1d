package sfu

import (
	"slices"
	"time"

	"github.com/pion/rtcp"

	"github.com/medienzentrenverbund/kreisraum/conference/slots"
)

// reportTicks is how many ticks pass between two sender reports of a slot: 2 s. Receivers use them for statistics.
const reportTicks = 20

// layerTicks is how many ticks pass between two looks at the layers: 200 ms.
const layerTicks = 2

// sampleTicks is how many ticks pass between two looks at a receiver's loss: 1 s.
const sampleTicks = 10

// maxReports is how many sender reports fit one packet (28 bytes each).
const maxReports = 31

// tick measures loudness, moves the audio slots to the loudest and writes sender reports.
func (r *Room) tick() {
	r.ticks++
	speaking := r.listen()
	if r.sounds() || r.unheard(speaking) {
		r.settle()
	}
	if now := slots.Order(r.speakers, speaking); r.ruled || !slices.Equal(now, r.speakers) {
		r.speakers, r.ruled = now, false
		for _, s := range r.sessions {
			r.tellSpeakers(s)
		}
	}
	if r.simulcast {
		r.sample()
		if r.ticks%layerTicks == 0 {
			r.relayer()
		}
	}
	r.report()
}

// listen measures how loud everybody is and returns who is speaking.
func (r *Room) listen() []slots.Loud[*Session] {
	var speaking []slots.Loud[*Session]
	for _, s := range r.sessions {
		m := r.meters[s]
		peak := uint8(s.voice.peak.Swap(0))
		if s.voice.to() == Nobody { // what was said before must not count when they are let speak again
			*m = slots.Meter{}
			continue
		}
		m.Tick(peak)
		if m.Speaking() {
			speaking = append(speaking, slots.Loud[*Session]{Key: s, Loudness: m.Loudness()})
		}
	}
	return speaking
}

// soundAfter is how long a screen's sound may pause and keep its slot. Browsers send a packet every 400 ms through silence (Opus DTX).
const soundAfter = 3 * time.Second

// sounds looks which screens sound and reports whether that has changed.
func (r *Room) sounds() (changed bool) {
	now := monotonic()
	for _, s := range r.sessions {
		last := s.sound.last.Load()
		if sounding := last != 0 && now-time.Duration(last) < soundAfter; sounding != s.sounding {
			s.sounding, changed = sounding, true
		}
	}
	return changed
}

// sample lowers or raises the ceiling of the sessions whose turn it is.
func (r *Room) sample() {
	now := monotonic()
	for i, s := range r.sessions {
		if (r.ticks+i)%sampleTicks != 0 {
			continue
		}
		sent, asked := 0, 0
		for _, d := range s.downs[len(s.heard):] {
			n, again := d.sample()
			sent, asked = sent+n, asked+again
		}
		s.ceiling.Sample(sent, asked, now)
	}
}

// unheard reports whether some session does not hear somebody who is speaking: only then can an audio slot change.
func (r *Room) unheard(speaking []slots.Loud[*Session]) bool {
	for _, s := range r.sessions {
		for _, l := range speaking {
			if s.gets(l.Key, voice) && !slices.Contains(s.heard, key{l.Key.id, voice}) {
				return true
			}
		}
	}
	return false
}

// tellSpeakers tells a session of the speakers it may hear, and of itself.
func (r *Room) tellSpeakers(s *Session) {
	var ids []string
	for _, o := range r.speakers {
		if o == s || s.gets(o, voice) {
			ids = append(ids, o.id)
		}
	}
	if slices.Equal(ids, s.told) {
		return
	}
	s.told = ids
	s.tell(func(e Events) {
		if e.Speakers != nil {
			e.Speakers(slices.Clone(ids))
		}
	})
}

// report writes the sender reports of the sessions whose turn it is.
func (r *Room) report() {
	wall, now := time.Now(), monotonic()
	for i, s := range r.sessions {
		if (r.ticks+i)%reportTicks != 0 || !s.connectedNow {
			continue
		}
		var reports []rtcp.Packet
		for _, d := range s.downs {
			if sr := d.report(wall, now); sr != nil {
				reports = append(reports, sr)
			}
		}
		for chunk := range slices.Chunk(reports, maxReports) {
			s.transport.WriteRTCP(chunk)
		}
	}
}
