package room

import (
	"slices"
	"time"
)

// removals are the participant IDs and the devices that organisers sent out, oldest first.
type removals struct {
	ids     []string
	devices []Device
}

func (r *removals) add(p *participant) {
	r.ids = remember(r.ids, p.ID)
	if p.device != "" {
		r.devices = remember(r.devices, p.device)
	}
}

func remember[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	list = append(list, v)
	return slices.Delete(list, 0, max(0, len(list)-MaxRemoved))
}

func (r *removals) has(d Device) bool { return d != "" && slices.Contains(r.devices, d) }

func (r *removals) hasID(id string) bool { return slices.Contains(r.ids, id) }

// Marks of what a removal is, in a record.
const (
	idMark     = "p:"
	deviceMark = "d:"
)

func (r *removals) record() []string {
	var list []string
	for _, id := range r.ids {
		list = append(list, idMark+id)
	}
	for _, d := range r.devices {
		list = append(list, deviceMark+string(d))
	}
	return list
}

// removalsOf passes over what is not marked as either.
func removalsOf(list []string) removals {
	var r removals
	for _, s := range list {
		switch {
		case len(s) <= len(idMark):
		case s[:len(idMark)] == idMark:
			r.ids = remember(r.ids, s[len(idMark):])
		case s[:len(deviceMark)] == deviceMark:
			r.devices = remember(r.devices, Device(s[len(deviceMark):]))
		}
	}
	return r
}

func (m Remove) apply(t *turn) {
	p := t.organiser(m.Conn)
	if p == nil {
		return
	}
	out := t.named(m.Participant)
	switch {
	case out == nil: // gone already
		return
	case out.Role == Organiser: // oneself among them
		t.tell(Problem{Code: NotAllowed}, m.Conn)
		return
	}
	t.removed.add(out)
	if !out.Away {
		t.tell(Ended{Reason: Removed}, out.conn)
	}
	t.remove(out, time.Time{})
	for _, v := range slices.Clone(t.door) {
		if t.removed.has(v.device) {
			t.dismiss(v)
			t.tell(Refused{Reason: DeviceRemoved}, v.conn)
		}
	}
}
