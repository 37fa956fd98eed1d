package room

import (
	"slices"
	"time"
)

func (l Leave) apply(t *turn) {
	if v := t.visitor(l.Conn); v != nil {
		t.dismiss(v)
	}
	p := t.participant(l.Conn)
	switch {
	case p == nil:
	case !l.Lost:
		t.remove(p, time.Time{})
	case !l.Media:
		t.remove(p, t.now)
	default:
		p.conn, p.Away, p.lost = 0, true, t.now
		t.tell(AwayChanged{ID: p.ID, Away: true}, conns(t.inside)...)
	}
}

func (m MediaEnded) apply(t *turn) {
	if p := t.named(m.Participant); p != nil && p.Away {
		t.remove(p, p.lost)
	}
}

func (s SetState) apply(t *turn) {
	p := t.participant(s.Conn)
	if p == nil {
		t.tell(Problem{Code: NotAllowed}, s.Conn)
		return
	}
	if s.State.Screen && !t.rules.MayShareScreen(p.Role) {
		s.State.Screen = false
		t.tell(Problem{Code: ScreenNotAllowed}, s.Conn)
	}
	if p.State == s.State {
		return
	}
	p.State = s.State
	t.tellInside(StateChanged{ID: p.ID, State: p.State}, except(p))
}

func (s Say) apply(t *turn) {
	p := t.participant(s.Conn)
	if p == nil {
		t.tell(Problem{Code: NotAllowed}, s.Conn)
		return
	}
	m := t.history.add(Message{From: p.ID, Name: p.Name, Text: s.Text, At: t.now})
	t.tellInside(Said{Message: m}, everyone)
}

func (s SetCode) apply(t *turn) {
	if t.organiser(s.Conn) == nil {
		return
	}
	if s.Code == "" && t.rules.CodeRequired {
		t.tell(Problem{Code: CodeInvalid}, s.Conn)
		return
	}
	t.setCode(s.Code)
	if t.code == "" {
		t.openDoor()
	}
}

// organiser is the one inside with this connection; nil after telling whoever it is that only organisers may.
func (t *turn) organiser(c Conn) *participant {
	p := t.participant(c)
	if p == nil || p.Role != Organiser {
		t.tell(Problem{Code: NotAllowed}, c)
		return nil
	}
	return p
}

func (e EndAccounts) apply(t *turn) {
	var ended []*participant
	for _, p := range t.inside {
		if p.account != "" && e.Ended(p.account) {
			ended = append(ended, p)
		}
	}
	for _, p := range ended {
		if !p.Away {
			t.tell(Ended{Reason: AccountDisabled}, p.conn)
		}
		t.remove(p, time.Time{})
	}
}

// apply takes out who was away long enough, and resets a room that lingered long enough.
func (Tick) apply(t *turn) {
	for _, p := range slices.Clone(t.inside) {
		if p.Away && expired(p.lost, t.now) {
			t.remove(p, p.lost)
		}
	}
	if !t.lingerUntil.IsZero() && !t.now.Before(t.lingerUntil) {
		t.reset()
	}
}
