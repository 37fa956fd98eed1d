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

// returners are who left the room, oldest first. Their tokens are good until an organiser sends somebody out: a token that had been
// put by before, under another name and device, must not bring the same person back past a new code and a locked door.
type returners struct {
	ids []string
	// all: the room began from a record, which does not say who was inside.
	all bool
}

// maxReturners bounds them; who is forgotten is asked for the code.
const maxReturners = 256

func (r *returners) add(id string) {
	r.ids = slices.DeleteFunc(r.ids, func(known string) bool { return known == id })
	r.ids = append(r.ids, id)
	r.ids = slices.Delete(r.ids, 0, max(0, len(r.ids)-maxReturners))
}

func (r *returners) has(id string) bool { return r.all || slices.Contains(r.ids, id) }

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
	t.gone = returners{}
	for _, v := range slices.Clone(t.door) {
		if t.removed.has(v.device) {
			t.dismiss(v)
			t.tell(Refused{Reason: DeviceRemoved}, v.conn)
		}
	}
}
