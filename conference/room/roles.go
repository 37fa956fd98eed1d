package room

// apply makes an organiser, who cannot be held and needs no exceptions, or a participant again, who goes if the device was sent out since. Whose login the lesson is stays one, and
// somebody has to be there.
func (s SetRole) apply(t *turn) {
	if t.organiser(s.Conn) == nil {
		return
	}
	p := t.named(s.Participant)
	switch {
	case s.Role != Organiser && s.Role != Participant:
		t.refuse(s.Conn, NotAllowed)
	case p == nil || p.Role == s.Role:
	case s.Role == Organiser:
		p.Role, p.Held, p.Except = Organiser, false, Exceptions{}
		t.changed(p)
		t.brief(p)
	case p.account != "" && p.account == t.owner:
		t.refuse(s.Conn, NotAllowed)
	case t.organisersInside() == 1:
		t.refuse(s.Conn, LastOrganiser)
	default:
		p.Role = Participant
		t.changed(p)
		t.enforce(p, BySettings)
		t.keepOut() // the role may be all that kept the device inside
	}
}

// brief tells a new organiser what only organisers know. Who is away is told when it comes back.
func (t *turn) brief(p *participant) {
	if t.hidden == nil {
		t.tellOf(p, CodeChanged{Code: t.code})
	}
	for _, v := range t.visitors() {
		t.tellOf(p, VisitorCame{Visitor: v})
	}
}

func (t *turn) organisersInside() int { return len(t.inside) - len(t.pupils()) }
