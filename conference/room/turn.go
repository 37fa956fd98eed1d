package room

import (
	"slices"
	"time"
)

// turn is the work on one input: the room, the time, and what has to be told so far.
type turn struct {
	*Room
	now time.Time
	out []Output
}

func (t *turn) tell(e Event, to ...Conn) { t.out = append(t.out, Output{To: to, Event: e}) }

// tellInside tells those inside that the predicate picks, if there are any. Who is away hears nothing.
func (t *turn) tellInside(e Event, pick func(*participant) bool) {
	if to := conns(t.inside, pick); len(to) > 0 {
		t.tell(e, to...)
	}
}

// tellOf tells one participant, unless it is away.
func (t *turn) tellOf(p *participant, e Event) {
	if !p.Away {
		t.tell(e, p.conn)
	}
}

// refuse answers an input that is not followed.
func (t *turn) refuse(c Conn, why ProblemCode) { t.tell(Problem{Code: why}, c) }

func conns(people []*participant, pick func(*participant) bool) []Conn {
	var to []Conn
	for _, p := range people {
		if pick(p) && !p.Away {
			to = append(to, p.conn)
		}
	}
	return to
}

func everyone(*participant) bool { return true }

func organisers(p *participant) bool { return p.Role == Organiser }

func except(one *participant) func(*participant) bool {
	return func(p *participant) bool { return p != one }
}

// sender is the one inside with this connection; nil after telling whoever it is that this is for people inside.
func (t *turn) sender(c Conn) *participant {
	p := t.participant(c)
	if p == nil {
		t.refuse(c, NotAllowed)
	}
	return p
}

// organiser is the organiser with this connection; nil after telling whoever it is that only organisers may.
func (t *turn) organiser(c Conn) *participant {
	p := t.participant(c)
	if p == nil || p.Role != Organiser {
		t.refuse(c, NotAllowed)
		return nil
	}
	return p
}

// pupil is somebody inside who is not an organiser; nil for who is gone already, which is no error, and after refusing for organisers.
func (t *turn) pupil(by Conn, id string) *participant {
	p := t.named(id)
	if p != nil && p.Role == Organiser {
		t.refuse(by, NotAllowed)
		return nil
	}
	return p
}

// pupils are all inside who are not organisers.
func (t *turn) pupils() []*participant {
	return slices.DeleteFunc(slices.Clone(t.inside), organisers)
}

// changed tells all inside what somebody is now.
func (t *turn) changed(p *participant) { t.tellInside(PersonChanged{Person: p.Person}, everyone) }
