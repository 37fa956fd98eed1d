package room

import (
	"slices"
	"time"
)

// visitor is somebody at the door.
type visitor struct {
	caller
	conn Conn
	// told is what the visitor waits for, as far as it knows; empty: it was told nothing.
	told DoorState
	// code was given before the door was open; it is looked at once.
	code Code
	// passed is the number of the code that the visitor knew, 0: none.
	passed  int
	guesses patience
	// unheard is the number of the code for which no more codes are looked at, because too many of the visitor's network were wrong; 0: none.
	unheard int
	// unchecked says that organisers see it in the lobby as one whose code nobody looked at.
	unchecked bool
	// id is who the visitor is to the organisers; empty before the lobby. Nth numbers who came to the lobby.
	id  string
	nth int
	// pass is who the visitor was inside, nil: nobody.
	pass *participant
	// sentBack says that an organiser wants to let this one in, or not.
	sentBack bool
	// admitted says that one has let it in.
	admitted bool
}

// hasPass says whether the visitor comes in without being asked for anything.
func (v *visitor) hasPass() bool { return v.pass != nil && !v.sentBack }

// says is what a visitor is told of what it waits for.
func (r *Room) says(v *visitor) Door { return Door{State: v.told, Taken: r.taken(v.caller)} }

// taken says whether a login counts for nothing here: the lesson is another account's or, before it has begun, the address is.
func (r *Room) taken(c caller) bool {
	switch {
	case !c.login:
		return false
	case r.epoch != "":
		return c.account != r.owner
	}
	return c.owner != "" && c.owner != c.account
}

// inLobby says whether organisers see the visitor.
func (v *visitor) inLobby() bool { return v.told == ForAdmission }

// awaits is what the visitor has to wait for; empty: for nothing.
func (t *turn) awaits(v *visitor) DoorState {
	switch {
	case !t.open():
		return ForOrganiser
	case v.hasPass() || t.owns(v.caller):
		return ""
	case v.sentBack:
		return ForAdmission
	case t.settings.Locked:
		return ForUnlocking
	case !v.free && v.passed != t.codes && (t.code != "" || t.hidden != nil):
		if v.unheard == t.codes {
			return ForAdmission
		}
		return ForCode
	case !v.free && (t.settings.Lobby || t.removed.sentBack.has(v.device)):
		return ForAdmission
	}
	return ""
}

// visit brings somebody to the door, if there is room.
func (t *turn) visit(v *visitor) {
	if len(t.door) >= MaxVisitors && !t.makePlace(v.source) {
		t.tell(Refused{Reason: Busy}, v.conn)
		return
	}
	if v.pass != nil {
		t.gone.drop(v.pass)
	}
	t.arrive(v)
}

// arrive brings somebody to the door, and in at once if there is nothing to wait for. Who was inside is not counted: it has a connection
// anyway.
func (t *turn) arrive(v *visitor) {
	t.door = append(t.door, v)
	t.receive(v)
}

// recheck looks anew at what everybody at the door waits for.
func (t *turn) recheck() {
	for _, v := range slices.Clone(t.door) {
		t.receive(v)
	}
}

// receive lets a visitor in or tells it what it waits for.
func (t *turn) receive(v *visitor) {
	switch what := t.awaits(v); {
	case what == "":
		t.letIn(v)
	case what == ForCode && v.code != "":
		given := v.code
		v.code = ""
		t.moves(v, ForCode)
		t.try(v, given)
	case t.moves(v, what):
		t.tell(t.says(v), v.conn)
	}
}

// moves notes what a visitor waits for from now on, tells organisers who is in the lobby, and reports whether that is something else.
func (t *turn) moves(v *visitor, what DoorState) bool {
	if v.told == what {
		t.markChecked(v)
		return false
	}
	was := v.inLobby()
	v.told = what
	switch {
	case v.inLobby():
		v.unchecked = v.unheard == t.codes
		if v.id == "" {
			v.id = newID(t.random)
		}
		t.visits++
		v.nth = t.visits
		t.tellInside(VisitorCame{Visitor: v.shown()}, organisers)
	case was:
		t.tellInside(VisitorGone{ID: v.id}, organisers)
	}
	return true
}

// letIn takes a visitor from the door inside, or away if the room is full. In an emergency newcomers are held like all the others.
func (t *turn) letIn(v *visitor) {
	t.dismiss(v)
	p := v.pass
	if t.full() {
		if p != nil {
			t.gone.add(p)
		}
		t.tell(Refused{Reason: RoomFull}, v.conn)
		return
	}
	switch {
	case p != nil:
	case t.owns(v.caller):
		p = &participant{Person: Person{Name: v.name, Role: Organiser}, caller: v.caller}
	default:
		p = &participant{Person: Person{Name: v.name, Role: Participant, Held: t.emergency && !v.free && !v.admitted, Except: t.denials(v.device)},
			caller: v.caller}
	}
	p.conn, p.lost, p.Held = v.conn, time.Time{}, p.Held && !v.admitted
	t.admit(p)
}

// dismiss takes a visitor from the door.
func (t *turn) dismiss(v *visitor) {
	t.door = slices.DeleteFunc(t.door, func(other *visitor) bool { return other == v })
	if v.inLobby() {
		t.tellInside(VisitorGone{ID: v.id}, organisers)
	}
}

func (e EnterCode) apply(t *turn) {
	v := t.visitor(e.Conn)
	switch {
	case v == nil:
		t.refuse(e.Conn, NotAllowed)
	case v.told != ForCode: // the organiser left or locked the room while the code was being typed
		t.tell(t.says(v), v.conn)
	default:
		t.try(v, e.Code)
	}
}

// try looks at a code, unless there were too many wrong ones. If those were others', perhaps of somebody who wants to keep a class behind one
// address out, an organiser has to look at who it is instead: then no code is looked at, so that there is nothing to guess, and who admits all
// does not admit these.
func (t *turn) try(v *visitor, code Code) {
	d := t.says(v)
	if d.RetryAfter = v.guesses.wait(t.now); d.RetryAfter > 0 {
		t.tell(d, v.conn)
		return
	}
	if t.guesses.wait(v.source, t.now) > 0 {
		v.unheard = t.codes
		t.receive(v)
		return
	}
	if t.opens(code) {
		v.passed = t.codes
		t.receive(v)
		return
	}
	v.guesses.wrong(t.now)
	t.guesses.take(v.source, t.now)
	d.Wrong, d.RetryAfter = true, v.guesses.wait(t.now)
	t.tell(d, v.conn)
}
