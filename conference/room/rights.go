package room

func (s *Settings) allows(right Right) bool {
	switch right {
	case RightMicrophone:
		return s.Microphones
	case RightCamera:
		return s.Cameras
	case RightScreen:
		return s.Screens
	case RightChat:
		return s.Chat
	case RightShown:
		return s.CamerasTo == Everyone
	}
	return false
}

// of is where the exception for a right is kept; nil for what is no right.
func (e *Exceptions) of(right Right) *Exception {
	switch right {
	case RightMicrophone:
		return &e.Microphone
	case RightCamera:
		return &e.Camera
	case RightScreen:
		return &e.Screen
	case RightChat:
		return &e.Chat
	case RightShown:
		return &e.Shown
	}
	return nil
}

// may says whether somebody has a right: an organiser all, who is held none, others as the exception says or else the settings.
func (r *Room) may(p *participant, right Right) bool {
	exception := p.Except.of(right)
	switch {
	case p.Role == Organiser:
		return true
	case p.Held, exception == nil:
		return false
	case *exception == ByRule:
		return r.settings.allows(right)
	}
	return *exception == Yes
}

// denials are the rights that were taken from those with the device: who comes in anew, without the token, has not got them back.
func (r *Room) denials(d Device) Exceptions {
	var taken Exceptions
	for _, p := range append(r.absent(), r.inside...) {
		if d == "" || p.device != d {
			continue
		}
		for _, right := range rights {
			if *p.Except.of(right) == No {
				*taken.of(right) = No
			}
		}
	}
	return taken
}

func (a Allow) apply(t *turn) {
	if t.organiser(a.Conn) == nil {
		return
	}
	var none Exceptions
	if none.of(a.What) == nil || a.Value < No || a.Value > Yes {
		t.refuse(a.Conn, NotAllowed)
		return
	}
	p := t.pupil(a.Conn, a.Participant)
	if p == nil || *p.Except.of(a.What) == a.Value {
		return
	}
	*p.Except.of(a.What) = a.Value
	t.enforce(p, ByOrganiser)
	t.changed(p)
}
