package room

import (
	"slices"
	"time"
)

// begin begins a lesson.
func (t *turn) begin(k Knock) {
	t.epoch, t.owner, t.name, t.settings = newEpoch(t.random), k.Account, k.RoomName, t.rules.settings()
	t.code, t.codes = k.FirstCode, 1
	if t.code == "" || k.Owner == "" || k.Owner != k.Account {
		t.code = newCode(t.random)
	}
	t.guesses = newGuesses(t.now)
	t.tell(Begun{Epoch: t.epoch})
}

// settle brings the room into order after an input: a lesson without an organiser is paused, one that nobody is expected back to is over,
// and forwarding is as it must be.
func (t *turn) settle() {
	if t.epoch == "" {
		return
	}
	if t.pausedSince.IsZero() && !t.open() {
		t.pause()
	}
	if len(t.inside) == 0 && !t.now.Before(t.expectedUntil()) {
		t.reset()
	}
	t.forwardAll()
}

// pause stops a lesson that has no organiser any more.
func (t *turn) pause() {
	t.pausedSince = t.now
	t.tellInside(Paused{Until: t.graceEnd()}, everyone)
	t.recheck()
}

// goOn ends a pause, and opens the door of a lesson that has just begun. Back is the organiser who came.
func (t *turn) goOn(back *participant) {
	if !t.pausedSince.IsZero() {
		t.pausedSince, t.dormant = time.Time{}, false
		t.tellInside(Paused{}, except(back))
	}
	t.forwardAll()
	t.recheck()
}

// sleep sends everybody to the door, each with a pass.
func (t *turn) sleep() {
	t.dormant = true
	for _, p := range slices.Clone(t.inside) {
		if p.Away {
			t.depart(p, p.lost)
			continue
		}
		conn := p.conn
		t.take(p)
		t.arrive(&visitor{caller: p.caller, conn: conn, pass: p})
	}
}

// reset forgets everything but who waits at the door and when all rooms end.
func (t *turn) reset() {
	*t.Room = Room{rules: t.rules, random: t.random, door: t.door, notice: t.notice}
	for _, v := range t.door {
		*v = visitor{caller: v.caller, conn: v.conn, told: v.told}
	}
	t.tell(Over{})
	for _, v := range t.door {
		if v.told == ForOrganiser && v.login && !t.taken(v.caller) { // may begin a lesson now
			t.tell(t.says(v), v.conn)
		}
	}
	t.recheck()
}

// grace is how long a pause lasts.
func (r *Room) grace() time.Duration {
	if r.rules.OrganiserGrace > 0 {
		return r.rules.OrganiserGrace
	}
	return DefaultOrganiserGrace
}

// graceEnd is when a pause sends everybody to the door.
func (r *Room) graceEnd() time.Time { return r.pausedSince.Add(r.grace()) }

// expectedUntil is how long a paused lesson that nobody is inside is kept: while people with a pass wait at the door or an organiser was
// lost until Dormancy has passed, for participants who were lost until Linger has. Zero: nobody is expected.
func (r *Room) expectedUntil() time.Time {
	var until time.Time
	if r.restored != nil {
		until = r.pausedSince.Add(Linger)
	}
	for _, p := range r.gone.people {
		switch {
		case p.lost.IsZero():
		case p.Role == Organiser:
			return r.graceEnd().Add(Dormancy)
		case until.Before(p.lost.Add(Linger)):
			until = p.lost.Add(Linger)
		}
	}
	if slices.ContainsFunc(r.door, (*visitor).hasPass) {
		return r.graceEnd().Add(Dormancy)
	}
	return until
}

// Next is when the room needs a Tick; zero: not before another input.
func (r *Room) Next() time.Time {
	var next time.Time
	at := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	for _, p := range r.inside {
		if p.Away {
			at(p.lost.Add(Linger))
		}
	}
	if !r.pausedSince.IsZero() && !r.dormant {
		at(r.graceEnd())
	}
	if r.epoch != "" && len(r.inside) == 0 {
		at(r.expectedUntil())
	}
	return next
}

// apply takes out who was away long enough, and ends a pause that lasted long enough. What is over then, settle sees.
func (Tick) apply(t *turn) {
	for _, p := range slices.Clone(t.inside) {
		if p.Away && !t.now.Before(p.lost.Add(Linger)) {
			t.depart(p, p.lost)
		}
	}
	if !t.pausedSince.IsZero() && !t.dormant && !t.now.Before(t.graceEnd()) {
		t.sleep()
	}
}
