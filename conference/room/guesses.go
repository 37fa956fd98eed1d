package room

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"
)

// How many wrong codes are looked at. A visitor may mistype twice, then waits 2, 4, 8 … 60 seconds. Who reconnects starts anew,
// so the source has a budget too, which a school behind one address shares: a class that mistypes twice each is not held up. The
// room's budget bounds what many sources together may try: of a six-digit code, 350 + 900 guesses in a lesson of 90 minutes find
// one in 800. It is five times a source's, at once and in the long run, so that one guesser leaves enough for everybody else. Who finds a
// budget used up by others waits for an organiser's word instead, see turn.try.
const (
	freeGuesses  = 2
	firstDelay   = 2 * time.Second
	maxDelay     = time.Minute
	sourceSize   = 70
	sourceRefill = 30 * time.Second // one guess more
	roomSize     = 350
	roomRefill   = 6 * time.Second
)

// patience is one visitor's record of wrong codes. The zero value is a clean one.
type patience struct {
	failures  int
	notBefore time.Time
}

func (p *patience) wait(now time.Time) time.Duration { return max(0, p.notBefore.Sub(now)) }

func (p *patience) wrong(now time.Time) {
	p.failures++
	if p.failures > freeGuesses {
		// the shift is bounded: 2 s << 5 is above the maximum
		p.notBefore = now.Add(min(maxDelay, firstDelay<<min(p.failures-freeGuesses-1, 5)))
	}
}

// guesses are the budgets of a room and of the sources that tried. Sources need no bound of their own: each took from the room's
// budget, and one that has all its guesses back is forgotten.
type guesses struct {
	room    budget
	sources map[Source]*budget
}

func newGuesses(now time.Time) guesses {
	return guesses{room: newBudget(roomSize, roomRefill, now), sources: map[Source]*budget{}}
}

// wait is how long until a code from the source is looked at.
func (g *guesses) wait(from Source, now time.Time) time.Duration {
	wait := g.room.wait(now)
	if b := g.sources[from]; b != nil {
		wait = max(wait, b.wait(now))
	}
	return wait
}

// take uses up one guess; wait was 0.
func (g *guesses) take(from Source, now time.Time) {
	g.room.take(now)
	for source, b := range g.sources {
		if b.refill(now); b.left == b.size {
			delete(g.sources, source)
		}
	}
	b := g.sources[from]
	if b == nil {
		fresh := newBudget(sourceSize, sourceRefill, now)
		b = &fresh
		g.sources[from] = b
	}
	b.take(now)
}

// budget is a token bucket.
type budget struct {
	size  int
	every time.Duration // one more
	left  int
	// since is when left was last brought up to date, a whole number of refills after the start.
	since time.Time
}

func newBudget(size int, every time.Duration, now time.Time) budget {
	return budget{size: size, every: every, left: size, since: now}
}

func (b *budget) refill(now time.Time) {
	n := int(now.Sub(b.since) / b.every)
	if n <= 0 {
		return
	}
	b.left = min(b.size, b.left+n)
	b.since = b.since.Add(time.Duration(n) * b.every)
}

// wait is how long until there is a guess left.
func (b *budget) wait(now time.Time) time.Duration {
	b.refill(now)
	if b.left > 0 {
		return 0
	}
	return b.since.Add(b.every).Sub(now)
}

// take uses up one guess; wait was 0.
func (b *budget) take(now time.Time) {
	b.refill(now)
	b.left--
}

// sameCode compares in constant time, whatever the lengths. Blanks and capitals do not count: codes are read aloud ("482 713") and
// typed on telephones, which begin with a capital.
func sameCode(a, b Code) bool {
	x, y := sha256.Sum256([]byte(bare(a))), sha256.Sum256([]byte(bare(b)))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func bare(c Code) string { return strings.ToLower(strings.Join(strings.Fields(string(c)), "")) }
