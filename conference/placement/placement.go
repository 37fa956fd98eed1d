// Package placement decides which bridge gets a room (docs/cluster.md, "Placing a room"). It is pure: equal inputs, equal answer.
//
//	stress as measured + what the lessons opened lately will still bring = expected stress   ▶ may it take one more?
//	                   + the rooms at whose door people wait             + this one          ▶ where is it least?
package placement

import (
	"math"
	"time"
)

const (
	// Limit is the expected stress above which a bridge takes no further lesson: admission stops before running lessons suffer.
	Limit = 0.85
	// TypicalRoom is how many people a lesson counts as until more are there. A choice, half a class: some fill up
	// and others are talks of three.
	TypicalRoom = 12
	// Growth is how long a lesson counts as growing. A choice.
	Growth = 5 * time.Minute
	// DefaultShare is the stress one participant adds where the bridge does not say. A guess for two shared cores that carry
	// about 200 people.
	DefaultShare = 0.005
	// measuredFrom is how many people make the measured share worth looking at.
	measuredFrom = 10
)

// Bridge is one candidate.
type Bridge struct {
	Machine string
	// Alive: its lease has not ended. Known: Stress was measured, lately.
	Alive, Known bool
	// Ready: a media probe went through it. Draining and Closing bridges keep their rooms and get no new ones.
	Ready, Draining, Closing bool
	// Stress is the share of its capacity in use, with Participants inside.
	Stress       float64
	Participants int
	// Person is the stress that one participant is expected to add, by the bridge's capacity; 0: DefaultShare.
	Person float64
	// Young are the lessons that were opened there, at any time; only those within Growth count.
	Young []Room
	// Doors is how many rooms have been placed there that nobody has opened: people knock, and an organiser may come.
	Doors int
}

// Room is a lesson.
type Room struct {
	// Opened is when its organiser was let in.
	Opened time.Time
	// Size is how many are inside; they are part of the bridge's stress already.
	Size int
	// Expect is how many will be inside, 0: TypicalRoom. A room that moves from a dead bridge brings its number along.
	Expect int
}

// Open reports whether the bridge may get rooms at all. Unknown is not idle.
func (b Bridge) Open() bool {
	return b.Alive && b.Known && b.Ready && !b.Draining && !b.Closing && !math.IsNaN(b.Stress)
}

// Admits reports whether the bridge may take one more lesson at now.
func (b Bridge) Admits(now time.Time) bool { return b.Open() && b.Expected(now) <= Limit }

// Share is the stress that one who is still to come adds: as expected by the bridge's capacity, or as measured, whichever is more. What is
// measured while a school comes in is too little: media begin after people have, and the figure is an average of some seconds.
func (b Bridge) Share() float64 {
	expected := b.Person
	if !(expected > 0) {
		expected = DefaultShare
	}
	if b.Participants < measuredFrom {
		return expected
	}
	return max(b.Stress/float64(b.Participants), expected)
}

// Expected is the stress once the lessons opened lately have grown.
func (b Bridge) Expected(now time.Time) float64 {
	return max(b.Stress, 0) + b.Share()*float64(b.coming(now))
}

// coming is how many people the young lessons will still bring.
func (b Bridge) coming(now time.Time) int {
	sum := 0
	for _, r := range b.Young {
		if now.Sub(r.Opened) < Growth {
			sum += max(0, r.expect()-max(0, r.Size))
		}
	}
	return sum
}

func (r Room) expect() int {
	if r.Expect <= 0 {
		return TypicalRoom
	}
	return r.Expect
}

// after is the expected stress once every door has been opened and a room of so many people is there besides.
func (b Bridge) after(now time.Time, people int) float64 {
	return b.Expected(now) + b.Share()*float64(people+TypicalRoom*max(0, b.Doors))
}

// Lesson chooses the bridge for a lesson that begins now; false: all are full, or none is open.
func Lesson(bridges []Bridge, now time.Time) (machine string, ok bool) {
	return least(bridges, now, TypicalRoom, Bridge.Admits)
}

// Anywhere places what is not held against capacity: a room at whose door people wait (people 0), or a running lesson that lost its
// bridge, with as many people as it had. False: none is open.
func Anywhere(bridges []Bridge, now time.Time, people int) (machine string, ok bool) {
	if people <= 0 {
		people = TypicalRoom
	}
	return least(bridges, now, people, func(b Bridge, _ time.Time) bool { return b.Open() })
}

// least returns the eligible bridge with the least stress after placing; of equal ones the one with the first name.
func least(bridges []Bridge, now time.Time, people int, eligible func(Bridge, time.Time) bool) (machine string, ok bool) {
	lowest := math.Inf(1)
	for _, b := range bridges {
		if !eligible(b, now) {
			continue
		}
		if s := b.after(now, people); !ok || s < lowest || s == lowest && b.Machine < machine {
			machine, lowest, ok = b.Machine, s, true
		}
	}
	return machine, ok
}
