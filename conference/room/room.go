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

	// epoch names the lesson, from its beginning to its reset; empty: it has not begun.
	epoch string
	// owner is the account whose login makes an organiser in this lesson.
	owner    string
	name     Name
	title    Title
	code     Code
	inside   []*participant // by place
	door     []*visitor     // in the order they came
	history  history
	guesses  guesses
	settings Settings
	removed  removals
	// gone are those who were inside and may come back with their token.
	gone returners
	// codes numbers the codes of the lesson, visits who came to the lobby, places who came in, hands those that went up.
	codes, visits, places, hands int
	// emergency says that one is on.
	emergency bool
	// pausedSince is when the last organiser went, zero while there is one.
	pausedSince time.Time
	// dormant says that the pause has sent everybody to the door.
	dormant bool
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

// caller is what a knock said of who came, and goes with them from the door inside and back.
type caller struct {
	source Source
	name   DisplayName
	// roomName is the room's name as it was written.
	roomName Name
	device   Device
	// account is the login's, whatever it counts for here; login says that there is one, also the probe's without an account.
	account string
	login   bool
	// owner is whose the room's address is.
	owner string
	free  bool
}

type participant struct {
	Person
	caller
	conn Conn // 0 while away or gone
	// lost is when the connection of somebody away or gone was lost, zero for who left on purpose.
	lost time.Time
	// recorded says that this is a seat from a record, of which nothing else is known yet.
	recorded bool
	// forwarded is what was told last.
	forwarded Forward
}

// New returns a room that nobody is in. Random is where IDs, epochs and codes come from: crypto/rand.Reader, except in tests.
func New(rules Rules, random io.Reader) *Room {
	return &Room{rules: rules, random: random}
}

// Apply changes the room by one input and returns what is to be told to whom.
func (r *Room) Apply(now time.Time, in Input) []Output {
	t := &turn{Room: r, now: now}
	in.apply(t)
	t.settle()
	return t.out
}

// Begun says that a lesson has begun and is not over: somebody is inside or expected back.
func (r *Room) Begun() bool { return r.epoch != "" }

// InUse says that a lesson goes on, is paused, or sleeps with somebody at the door who was inside; not one that sleeps all alone.
func (r *Room) InUse() bool {
	return r.epoch != "" && (!r.dormant || slices.ContainsFunc(r.door, (*visitor).hasPass))
}

// Idle says that the room has nobody inside, at the door or expected back: it may be thrown away.
func (r *Room) Idle() bool { return r.epoch == "" && len(r.door) == 0 }

// Participants is how many are inside, away or not.
func (r *Room) Participants() int { return len(r.inside) }

// Visitors is how many wait at the door.
func (r *Room) Visitors() int { return len(r.door) }

func (r *Room) participant(c Conn) *participant {
	return first(r.inside, func(p *participant) bool { return p.conn == c && !p.Away })
}

// people are all inside, by place.
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

// open says whether an organiser is inside, away or not.
func (r *Room) open() bool { return slices.ContainsFunc(r.inside, organisers) }

func (r *Room) full() bool { return len(r.inside) >= r.rules.MaxParticipants }

func first[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}
