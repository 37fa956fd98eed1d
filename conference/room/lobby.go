package room

import (
	"cmp"
	"slices"
)

// lobby are those who wait for an organiser's word, in the order they came to it.
func (r *Room) lobby() []*visitor {
	list := slices.DeleteFunc(slices.Clone(r.door), func(v *visitor) bool { return !v.inLobby() })
	slices.SortFunc(list, func(a, b *visitor) int { return cmp.Compare(a.nth, b.nth) })
	return list
}

// visitors is what organisers are told of the lobby.
func (r *Room) visitors() []Visitor {
	list := []Visitor{}
	for _, v := range r.lobby() {
		list = append(list, v.shown())
	}
	return list
}

func (v *visitor) shown() Visitor { return Visitor{ID: v.id, Name: v.name, Unchecked: v.unchecked} }

// markChecked tells organisers of a visitor who stays in the lobby although there is no code any more that was not looked at.
func (t *turn) markChecked(v *visitor) {
	if v.unchecked && v.unheard != t.codes {
		v.unchecked = false
		t.tellInside(VisitorCame{Visitor: v.shown()}, organisers)
	}
}

func (r *Room) inLobby(id string) *visitor {
	return first(r.door, func(v *visitor) bool { return v.inLobby() && v.id == id })
}

func (a Admit) apply(t *turn) {
	if t.organiser(a.Conn) == nil {
		return
	}
	for _, v := range t.lobby() {
		if a.Visitor == "" && !v.unchecked || v.id == a.Visitor {
			t.admitVisitor(v)
		}
	}
}

// admitVisitor lets somebody in with all rights, also in an emergency: the organiser has looked at who it is.
func (t *turn) admitVisitor(v *visitor) {
	t.removed.sentBack.drop(v.device)
	v.admitted = true
	t.letIn(v)
}

func (a TurnAway) apply(t *turn) {
	if t.organiser(a.Conn) == nil {
		return
	}
	v := t.inLobby(a.Visitor)
	if v == nil { // gone already
		return
	}
	t.dismiss(v)
	t.tell(Refused{Reason: TurnedAway}, v.conn)
	t.removed.turnedAway.add(v.device)
	t.keepOut()
}

func (l ToLobby) apply(t *turn) {
	if t.organiser(l.Conn) == nil {
		return
	}
	p := t.pupil(l.Conn, l.Participant)
	if p == nil {
		return
	}
	t.removed.sentBack.add(p.device)
	if p.Away { // comes back to the lobby by the door
		t.take(p)
		return
	}
	conn := p.conn
	t.take(p)
	t.arrive(&visitor{caller: p.caller, conn: conn, pass: p, sentBack: true})
}
