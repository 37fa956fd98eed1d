package room

import "slices"

func (k Knock) apply(t *turn) {
	switch {
	case t.participant(k.Conn) != nil || t.visitor(k.Conn) != nil:
		// a second knock of the same connection is the bridge's bug; the first one counts
	case t.resumes(k):
		t.resume(k)
	case k.Role == Organiser:
		t.organise(k)
	default:
		t.visit(k)
	}
}

// resumes says whether the knock comes with a resume token of this epoch for the same role and account.
func (t *turn) resumes(k Knock) bool {
	return k.Resume != nil && t.epoch != "" && k.Resume.Epoch == t.epoch &&
		k.Resume.Role == k.Role && k.Resume.Account == k.Account
}

// resume puts somebody back inside, in place of the old connection if that is still there.
func (t *turn) resume(k Knock) {
	p := first(t.inside, func(p *participant) bool { return p.ID == k.Resume.Participant })
	if p == nil {
		t.enter(k, k.Resume.Participant)
		return
	}
	old := p.conn
	p.conn, p.State = k.Conn, State{}
	t.tell(Ended{Reason: Replaced}, old)
	t.welcome(p, old)
	t.tellInside(StateChanged{ID: p.ID}, except(p))
}

// organise lets an organiser in and begins the room if need be. A room that only lingers is not continued by somebody who was
// not there: the organiser would find a stranger's chat.
func (t *turn) organise(k Knock) {
	if t.epoch != "" && len(t.inside) == 0 {
		t.reset()
	}
	if t.epoch == "" && !t.full() {
		t.begin(k.RoomName)
	}
	t.enter(k, "")
}

// enter lets the knock in if there is room.
func (t *turn) enter(k Knock, id string) {
	if t.full() {
		t.tell(Refused{Reason: RoomFull}, k.Conn)
		return
	}
	t.admit(&participant{Person: Person{ID: id, Name: k.Name, Role: k.Role}, conn: k.Conn, account: k.Account})
}

// visit brings a participant to the door, and in at once if there is nothing to wait for.
func (t *turn) visit(k Knock) {
	if len(t.door) >= MaxVisitors && !t.makePlace(k.Source) {
		t.tell(Refused{Reason: Busy}, k.Conn)
		return
	}
	v := &visitor{conn: k.Conn, source: k.Source, name: k.Name, free: k.Free, code: k.Code}
	t.door = append(t.door, v)
	if t.open() {
		t.receive(v)
		return
	}
	t.tell(Door{}, v.conn)
}

// openDoor receives all who wait, now that there is an organiser or no code any more.
func (t *turn) openDoor() {
	for _, v := range slices.Clone(t.door) {
		t.receive(v)
	}
}

// closeDoor lets everybody wait for the next organiser.
func (t *turn) closeDoor() {
	for _, v := range t.door {
		if v.asked {
			v.asked = false
			t.tell(Door{}, v.conn)
		}
	}
}

// receive lets a visitor in, or asks for the code. There is an organiser inside.
func (t *turn) receive(v *visitor) {
	given := v.code
	v.code = ""
	switch {
	case v.free || t.code == "":
		t.letIn(v)
	case given != "":
		v.asked = true
		t.try(v, given)
	case !v.asked:
		v.asked = true
		t.tell(Door{Open: true}, v.conn)
	}
}

// letIn takes a visitor from the door inside, or away if the room is full.
func (t *turn) letIn(v *visitor) {
	t.dismiss(v)
	if t.full() {
		t.tell(Refused{Reason: RoomFull}, v.conn)
		return
	}
	t.admit(&participant{Person: Person{Name: v.name, Role: Participant}, conn: v.conn})
}

func (t *turn) dismiss(v *visitor) {
	t.door = slices.DeleteFunc(t.door, func(other *visitor) bool { return other == v })
}

func (e EnterCode) apply(t *turn) {
	v := t.visitor(e.Conn)
	switch {
	case v == nil:
		t.tell(Problem{Code: NotAllowed}, e.Conn)
	case !v.asked: // the organiser left while the code was being typed
		t.tell(Door{}, v.conn)
	default:
		t.try(v, e.Code)
	}
}

// try looks at a code, unless there were too many wrong ones.
func (t *turn) try(v *visitor, code Code) {
	if wait := max(v.guesses.wait(t.now), t.guesses.wait(v.source, t.now)); wait > 0 {
		t.tell(Door{Open: true, RetryAfter: wait}, v.conn)
		return
	}
	if sameCode(code, t.code) {
		t.letIn(v)
		return
	}
	v.guesses.wrong(t.now)
	t.guesses.take(v.source, t.now)
	t.tell(Door{Open: true, Wrong: true, RetryAfter: v.guesses.wait(t.now)}, v.conn)
}
