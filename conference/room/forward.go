package room

// forwarding is what of somebody inside is forwarded to whom: what is on, if there is the right and the lesson is not paused.
func (r *Room) forwarding(p *participant) Forward {
	f := Forward{ID: p.ID, Organiser: p.Role == Organiser}
	if !r.open() {
		return f
	}
	if p.State.Mic && r.may(p, RightMicrophone) {
		f.Microphone = Everyone
	}
	if p.State.Camera && r.may(p, RightCamera) {
		f.Camera = Organisers
		if r.may(p, RightShown) {
			f.Camera = Everyone
		}
	}
	if p.State.Screen && r.may(p, RightScreen) {
		f.Screen = Everyone
	}
	return f
}

// forward tells what of somebody is forwarded, unless it was told.
func (t *turn) forward(p *participant) {
	if f := t.forwarding(p); f != p.forwarded {
		p.forwarded = f
		t.tell(f)
	}
}

func (t *turn) forwardAll() {
	for _, p := range t.inside {
		t.forward(p)
	}
}
