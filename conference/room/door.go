package room

import (
	"cmp"
	"slices"
)

func (k Knock) apply(t *turn) {
	switch {
	case t.participant(k.Conn) != nil || t.visitor(k.Conn) != nil:
		// a second knock of the same connection is the bridge's bug; the first one counts
	case t.wasRemoved(k):
		t.tell(Refused{Reason: DeviceRemoved}, k.Conn)
	case t.resumes(k) && t.mayReturn(k):
		t.resume(k)
	case k.Role == Organiser:
		t.organise(k)
	default:
		t.visit(k)
	}
}

// wasRemoved says whether an organiser sent this participant out, or somebody with this device. An organiser with login comes in on
// any device: it may be the very one that somebody misused.
func (t *turn) wasRemoved(k Knock) bool {
	return k.Role != Organiser && (t.removed.has(k.Device) || t.resumes(k) && t.removed.hasID(k.Resume.Participant))
}

// resumes says whether the knock comes with a resume token of this epoch for the same role and account.
func (t *turn) resumes(k Knock) bool {
	return k.Resume != nil && t.epoch != "" && k.Resume.Epoch == t.epoch &&
		k.Resume.Role == k.Role && k.Resume.Account == k.Account
}

// mayReturn says whether who resumes is still inside, or may come back without the code. Organisers have shown their login.
func (t *turn) mayReturn(k Knock) bool {
	return k.Role == Organiser || t.named(k.Resume.Participant) != nil || t.gone.has(k.Resume.Participant)
}

// resume puts somebody back inside, in place of the old connection if that is still there.
func (t *turn) resume(k Knock) {
	if k.Role == Organiser && t.hidden != nil {
		t.known(k.Code)
	}
	p := t.named(k.Resume.Participant)
	if p == nil {
		t.enter(k, k.Resume.Participant)
		return
	}
	old, wasAway := p.conn, p.Away
	p.conn, p.Away, p.device = k.Conn, false, cmp.Or(k.Device, p.device)
	if !k.Media {
		p.State = State{}
	}
	if !wasAway {
		t.tell(Ended{Reason: Replaced}, old)
	}
	t.welcome(p, Admitted{Replaced: old, Back: true, Media: k.Media})
	if wasAway {
		t.tellInside(AwayChanged{ID: p.ID}, except(p))
	}
	if !k.Media {
		t.tellInside(StateChanged{ID: p.ID}, except(p))
	}
}

// organise lets an organiser in and begins the room if need be. A room that only lingers is not continued by somebody who was
// not there: the organiser would find a stranger's chat.
func (t *turn) organise(k Knock) {
	lingers := t.epoch != "" && len(t.inside) == 0
	switch {
	case lingers && t.continues(k.Account):
	case k.Drained && (lingers || t.epoch == ""):
		t.tell(Refused{Reason: Busy}, k.Conn)
		return
	case lingers:
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
	t.admit(&participant{Person: Person{ID: id, Name: k.Name, Role: k.Role}, conn: k.Conn, account: k.Account, device: k.Device},
		k.RoomName)
}

// visit brings a participant to the door, and in at once if there is nothing to wait for.
func (t *turn) visit(k Knock) {
	if len(t.door) >= MaxVisitors && !t.makePlace(k.Source) {
		t.tell(Refused{Reason: Busy}, k.Conn)
		return
	}
	v := &visitor{conn: k.Conn, source: k.Source, name: k.Name, told: ForOrganiser, roomName: k.RoomName, device: k.Device, free: k.Free, code: k.Code}
	t.door = append(t.door, v)
	if t.open() {
		t.receive(v)
		return
	}
	t.tell(v.door(), v.conn)
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
		t.wait(v, ForOrganiser)
	}
}

// wait tells a visitor what it waits for, unless it knows.
func (t *turn) wait(v *visitor, what DoorState) {
	if v.told != what {
		v.told = what
		t.tell(v.door(), v.conn)
	}
}

// door is what the visitor waits for.
func (v *visitor) door() Door { return Door{State: v.told} }

// receive lets a visitor in, or asks for the code, unless the room is locked. There is an organiser inside.
func (t *turn) receive(v *visitor) {
	if t.settings.Locked {
		t.wait(v, ForUnlocking)
		return
	}
	given := v.code
	v.code = ""
	switch {
	case v.free || t.code == "" && t.hidden == nil:
		t.letIn(v)
	case given != "":
		v.told = ForCode
		t.try(v, given)
	default:
		t.wait(v, ForCode)
	}
}

// letIn takes a visitor from the door inside, or away if the room is full.
func (t *turn) letIn(v *visitor) {
	t.dismiss(v)
	if t.full() {
		t.tell(Refused{Reason: RoomFull}, v.conn)
		return
	}
	t.admit(&participant{Person: Person{Name: v.name, Role: Participant}, conn: v.conn, device: v.device}, v.roomName)
}

func (t *turn) dismiss(v *visitor) {
	t.door = slices.DeleteFunc(t.door, func(other *visitor) bool { return other == v })
}

func (e EnterCode) apply(t *turn) {
	v := t.visitor(e.Conn)
	switch {
	case v == nil:
		t.tell(Problem{Code: NotAllowed}, e.Conn)
	case v.told != ForCode: // the organiser left or locked the room while the code was being typed
		t.tell(v.door(), v.conn)
	default:
		t.try(v, e.Code)
	}
}

// try looks at a code, unless there were too many wrong ones.
func (t *turn) try(v *visitor, code Code) {
	if wait := max(v.guesses.wait(t.now), t.guesses.wait(v.source, t.now)); wait > 0 {
		t.tell(Door{State: ForCode, RetryAfter: wait}, v.conn)
		return
	}
	if t.opens(code) {
		t.letIn(v)
		return
	}
	v.guesses.wrong(t.now)
	t.guesses.take(v.source, t.now)
	t.tell(Door{State: ForCode, Wrong: true, RetryAfter: v.guesses.wait(t.now)}, v.conn)
}
