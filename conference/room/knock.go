package room

import (
	"cmp"
	"slices"
)

func (k Knock) apply(t *turn) {
	if t.participant(k.Conn) != nil || t.visitor(k.Conn) != nil {
		return // a second knock of the same connection is the bridge's bug; the first one counts
	}
	if k.Owner != "" && k.Owner == t.owner {
		t.title = k.Title
	}
	p := t.returner(k)
	if why := t.keptOut(k); why != "" {
		t.tell(Refused{Reason: why}, k.Conn)
		return
	}
	switch {
	case p != nil:
		t.comeBack(k, p)
	case t.leads(k):
		t.lead(k)
	default:
		t.visit(&visitor{caller: k.caller(), conn: k.Conn, code: k.Code})
	}
}

func (k Knock) caller() caller {
	return caller{source: k.Source, name: k.Name, roomName: k.RoomName, device: k.Device, account: k.Account, login: k.Role == Organiser,
		owner: k.Owner, free: k.Free}
}

// keptOut is why somebody must not come in who was sent out of this lesson, or whose device was. Who has a login that counts here, or may
// begin the next lesson, comes in on any device: it may be the very one that somebody misused.
func (t *turn) keptOut(k Knock) Refusal {
	switch {
	case t.leads(k):
		return ""
	case t.removed.devices.has(k.Device), k.Resume != nil && k.Resume.Epoch == t.epoch && t.removed.ids.has(k.Resume.Participant):
		return DeviceRemoved
	case t.removed.turnedAway.has(k.Device):
		return TurnedAway
	}
	return ""
}

// isOwner says whether the knock comes with the login whose lesson this is.
func (t *turn) isOwner(k Knock) bool { return t.owns(k.caller()) }

// owns says whether a login is that of the account whose lesson this is. The probe's has no account at all.
func (r *Room) owns(c caller) bool {
	return c.login && r.epoch != "" && c.account == r.owner && (c.account != "" || c.free)
}

// mayBegin says whether the login may begin a lesson, also in place of one that waits for its organiser with everybody at the door.
func (t *turn) mayBegin(k Knock) bool {
	return k.Role == Organiser && (t.epoch == "" || t.dormant) && k.hasAddress()
}

// hasAddress says whether the address is the account's or nobody's.
func (k Knock) hasAddress() bool { return k.Owner == "" || k.Owner == k.Account }

// leads says whether the login makes an organiser: in the account's own lesson, unless that is over and the address somebody else's since.
func (t *turn) leads(k Knock) bool {
	return t.isOwner(k) && (t.goesOn(k) || k.hasAddress()) || t.mayBegin(k)
}

// lead lets an organiser in who has no token, and begins a lesson if need be.
func (t *turn) lead(k Knock) {
	goesOn := t.goesOn(k)
	if !goesOn && k.Drained {
		t.tell(Refused{Reason: Busy}, k.Conn)
		return
	}
	if !goesOn {
		if t.epoch != "" {
			t.reset()
		}
		t.begin(k)
		if k.Owner == k.Account {
			t.title = k.Title
		}
	}
	t.enter(&participant{Person: Person{Name: k.Name, Role: Organiser}, caller: k.caller(), conn: k.Conn}, k)
}

// goesOn says whether an organiser without a token goes on with the lesson there is. One that nobody is at any more is over for the next
// one: it shall not find what was said before.
func (t *turn) goesOn(k Knock) bool {
	if !t.isOwner(k) {
		return false
	}
	return len(t.inside) > 0 || t.restored != nil || slices.ContainsFunc(t.door, (*visitor).hasPass) ||
		slices.ContainsFunc(t.gone.people, func(p *participant) bool {
			return p.Role != Organiser && !p.lost.IsZero() && t.now.Before(p.lost.Add(Linger))
		})
}

// enter lets somebody in with a right to, if there is room. For the organiser that a lesson waits for there always is.
func (t *turn) enter(p *participant, k Knock) {
	if t.full() && (p.Role != Organiser || t.open()) {
		t.tell(Refused{Reason: RoomFull}, k.Conn)
		return
	}
	if p.Role == Organiser && t.hidden != nil && !t.known(k.Code) && k.Owner == t.owner {
		t.known(k.FirstCode)
	}
	t.admit(p)
}

// admit puts somebody inside, with a known ID or, if it is empty, a new one. The caller has checked the right to come in.
func (t *turn) admit(p *participant) {
	t.name = cmp.Or(t.name, p.roomName)
	if p.ID == "" {
		t.places++
		p.ID, p.Place = newID(t.random), t.places
	}
	wasOpen := t.open()
	t.gone.drop(p)
	at, _ := slices.BinarySearchFunc(t.inside, p.Place, func(other *participant, place int) int { return cmp.Compare(other.Place, place) })
	t.inside = slices.Insert(t.inside, at, p)
	t.restored = nil
	t.forward(p)
	t.welcome(p, Admitted{})
	t.tellInside(Joined{Person: p.Person}, except(p))
	if !wasOpen && t.open() {
		t.goOn(p)
	}
}

// welcome tells somebody inside what there is; a says how it came in.
func (t *turn) welcome(p *participant, a Admitted) {
	a.Self = p.Person
	a.Resume = Resume{Epoch: t.epoch, Participant: p.ID, Role: p.Role, Account: p.account}
	a.RoomName, a.Title, a.Settings, a.Emergency = t.name, t.title, t.settings, t.emergency
	a.People, a.History = t.people(), t.history.of(p.ID)
	if !t.open() {
		a.PausedUntil = t.graceEnd()
	}
	if p.Role == Organiser {
		a.Code, a.Lobby = t.code, t.visitors()
	}
	t.tell(a, p.conn)
	if !t.notice.IsZero() {
		t.tell(Noticed{At: t.notice}, p.conn)
	}
}
