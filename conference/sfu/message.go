package sfu

import (
	"slices"

	"github.com/medienzentrenverbund/kreisraum/conference/slots"
)

// message is what the loop is told.
type message interface{ apply(*Room) }

type (
	joinMessage      struct{ s *Session }
	leaveMessage     struct{ s *Session }
	connectedMessage struct{ s *Session }
	viewMessage      struct{ s *Session }
	ruleMessage      struct{ s *Session }
)

func (m joinMessage) apply(r *Room) {
	if i := slices.IndexFunc(r.sessions, func(s *Session) bool { return s.id == m.s.id }); i >= 0 {
		old := r.sessions[i]
		r.remove(i)
		old.Close()
	}
	r.sessions = append(r.sessions, m.s)
	r.simulcast = r.simulcast || m.s.simulcast
	r.meters[m.s] = &slots.Meter{}
	if len(r.speakers) > 0 {
		r.tellSpeakers(m.s)
	}
}

func (m leaveMessage) apply(r *Room) {
	if i := slices.Index(r.sessions, m.s); i >= 0 {
		r.remove(i)
	}
}

func (m connectedMessage) apply(*Room) { m.s.connectedNow = true }

func (m viewMessage) apply(*Room) { m.s.viewing.Store(false) }

func (m ruleMessage) apply(r *Room) {
	m.s.ruling.Store(false)
	r.ruled = true
}

// remove takes a session out; settle then takes it out of the others' slots.
func (r *Room) remove(i int) {
	s := r.sessions[i]
	for _, d := range s.downs {
		d.attach(nil)
	}
	delete(r.meters, s)
	r.sessions = slices.Delete(r.sessions, i, i+1)
	if len(r.sessions) == 0 {
		r.speakers = nil // nobody ticks until somebody comes
	}
}
