package room

import "slices"

// Record is what a room elsewhere may begin from, see Restore.
type Record struct {
	// Epoch is empty before the room has begun.
	Epoch string
	// Owner is the ID of the account whose login makes an organiser in this lesson.
	Owner string
	// Code is in the form that codes are compared in; empty: see CodeHash.
	Code Code
	// CodeHash is that of Restore, as long as nobody has given the code; empty with Code empty: the room has no code.
	CodeHash  string
	Settings  Settings
	Emergency bool
	// Organisers are the IDs of the accounts inside as organisers, sorted.
	Organisers []string
	// Removed are whom organisers sent out or back to the lobby.
	Removed []string
	// Seats are the places of those who are inside or may come back, without names, the least important first.
	Seats        []string
	Participants int
}

// Record returns the present one.
func (r *Room) Record() Record {
	if r.epoch == "" {
		return Record{}
	}
	rec := Record{Epoch: r.epoch, Owner: r.owner, Code: Code(bare(r.code)), Settings: r.settings, Emergency: r.emergency,
		Removed: r.removed.record(), Seats: r.seats(), Participants: len(r.inside)}
	if r.hidden != nil {
		rec.CodeHash = r.hidden.hash
	}
	if r.restored != nil {
		rec.Organisers = slices.Clone(r.restored.Organisers)
	}
	for _, p := range r.inside {
		if p.account != "" && p.Role == Organiser {
			rec.Organisers = append(rec.Organisers, p.account)
		}
	}
	slices.Sort(rec.Organisers)
	rec.Organisers = slices.Compact(rec.Organisers)
	return rec
}

// apply begins with a pause, as if everybody had been lost right now.
func (s Restore) apply(t *turn) {
	if t.epoch != "" || s.Epoch == "" {
		return
	}
	t.epoch, t.owner, t.emergency, t.removed, t.restored = s.Epoch, s.Owner, s.Emergency, removalsOf(s.Removed), &s
	t.codes, t.guesses, t.pausedSince = 1, newGuesses(t.now), t.now
	if t.settings = s.Settings; t.settings.CamerasTo == Nobody {
		t.settings = t.rules.settings()
		t.settings.Locked = s.Settings.Locked
	}
	switch {
	case s.CodeHash != "":
		t.hidden = &hiddenCode{hash: s.CodeHash, opens: s.Opens}
	case t.rules.CodeRequired: // a record without a code where there must be one
		t.code = newCode(t.random)
	}
	t.seat(s.Seats)
	t.tell(Begun{Epoch: t.epoch})
}

// seat expects the people of a record.
func (t *turn) seat(seats []string) {
	for _, s := range seats {
		p, left := seatOf(s)
		if p == nil || slices.ContainsFunc(t.gone.people, func(other *participant) bool { return other.ID == p.ID }) {
			continue
		}
		if !left {
			p.lost = t.now
		}
		t.places, t.hands = max(t.places, p.Place), max(t.hands, p.Hand)
		t.gone.add(p)
	}
}
