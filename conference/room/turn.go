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
	var to []Conn
	for _, p := range t.inside {
		if pick(p) && !p.Away {
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
		if !p.Away {
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

// begin gives the room a new epoch and a fresh code.
func (t *turn) begin(name Name) {
	t.epoch, t.name, t.code, t.settings = newEpoch(t.random), name, newCode(t.random), t.rules.settings()
	t.guesses = newGuesses(t.now)
	t.tell(Begun{Epoch: t.epoch})
}

// reset forgets everything but who waits at the door and when all rooms end.
func (t *turn) reset() {
	*t.Room = Room{rules: t.rules, random: t.random, door: t.door, notice: t.notice}
	for _, v := range t.door {
		v.code, v.guesses = "", patience{}
	}
	t.tell(Over{})
}

// admit puts somebody inside, under a known ID or, if it is empty, a new one. The caller has checked the right to come in. A
// restored room takes its name from the first who comes.
func (t *turn) admit(p *participant, name Name) {
	if t.name == "" {
		t.name = name
	}
	if p.ID == "" {
		p.ID = newID(t.random)
	}
	wasOpen := t.open()
	t.inside = append(t.inside, p)
	t.lingerUntil, t.restored = time.Time{}, nil
	t.welcome(p, Admitted{})
	t.tellInside(Joined{Person: p.Person}, except(p))
	if t.open() && !wasOpen {
		t.openDoor()
	}
}

// welcome tells somebody inside what there is; a says how it came in.
func (t *turn) welcome(p *participant, a Admitted) {
	a.Self = p.Person
	a.Resume = Resume{Epoch: t.epoch, Participant: p.ID, Role: p.Role, Account: p.account}
	a.RoomName, a.Settings, a.History = t.name, t.settings, t.history.copy()
	if p.Role == Organiser {
		a.Code = t.code
	}
	a.People = t.people()
	t.tell(a, p.conn)
	if !t.notice.IsZero() {
		t.tell(Noticed{At: t.notice}, p.conn)
	}
}

// remove takes somebody out and tells the others. Lost is when the connection broke, zero if it did not.
func (t *turn) remove(p *participant, lost time.Time) {
	t.inside = slices.DeleteFunc(t.inside, func(other *participant) bool { return other == p })
	t.tell(Left{ID: p.ID}, conns(t.inside)...)
	t.gone.add(p.ID)
	switch {
	case len(t.inside) > 0:
	case !lost.IsZero() && !expired(lost, t.now):
		t.lingerUntil = lost.Add(Linger)
	default:
		t.reset()
	}
	if !t.open() {
		t.closeDoor()
	}
}
