package room

import "slices"

// removals are whom organisers sent out of the lesson or back to its lobby.
type removals struct {
	// ids are participants' whose tokens are void.
	ids bounded[string]
	// devices and turnedAway stay outside, sentBack have to be admitted.
	devices, turnedAway, sentBack bounded[Device]
}

// bounded are the last MaxRemoved values that were added, oldest first.
type bounded[T ~string] struct{ list []T }

// add passes over what is empty: an unknown device is nobody's.
func (b *bounded[T]) add(v T) {
	if v == "" || b.has(v) {
		return
	}
	b.list = append(b.list, v)
	b.list = slices.Delete(b.list, 0, max(0, len(b.list)-MaxRemoved))
}

func (b *bounded[T]) has(v T) bool { return v != "" && slices.Contains(b.list, v) }

func (b *bounded[T]) drop(v T) {
	b.list = slices.DeleteFunc(b.list, func(other T) bool { return other == v })
}

// Marks of what a removal is, in a record.
const (
	idMark         = "p:"
	deviceMark     = "d:"
	turnedAwayMark = "t:"
	sentBackMark   = "l:"
)

func (r *removals) record() []string {
	var list []string
	for _, id := range r.ids.list {
		list = append(list, idMark+id)
	}
	for _, m := range r.marked() {
		for _, d := range m.devices.list {
			list = append(list, m.mark+string(d))
		}
	}
	return list
}

// markedDevices are the devices under one mark.
type markedDevices struct {
	mark    string
	devices *bounded[Device]
}

func (r *removals) marked() []markedDevices {
	return []markedDevices{{sentBackMark, &r.sentBack}, {turnedAwayMark, &r.turnedAway}, {deviceMark, &r.devices}}
}

// removalsOf passes over what has no known mark.
func removalsOf(list []string) removals {
	var r removals
	for _, s := range list {
		if len(s) <= len(idMark) {
			continue
		}
		mark, value := s[:len(idMark)], s[len(idMark):]
		if mark == idMark {
			r.ids.add(value)
		}
		for _, m := range r.marked() {
			if m.mark == mark {
				m.devices.add(Device(value))
			}
		}
	}
	return r
}

func (m Remove) apply(t *turn) {
	if t.organiser(m.Conn) == nil {
		return
	}
	out := t.pupil(m.Conn, m.Participant)
	if out == nil {
		return
	}
	t.removed.ids.add(out.ID)
	t.removed.devices.add(out.device)
	t.throwOut(out)
	t.gone.keepOrganisers()
	t.keepOut()
}

// throwOut takes somebody out for good.
func (t *turn) throwOut(p *participant) {
	t.tellOf(p, Ended{Reason: Removed})
	t.take(p)
}

// keepOut sends away who is inside, or waits, with a device that is kept out now.
func (t *turn) keepOut() {
	for _, p := range t.pupils() {
		if t.removed.devices.has(p.device) || t.removed.turnedAway.has(p.device) {
			t.throwOut(p)
		}
	}
	for _, v := range slices.Clone(t.door) {
		switch {
		case t.removed.devices.has(v.device):
			t.dismiss(v)
			t.tell(Refused{Reason: DeviceRemoved}, v.conn)
		case t.removed.turnedAway.has(v.device):
			t.dismiss(v)
			t.tell(Refused{Reason: TurnedAway}, v.conn)
		}
	}
}

func (p Pardon) apply(t *turn) {
	if t.organiser(p.Conn) != nil {
		t.removed = removals{}
		t.recheck()
	}
}
