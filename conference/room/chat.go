package room

func (s Say) apply(t *turn) {
	p := t.sender(s.Conn)
	if p == nil {
		return
	}
	if why := t.unsaid(p, s.To); why != "" {
		t.refuse(s.Conn, why)
		return
	}
	m := t.history.add(Message{From: p.ID, To: s.To, Name: p.Name, Text: s.Text, At: t.now})
	t.tellInside(Said{Message: m}, func(p *participant) bool { return m.readBy(p.ID) })
}

// unsaid is why somebody may not write, to one person or to all; empty: it may.
func (t *turn) unsaid(from *participant, to string) ProblemCode {
	switch {
	case !t.open():
		return WhilePaused
	case from.Held:
		return WhileHeld
	case !t.may(from, RightChat):
		return ChatOff
	case to == "":
		return ""
	}
	reader := t.named(to)
	switch {
	case reader == nil || reader == from:
		return NotAllowed
	case from.Role != Organiser && reader.Role != Organiser && !t.settings.PrivateChat:
		return ChatOff
	}
	return ""
}

// readBy says whether somebody may read the message.
func (m Message) readBy(id string) bool { return m.To == "" || m.To == id || m.From == id }
