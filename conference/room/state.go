package room

// of is where a source's state is kept; nil for what is no source.
func (s *State) of(source MediaSource) *bool {
	switch source {
	case Microphone:
		return &s.Mic
	case Camera:
		return &s.Camera
	case Screen:
		return &s.Screen
	}
	return nil
}

// sources are all media sources, and what is answered to who may not use one.
var sources = []struct {
	MediaSource
	problem ProblemCode
}{{Microphone, MicNotAllowed}, {Camera, CameraNotAllowed}, {Screen, ScreenNotAllowed}}

func (s SetState) apply(t *turn) {
	p := t.sender(s.Conn)
	if p == nil {
		return
	}
	for _, source := range sources {
		if on := s.State.of(source.MediaSource); *on && !t.may(p, Right(source.MediaSource)) {
			*on = false
			t.refuse(s.Conn, source.problem)
		}
	}
	if p.State == s.State {
		return
	}
	p.State = s.State
	t.tellInside(StateChanged{ID: p.ID, State: p.State}, except(p))
}

// apply leaves organisers alone: what they send they switch off themselves.
func (m Mute) apply(t *turn) {
	by := t.organiser(m.Conn)
	if by == nil {
		return
	}
	if new(State).of(m.Source) == nil {
		t.refuse(m.Conn, NotAllowed)
		return
	}
	is := func(s MediaSource) bool { return s == m.Source }
	if m.Participant == "" {
		for _, p := range t.pupils() {
			t.switchOff(p, ByOrganiser, is)
		}
		return
	}
	if m.Participant == by.ID {
		t.switchOff(by, ByOrganiser, is)
	} else if p := t.pupil(m.Conn, m.Participant); p != nil {
		t.switchOff(p, ByOrganiser, is)
	}
}

// enforce switches off what somebody has no right to any more.
func (t *turn) enforce(p *participant, why MuteReason) {
	t.switchOff(p, why, func(s MediaSource) bool { return !t.may(p, Right(s)) })
}

// switchOff switches off the sources picked that are on, and tells the person and the others.
func (t *turn) switchOff(p *participant, why MuteReason, pick func(MediaSource) bool) {
	before := p.State
	for _, source := range sources {
		if on := p.State.of(source.MediaSource); *on && pick(source.MediaSource) {
			*on = false
			t.tellOf(p, Muted{Source: source.MediaSource, Why: why})
		}
	}
	if p.State != before {
		t.tellInside(StateChanged{ID: p.ID, State: p.State}, except(p))
	}
}
