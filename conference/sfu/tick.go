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
	var speaking []slots.Loud[string]
	for _, s := range r.sessions {
		m := r.meters[s]
		m.Tick(uint8(s.voice.peak.Swap(0)))
		if m.Speaking() {
			speaking = append(speaking, slots.Loud[string]{Key: s.id, Loudness: m.Loudness()})
		}
	}
	if r.unheard(speaking) {
		r.settle()
	}
	if now := slots.Order(r.speakers, speaking); !slices.Equal(now, r.speakers) {
		r.speakers = now
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
func (r *Room) unheard(speaking []slots.Loud[string]) bool {
	for _, s := range r.sessions {
		for _, l := range speaking {
			if l.Key != s.id && !slices.Contains(s.heard, l.Key) {
				return true
			}
		}
	}
	return false
}

func (r *Room) tellSpeakers(s *Session) {
	s.tell(func(e Events) {
		if e.Speakers != nil {
			e.Speakers(slices.Clone(r.speakers))
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
