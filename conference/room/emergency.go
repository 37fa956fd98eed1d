package room

// apply holds everybody but organisers and shuts the door; a second emergency in the first holds those too who were released since. Tokens
// of those who are not inside are void, as after a Remove. Off releases who is still held; lock and code stay.
func (e Emergency) apply(t *turn) {
	if t.organiser(e.Conn) == nil {
		return
	}
	if !e.On {
		t.calm()
		return
	}
	t.change(func(s *Settings) { s.Locked = true })
	if !t.emergency {
		t.emergency = true
		t.tellInside(EmergencyChanged{On: true}, everyone)
		t.changeCode(newCode(t.random))
	}
	t.gone.keepOrganisers()
	for _, p := range t.pupils() {
		if !p.Held {
			p.Held = true
			t.changed(p)
			t.enforce(p, ByEmergency)
		}
	}
}

func (t *turn) calm() {
	if t.emergency {
		t.emergency = false
		t.tellInside(EmergencyChanged{}, everyone)
	}
	t.releaseAll()
}

func (r Release) apply(t *turn) {
	if t.organiser(r.Conn) == nil {
		return
	}
	if r.Participant == "" {
		t.releaseAll()
	} else if p := t.named(r.Participant); p != nil {
		t.release(p)
	}
}

// releaseAll releases those too who will come back.
func (t *turn) releaseAll() {
	for _, p := range t.inside {
		t.release(p)
	}
	for _, p := range t.absent() {
		p.Held = false
	}
}

func (t *turn) release(p *participant) {
	if p.Held {
		p.Held = false
		t.changed(p)
	}
}
