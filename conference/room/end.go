package room

import (
	"reflect"
	"slices"
	"time"
)

// apply resets the room, looks at what is left, and only then tells everybody.
func (e End) apply(t *turn) {
	if t.organiser(e.Conn) == nil {
		return
	}
	pupils := conns(t.inside, func(p *participant) bool { return p.Role != Organiser })
	leaders := conns(t.inside, organisers)
	report := Report{Participants: len(t.inside), Messages: len(t.history.messages)}
	for _, p := range slices.Clone(t.inside) {
		t.inside = slices.DeleteFunc(t.inside, func(other *participant) bool { return other == p })
		t.tell(Left{ID: p.ID})
	}
	t.reset()
	report.Verified = t.blank()
	if len(pupils) > 0 {
		t.tell(Ended{Reason: LessonOver}, pupils...)
	}
	t.tell(Ended{Reason: LessonOver, Report: &report}, leaders...)
}

// blank says whether nothing of a lesson is left in the room: no field is set but those that outlive lessons, and of who waits at the
// door no more is kept than what they came with.
func (r *Room) blank() bool {
	for _, v := range r.door {
		if !reflect.DeepEqual(*v, visitor{caller: v.caller, conn: v.conn, told: v.told}) || v.told != ForOrganiser {
			return false
		}
	}
	rest := *r
	rest.rules, rest.random, rest.door, rest.notice = Rules{}, nil, nil, time.Time{}
	return reflect.ValueOf(rest).IsZero()
}
