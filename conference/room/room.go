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
	// settings are those of the lesson.
	settings Settings
	removed  removals
	// gone are those who left and may come back with their token.
	gone returners
	// lingerUntil is set while the room has begun and nobody is inside.
	lingerUntil time.Time
	// restored is what the room began from; nil once somebody came back, and in rooms that began here.
	restored *Restore
	// hidden is the code of a restored room until somebody has given it; nil: code is the code.
	hidden *hiddenCode
	// notice, if not zero, is when all rooms end. It outlives the room's reset.
	notice time.Time
}

// hiddenCode is a code that can be checked and not told.
type hiddenCode struct {
	hash  string
	opens func(Code) bool
}

type participant struct {
	Person
	conn    Conn // 0 while away
	account string
	device  Device
	// lost is when the connection of somebody away was lost.
	lost time.Time
}

type visitor struct {
	conn   Conn
	source Source
	name   DisplayName
	// roomName is the room's name as the visitor wrote it.
	roomName Name
	device   Device
	free     bool
	// told is what the visitor waits for, as far as it knows.
	told DoorState
	// code was given before the door was open; it is looked at once.
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
func (r *Room) Next() time.Time {
	next := r.lingerUntil
	for _, p := range r.inside {
		if p.Away && (next.IsZero() || p.lost.Add(Linger).Before(next)) {
			next = p.lost.Add(Linger)
		}
	}
	return next
}

// Begun says that the room has begun and is not over: somebody is inside or expected back.
func (r *Room) Begun() bool { return r.epoch != "" }

// Idle says that the room has nobody inside, at the door or expected back: it may be thrown away.
func (r *Room) Idle() bool { return r.epoch == "" && len(r.door) == 0 }

// Participants is how many are inside, away or not.
func (r *Room) Participants() int { return len(r.inside) }

// Visitors is how many wait at the door.
func (r *Room) Visitors() int { return len(r.door) }

func (r *Room) participant(c Conn) *participant {
	return first(r.inside, func(p *participant) bool { return p.conn == c && !p.Away })
}

// people are all inside, in the order they came.
func (r *Room) people() []Person {
	var people []Person
	for _, p := range r.inside {
		people = append(people, p.Person)
	}
	return people
}

func (r *Room) named(id string) *participant {
	return first(r.inside, func(p *participant) bool { return p.ID == id })
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
