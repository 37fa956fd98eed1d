package autoscale

import (
	"cmp"
	"slices"
	"time"
)

const (
	// mayReturn is how long a bridge that is not seen counts as coming: a nightly restart or a reboot is no reason to make another.
	mayReturn = 45 * time.Second
	// giveUp is after how long without a sign it is drained and, in the end, removed.
	giveUp = 3 * time.Minute
	// neverCame is the least time a machine is given to take rooms for the first time.
	neverCame = 15 * time.Minute
)

// fleet is the machines, sorted. Draining ones may be in givenUp too.
type fleet struct {
	// own is 1 when the portal's own bridge takes rooms.
	own int
	// serving take rooms; coming will soon, being made or away for a moment.
	serving []Bridge
	coming  int
	// draining take no new rooms.
	draining []Bridge
	// givenUp were not seen for too long or never came up; stuck counts the latter.
	givenUp []Bridge
	stuck   int
	// machines counts all dedicated ones.
	machines int
	// allKnown: each living bridge that is ready tells its load.
	allKnown bool
	// idle: a bridge that takes rooms has none.
	idle bool
	// blind: the portal is silent, so nothing is known about who is alive.
	blind bool
}

func newFleet(in Input, l load) fleet {
	f := fleet{allKnown: true}
	f.blind = !l.known && !slices.ContainsFunc(in.Bridges, func(b Bridge) bool { return b.Number == 0 && b.Alive })
	for _, b := range in.Bridges {
		if b.Ready && b.Alive && !b.good() {
			f.allKnown = false
		}
		if b.Ready && b.Alive && !b.Draining && b.Rooms == 0 {
			f.idle = true
		}
		if b.Number == 0 {
			f.own += truth((b.Alive || f.blind) && !b.Draining)
			continue
		}
		f.machines++
		f.sort(b, in)
	}
	return f
}

// good: what the bridge tells of itself means something.
func (b Bridge) good() bool { return b.Known && b.Stress >= 0 && b.Rooms >= 0 && b.Participants >= 0 }

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (f *fleet) sort(b Bridge, in Input) {
	stuck := !b.Ready && !b.Created.IsZero() && in.Now.Sub(b.Created) > max(neverCame, 3*in.Lead)
	gone := b.Ready && !b.Alive && !f.blind
	away := in.Now.Sub(b.Seen)
	if stuck || gone && !b.Seen.IsZero() && away > giveUp {
		f.givenUp = append(f.givenUp, b)
		f.stuck += truth(stuck)
	}
	switch {
	case b.Draining:
		f.draining = append(f.draining, b)
	case stuck:
	case !b.Ready, gone && away <= mayReturn:
		f.coming++
	case !gone:
		f.serving = append(f.serving, b)
	}
}

func (f *fleet) isGivenUp(number int) bool {
	return slices.ContainsFunc(f.givenUp, func(b Bridge) bool { return b.Number == number })
}

// emptiestFirst is the order in which bridges are drained: whoever is sent away soonest, and among the idle ones whoever costs again first.
func (f *fleet) emptiestFirst(now time.Time, period time.Duration) []Bridge {
	return slices.SortedFunc(slices.Values(f.serving), func(a, b Bridge) int {
		return cmp.Or(cmp.Compare(a.Rooms, b.Rooms), cmp.Compare(a.Participants, b.Participants), cmp.Compare(a.Stress, b.Stress),
			cmp.Compare(paidLeft(a.Created, now, period), paidLeft(b.Created, now, period)), cmp.Compare(b.Number, a.Number))
	})
}

// backInUse are the draining bridges that can be had back, those with most rooms first: they would be the last to go anyway.
func (f *fleet) backInUse(now time.Time, period time.Duration) []Bridge {
	usable := slices.DeleteFunc(slices.Clone(f.draining), func(b Bridge) bool { return b.ByHand || !b.Ready || !b.Alive })
	slices.SortFunc(usable, func(a, b Bridge) int {
		return cmp.Or(cmp.Compare(b.Rooms, a.Rooms), cmp.Compare(b.Participants, a.Participants),
			cmp.Compare(paidLeft(b.Created, now, period), paidLeft(a.Created, now, period)), cmp.Compare(a.Number, b.Number))
	})
	return usable
}
