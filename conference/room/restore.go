package room

import (
	"slices"
	"time"
)

// Record is what a room elsewhere may begin from, see Restore.
type Record struct {
	// Epoch is empty before the room has begun.
	Epoch string
	// Code is in the form that codes are compared in; empty: see CodeHash.
	Code Code
	// CodeHash is that of Restore, as long as nobody has given the code; empty with Code empty: the room has no code.
	CodeHash   string
	Settings   Settings
	Emergency  bool
	Owner      string
	Organisers []string // sorted
	Removed    []string
	// Seats are the places of those who are inside or may come back, without names; see Restore.
	Seats        []string
	Participants int
}

// Record returns the present one.
func (r *Room) Record() Record {
	if r.epoch == "" {
		return Record{}
	}
	rec := Record{Epoch: r.epoch, Code: Code(bare(r.code)), Settings: r.settings, Removed: r.removed.record(), Participants: len(r.inside)}
	if r.hidden != nil {
		rec.CodeHash = r.hidden.hash
	}
	if r.restored != nil {
		rec.Organisers = slices.Clone(r.restored.Organisers)
	}
	for _, p := range r.inside {
		if p.account != "" {
			rec.Organisers = append(rec.Organisers, p.account)
		}
	}
	slices.Sort(rec.Organisers)
	rec.Organisers = slices.Compact(rec.Organisers)
	return rec
}

// apply lets the room linger as if everybody had been lost right now.
func (s Restore) apply(t *turn) {
	if t.epoch != "" || s.Epoch == "" {
		return
	}
	t.epoch, t.restored, t.removed = s.Epoch, &s, removalsOf(s.Removed)
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
	t.guesses, t.gone = newGuesses(t.now), returners{all: true}
	t.lingerUntil = t.now.Add(Linger)
	t.tell(Begun{Epoch: t.epoch})
}

// known reveals the code if this is the hidden one, and reports whether it is.
func (t *turn) known(code Code) bool {
	if code == "" || !t.hidden.opens(Code(bare(code))) {
		return false
	}
	t.setCode(code)
	return true
}

// setCode makes the code known to organisers.
func (t *turn) setCode(code Code) {
	t.code, t.hidden = code, nil
	t.tellInside(CodeChanged{Code: t.code}, organisers)
}

// opens says whether a code is the room's.
func (t *turn) opens(code Code) bool {
	if t.hidden != nil {
		return t.known(code)
	}
	return sameCode(code, t.code)
}

// continues says whether an organiser without a token goes on with a room that waits for those who were inside. A stranger to
// it shall be able to tell others a code.
func (t *turn) continues(account string) bool {
	if t.restored == nil {
		return false
	}
	if t.hidden != nil && !slices.Contains(t.restored.Organisers, account) {
		t.code, t.hidden = newCode(t.random), nil
	}
	return true
}

func (s SetNotice) apply(t *turn) {
	t.notice = s.At
	if !t.notice.IsZero() {
		t.tellInside(Noticed{At: t.notice}, everyone)
	}
}

// expired says whether somebody lost then is not waited for any more.
func expired(lost, now time.Time) bool { return !now.Before(lost.Add(Linger)) }
