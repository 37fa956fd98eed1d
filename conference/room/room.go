package room

import (
	"io"
	"slices"
	"time"
)

// Room is the state of one room.
type Room struct {
	rules  Rules
	random io.Reader

	// epoch names the time from the room's beginning to its reset; empty: it has not begun.
	epoch   string
	name    Name
	code    Code
	inside  []*participant // in the order they came
	door    []*visitor     // in the order they came
	history history
	guesses guesses
	// lingerUntil is set while the room has begun and nobody is inside.
	lingerUntil time.Time
}

type participant struct {
	Person
	conn    Conn
	account string
}

type visitor struct {
	conn   Conn
	source Source
	name   DisplayName
	free   bool
	// asked is true once the code was asked for.
	asked bool
	// code was given before there was an organiser; it is looked at once.
	code    Code
	guesses patience
}

// New returns a room that nobody is in. Random is where IDs, epochs and codes come from: crypto/rand.Reader, except in tests.
func New(rules Rules, random io.Reader) *Room {
	return &Room{rules: rules, random: random}
}

// Apply changes the room by one input and returns what is to be told to whom.
func (r *Room) Apply(now time.Time, in Input) []Output {
	t := &turn{Room: r, now: now}
	in.apply(t)
	return t.out
}

// Next is when the room needs a Tick; zero: not before another input.
func (r *Room) Next() time.Time { return r.lingerUntil }

// Idle says that the room has nobody inside, at the door or expected back: it may be thrown away.
func (r *Room) Idle() bool { return r.epoch == "" && len(r.door) == 0 }

// Participants is how many are inside.
func (r *Room) Participants() int { return len(r.inside) }

// Visitors is how many wait at the door.
func (r *Room) Visitors() int { return len(r.door) }

func (r *Room) participant(c Conn) *participant {
	return first(r.inside, func(p *participant) bool { return p.conn == c })
}

func (r *Room) visitor(c Conn) *visitor {
	return first(r.door, func(v *visitor) bool { return v.conn == c })
}

// open says whether somebody with the organiser role is inside.
func (r *Room) open() bool {
	return slices.ContainsFunc(r.inside, func(p *participant) bool { return p.Role == Organiser })
}

func (r *Room) full() bool { return len(r.inside) >= r.rules.MaxParticipants }

func first[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}
