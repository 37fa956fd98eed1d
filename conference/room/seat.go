package room

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// maxRecordedSeats bounds the seats in a record: who is inside a full room, and as many who are not for the moment.
const maxRecordedSeats = 140

// seat writes down who somebody is in the lesson, without name, device or account: ID, role, place, hand, exceptions, and flags for who is
// held and who left on purpose.
func (p *participant) seat() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%c%d", p.ID, p.Role[0], p.Place)
	if p.Hand > 0 {
		fmt.Fprintf(&b, "h%d", p.Hand)
	}
	if p.Except != (Exceptions{}) {
		b.WriteByte('e')
		for _, right := range rights {
			b.WriteByte("-0+"[*p.Except.of(right)+1])
		}
	}
	if p.Held {
		b.WriteByte('x')
	}
	return b.String()
}

var (
	rights = []Right{RightMicrophone, RightCamera, RightScreen, RightChat, RightShown}
	// seatForm bounds all numbers to what int32 can hold.
	seatForm = regexp.MustCompile(`^([0-9a-f]{1,32}):([po])([0-9]{1,9})(?:h([0-9]{1,9}))?(?:e([-0+]{5}))?(x?)(l?)$`)
)

// seatOf reads what seat wrote, and says who left on purpose; nil for anything else.
func seatOf(s string) (p *participant, left bool) {
	m := seatForm.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	p = &participant{Person: Person{ID: m[1], Role: Participant, Held: m[6] != ""}, recorded: true}
	if m[2] == "o" {
		p.Role, p.Held = Organiser, false
	}
	p.Place, _ = strconv.Atoi(m[3])
	p.Hand, _ = strconv.Atoi("0" + m[4])
	for i, sign := range m[5] {
		*p.Except.of(rights[i]) = Exception(strings.IndexRune("-0+", sign) - 1)
	}
	return p, m[7] != ""
}

// seats are the places of those who may come back, those first who have been gone longest.
func (r *Room) seats() []string {
	var list []string
	for _, p := range r.gone.people {
		s := p.seat()
		if p.lost.IsZero() {
			s += "l"
		}
		list = append(list, s)
	}
	for _, v := range r.door {
		if v.hasPass() {
			list = append(list, v.pass.seat())
		}
	}
	for _, p := range r.inside {
		list = append(list, p.seat())
	}
	return list[max(0, len(list)-maxRecordedSeats):]
}
