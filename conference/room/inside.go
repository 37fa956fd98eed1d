package room

func (l Leave) apply(t *turn) {
	if v := t.visitor(l.Conn); v != nil {
		t.dismiss(v)
	}
	if p := t.participant(l.Conn); p != nil {
		t.remove(p, l.Lost)
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
	p := t.participant(s.Conn)
	switch {
	case p == nil || p.Role != Organiser:
		t.tell(Problem{Code: NotAllowed}, s.Conn)
		return
	case s.Code == "" && t.rules.CodeRequired:
		t.tell(Problem{Code: CodeInvalid}, s.Conn)
		return
	}
	t.code = s.Code
	t.tellInside(CodeChanged{Code: t.code}, organisers)
	if t.code == "" {
		t.openDoor()
	}
}

func (e EndAccounts) apply(t *turn) {
	var ended []*participant
	for _, p := range t.inside {
		if p.account != "" && e.Ended(p.account) {
			ended = append(ended, p)
		}
	}
	for _, p := range ended {
		t.tell(Ended{Reason: AccountDisabled}, p.conn)
		t.remove(p, false)
	}
}

// apply resets a room that lingered long enough.
func (Tick) apply(t *turn) {
	if !t.lingerUntil.IsZero() && !t.now.Before(t.lingerUntil) {
		t.reset()
	}
}
