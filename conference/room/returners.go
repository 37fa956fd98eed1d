package room

import (
	"cmp"
	"slices"
	"time"
)

// returners are those who were inside and may come back with their token, to their role, hand, exceptions and place. Oldest first.
type returners struct{ people []*participant }

// maxReturners bounds them; who is forgotten is asked for the code.
const maxReturners = 256

// add remembers somebody. Whom it forgets for that is the one who has been gone longest, and an organiser only among organisers: who
// comes and goes all the time must not take a teacher's place.
func (r *returners) add(p *participant) {
	r.people = append(r.people, p)
	if len(r.people) > maxReturners {
		i := max(0, slices.IndexFunc(r.people, func(p *participant) bool { return p.Role != Organiser }))
		r.people = slices.Delete(r.people, i, i+1)
	}
}

func (r *returners) drop(p *participant) {
	r.people = slices.DeleteFunc(r.people, func(other *participant) bool { return other == p })
}

// keepOrganisers forgets everybody else. Tokens that were put by must bring nobody back past a new code and a locked door.
func (r *returners) keepOrganisers() {
	r.people = slices.DeleteFunc(r.people, func(p *participant) bool { return p.Role != Organiser })
}

// returner is who the knock's token names, if it is good and may bring that person back; else nil. The device must be the one of
// before; for a seat from a record, which names neither device nor account, the token's signature has to do.
func (t *turn) returner(k Knock) *participant {
	if k.Resume == nil || t.epoch == "" || k.Resume.Epoch != t.epoch || k.Resume.Account != k.Account {
		return nil
	}
	is := func(p *participant) bool {
		return p.ID == k.Resume.Participant && p.account == k.Account && p.device == k.Device
	}
	if p := first(t.inside, is); p != nil {
		return p
	}
	if v := first(t.door, func(v *visitor) bool { return v.pass != nil && is(v.pass) }); v != nil {
		return v.pass
	}
	return first(t.gone.people, func(p *participant) bool { return is(p) || p.recorded && p.ID == k.Resume.Participant })
}

// comeBack puts somebody back to where they were, in place of the old connection if that is still there.
func (t *turn) comeBack(k Knock, p *participant) {
	c := k.caller()
	c.name = cmp.Or(p.name, c.name)
	if t.named(p.ID) == p {
		p.caller = c
		t.reconnect(k, p)
		return
	}
	if v := first(t.door, func(v *visitor) bool { return v.pass == p }); v != nil {
		p.caller, v.caller = c, c
		t.tell(Ended{Reason: Replaced}, v.conn)
		v.conn = k.Conn
		t.tell(t.says(v), v.conn)
		return
	}
	if t.dormant && p.Role != Organiser {
		p.caller, p.Name, p.recorded = c, c.name, false
		t.visit(&visitor{caller: c, conn: k.Conn, pass: p})
		return
	}
	was := *p
	p.caller, p.Name, p.conn, p.lost, p.recorded = c, c.name, k.Conn, time.Time{}, false
	if t.enter(p, k); t.named(p.ID) != p {
		*p = was // there was no room
	}
}

// reconnect gives somebody inside a new connection.
func (t *turn) reconnect(k Knock, p *participant) {
	if p.Role == Organiser && t.hidden != nil {
		t.known(k.Code)
	}
	old, wasAway := p.conn, p.Away
	p.conn, p.Away, p.lost = k.Conn, false, time.Time{}
	line := p.Line
	if !k.Media {
		p.State, p.Line = State{}, ""
	}
	if !wasAway {
		t.tell(Ended{Reason: Replaced}, old)
	}
	t.forward(p)
	t.welcome(p, Admitted{Replaced: old, Back: true, Media: k.Media})
	if wasAway {
		t.tellInside(AwayChanged{ID: p.ID}, except(p))
	}
	if !k.Media {
		t.tellInside(StateChanged{ID: p.ID}, except(p))
	}
	if p.Line != line {
		t.tellInside(PersonChanged{Person: p.Person}, except(p))
	}
}

// take takes somebody out and tells the others.
func (t *turn) take(p *participant) {
	t.inside = slices.DeleteFunc(t.inside, func(other *participant) bool { return other == p })
	t.tell(Left{ID: p.ID}, conns(t.inside, everyone)...)
	p.conn, p.Away, p.State, p.Line, p.forwarded = 0, false, State{}, "", Forward{}
}

// depart takes somebody out who may come back. Lost is when the connection broke, zero for who leaves on purpose, and takes the hand down.
func (t *turn) depart(p *participant, lost time.Time) {
	t.take(p)
	if p.lost = lost; lost.IsZero() {
		p.Hand = 0
	}
	t.gone.add(p)
}
