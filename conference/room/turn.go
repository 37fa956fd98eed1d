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

// tellInside tells those inside that the predicate picks, if there are any.
func (t *turn) tellInside(e Event, pick func(*participant) bool) {
	var to []Conn
	for _, p := range t.inside {
		if pick(p) {
			to = append(to, p.conn)
		}
	}
	if len(to) > 0 {
		t.tell(e, to...)
	}
}

func conns(people []*participant) []Conn {
	var to []Conn
	for _, p := range people {
		to = append(to, p.conn)
	}
	return to
}

func everyone(*participant) bool { return true }

func organisers(p *participant) bool { return p.Role == Organiser }

func except(one *participant) func(*participant) bool {
	return func(p *participant) bool { return p != one }
}

// begin gives the room a new epoch and a fresh code.
func (t *turn) begin(name Name) {
	t.epoch, t.name, t.code = newEpoch(t.random), name, newCode(t.random)
	t.guesses = newGuesses(t.now)
	t.tell(Begun{Epoch: t.epoch})
}

// reset forgets everything but who waits at the door.
func (t *turn) reset() {
	*t.Room = Room{rules: t.rules, random: t.random, door: t.door}
	for _, v := range t.door {
		v.code, v.guesses = "", patience{}
	}
	t.tell(Over{})
}

// admit puts somebody inside, under a known ID or, if it is empty, a new one. The caller has checked the right to come in.
func (t *turn) admit(p *participant) {
	if p.ID == "" {
		p.ID = newID(t.random)
	}
	wasOpen := t.open()
	t.inside = append(t.inside, p)
	t.lingerUntil = time.Time{}
	t.welcome(p, 0)
	t.tellInside(Joined{Person: p.Person}, except(p))
	if t.open() && !wasOpen {
		t.openDoor()
	}
}

func (t *turn) welcome(p *participant, replaced Conn) {
	a := Admitted{
		Self:     p.Person,
		Resume:   Resume{Epoch: t.epoch, Participant: p.ID, Role: p.Role, Account: p.account},
		RoomName: t.name,
		History:  t.history.copy(),
		Replaced: replaced,
	}
	if p.Role == Organiser {
		a.Code = t.code
	}
	for _, other := range t.inside {
		a.People = append(a.People, other.Person)
	}
	t.tell(a, p.conn)
}

// remove takes somebody out and tells the others. Lost says that the connection broke.
func (t *turn) remove(p *participant, lost bool) {
	t.inside = slices.DeleteFunc(t.inside, func(other *participant) bool { return other == p })
	t.tell(Left{ID: p.ID}, conns(t.inside)...)
	switch {
	case len(t.inside) > 0:
	case lost:
		t.lingerUntil = t.now.Add(Linger)
	default:
		t.reset()
	}
	if !t.open() {
		t.closeDoor()
	}
}
