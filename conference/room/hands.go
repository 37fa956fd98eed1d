package room

func (h RaiseHand) apply(t *turn) {
	p := t.sender(h.Conn)
	switch {
	case p == nil:
	case !h.Up:
		t.lower(p)
	case p.Hand == 0:
		t.hands++
		p.Hand = t.hands
		t.changed(p)
	}
}

// apply with all hands means those too that would come back up with somebody who was lost.
func (h LowerHand) apply(t *turn) {
	if t.organiser(h.Conn) == nil {
		return
	}
	if h.Participant != "" {
		if p := t.named(h.Participant); p != nil {
			t.lower(p)
		}
		return
	}
	for _, p := range t.inside {
		t.lower(p)
	}
	for _, p := range t.absent() {
		p.Hand = 0
	}
}

func (t *turn) lower(p *participant) {
	if p.Hand != 0 {
		p.Hand = 0
		t.changed(p)
	}
}

// absent are those who may come back inside as who they were: gone, or at the door with a pass.
func (r *Room) absent() []*participant {
	list := append([]*participant(nil), r.gone.people...)
	for _, v := range r.door {
		if v.pass != nil {
			list = append(list, v.pass)
		}
	}
	return list
}
