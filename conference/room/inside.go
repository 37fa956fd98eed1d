package room

import (
	"slices"
	"time"
)

// apply keeps a visitor's pass for who was lost, unless an organiser wanted to see them first.
func (l Leave) apply(t *turn) {
	var lost time.Time
	if l.Lost {
		lost = t.now
	}
	if v := t.visitor(l.Conn); v != nil {
		t.dismiss(v)
		if v.hasPass() {
			v.pass.lost = lost
			t.gone.add(v.pass)
		}
	}
	p := t.participant(l.Conn)
	switch {
	case p == nil:
	case l.Lost && l.Media:
		p.conn, p.Away, p.lost = 0, true, t.now
		t.tell(AwayChanged{ID: p.ID, Away: true}, conns(t.inside, everyone)...)
	default:
		t.depart(p, lost)
	}
}

func (m MediaEnded) apply(t *turn) {
	if p := t.named(m.Participant); p != nil && p.Away {
		t.depart(p, p.lost)
	}
}

func (r React) apply(t *turn) {
	p := t.sender(r.Conn)
	switch {
	case p == nil:
	case !slices.Contains(reactions, r.Kind):
		t.refuse(r.Conn, NotAllowed)
	case !t.open():
		t.refuse(r.Conn, WhilePaused)
	case p.Held:
		t.refuse(r.Conn, WhileHeld)
	default:
		t.tellInside(Reacted{ID: p.ID, Kind: r.Kind}, everyone)
	}
}

func (l SetLine) apply(t *turn) {
	p := t.sender(l.Conn)
	if p == nil {
		return
	}
	if l.Level == LineGood {
		l.Level = ""
	}
	switch {
	case l.Level != "" && l.Level != LineWeak && l.Level != LineBad:
		t.refuse(l.Conn, NotAllowed)
	case p.Line != l.Level:
		p.Line = l.Level
		t.changed(p)
	}
}

// apply forgets the tokens of those accounts too, and sends away who waits at the door with one: its login might count later.
func (e EndAccounts) apply(t *turn) {
	ended := func(p *participant) bool { return p.account != "" && e.Ended(p.account) }
	for _, p := range slices.Clone(t.inside) {
		if ended(p) {
			t.tellOf(p, Ended{Reason: AccountDisabled})
			t.take(p)
		}
	}
	t.gone.people = slices.DeleteFunc(t.gone.people, ended)
	for _, v := range slices.Clone(t.door) {
		if v.account != "" && e.Ended(v.account) {
			t.dismiss(v)
			t.tell(Ended{Reason: AccountDisabled}, v.conn)
		}
	}
}

func (s SetNotice) apply(t *turn) {
	t.notice = s.At
	if !t.notice.IsZero() {
		t.tellInside(Noticed{At: t.notice}, everyone)
	}
}
