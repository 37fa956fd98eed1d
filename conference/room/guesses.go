package room

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"
)

// How many wrong codes are looked at. A visitor may mistype twice, then waits 2, 4, 8 … 60 seconds. Who reconnects starts anew,
// so the room as a whole has a budget too: of a six-digit code, 60 + 900 guesses in a lesson of 90 minutes find one in a thousand,
// while a class that mistypes twice each is not held up.
const (
	freeGuesses   = 2
	firstDelay    = 2 * time.Second
	maxDelay      = time.Minute
	budgetSize    = 60
	budgetRefills = 6 * time.Second // one guess more
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

// budget is a token bucket over all visitors of a room.
type budget struct {
	left int
	// since is when left was last brought up to date, a whole number of refills after the start.
	since time.Time
}

func newBudget(now time.Time) budget { return budget{left: budgetSize, since: now} }

func (b *budget) refill(now time.Time) {
	n := int(now.Sub(b.since) / budgetRefills)
	if n <= 0 {
		return
	}
	b.left = min(budgetSize, b.left+n)
	b.since = b.since.Add(time.Duration(n) * budgetRefills)
}

// wait is how long until there is a guess left.
func (b *budget) wait(now time.Time) time.Duration {
	b.refill(now)
	if b.left > 0 {
		return 0
	}
	return b.since.Add(budgetRefills).Sub(now)
}

// take uses up one guess; wait was 0.
func (b *budget) take(now time.Time) {
	b.refill(now)
	b.left--
}

// sameCode compares in constant time, whatever the lengths.
func sameCode(a, b Code) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
