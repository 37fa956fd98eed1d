package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// Limits of guessing. All are choices, not standards; NIST SP 800-63B §5.2.2 asks for a limit and leaves the number open. Passwords are
// drawn with 79 bits, which nobody guesses at any of these rates: what the limits protect above all is the time of the machine, and they must
// not be a way to lock teachers out.
//
// A wrong answer counts three times: for the name together with the source, for the name alone, and for the source alone.
// The first two double a delay; the third is a budget. A school behind one address shares only the budget, and somebody who
// guesses a teacher's password from elsewhere delays himself long before he delays the teacher.
//
// Names that nobody has are counted apart. A pupil whose script tries names at the school's address uses up a budget that no teacher needs; from
// then on such a name is answered as if it had been looked at, without any work.
const (
	pairFree     = 5                // wrong answers for one name from one source without delay
	pairMax      = time.Minute      // longest delay for that pair
	nameFree     = 30               // wrong answers for one name from anywhere without delay
	nameMax      = 30 * time.Second // longest delay for a name: short, because its owner may be the one who waits
	forget       = time.Hour        // a name or pair without wrong answers for this long starts anew
	sourceSize   = 600              // logins without a right answer that one source may make at once: a school's morning
	sourceRate   = 5.0              // of them per second that come back
	strangerSize = 100              // logins with names that nobody has, of one source, that are looked at: mistyped ones
	strangerRate = 1.0              // of them per second that come back
	maxKeys      = 20000            // entries kept of each kind, about 2 MB; beyond that the oldest go
)

// throttle counts wrong answers. It keeps keyed digests, never names or addresses. Safe for concurrent use.
type throttle struct {
	now func() time.Time
	key []byte
	max int // maxKeys

	mu       sync.Mutex
	accounts tally
	// strangers are names that nobody has, apart, so that any number of them makes nothing forgotten of accounts.
	strangers tally
}

// tally is what is counted of one kind of names.
type tally struct {
	delays  map[digest]*delay
	budgets map[digest]*budget
	// size and rate of a source's budget.
	size, rate float64
}

func newTally(size, rate float64) tally {
	return tally{delays: map[digest]*delay{}, budgets: map[digest]*budget{}, size: size, rate: rate}
}

type digest [16]byte

// delay is the state of a name or of a name with a source.
type delay struct {
	wrong int
	until time.Time // no attempt before
	last  time.Time
}

// budget is a token bucket, one token a login.
type budget struct {
	tokens float64
	last   time.Time
}

func newThrottle(now func() time.Time) *throttle {
	key := make([]byte, 32)
	rand.Read(key)
	return &throttle{now: now, key: key, max: maxKeys, accounts: newTally(sourceSize, sourceRate), strangers: newTally(strangerSize, strangerRate)}
}

// attempt is one login under way. It was counted as wrong when it began, so that a thousand guesses at the same moment are
// not a thousand free ones; right and undo take that back.
type attempt struct {
	t                  *throttle
	of                 *tally
	name, pair, source digest
	// blind: nothing is to be looked at, the answer is that it is wrong.
	blind bool
}

// begin counts an attempt, or says how long to wait. known says whether there is an account of that name: if not, a source without budget
// does not wait but is answered blindly.
func (t *throttle) begin(name string, known bool, source string) (*attempt, time.Duration) {
	a := &attempt{t: t, of: &t.accounts, name: t.digest("name", name, ""), pair: t.digest("pair", name, source), source: t.digest("source", source, "")}
	if !known {
		a.of = &t.strangers
	}
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	b := a.of.budget(a.source, t.max, now)
	wait := max(a.of.remaining(a.pair, now), a.of.remaining(a.name, now))
	if known {
		wait = max(wait, b.missing(a.of.rate))
	}
	if wait > 0 {
		return nil, wait
	}
	if b.tokens >= 1 {
		b.tokens--
	} else {
		a.blind = true
	}
	a.of.wrong(a.pair, t.max, now, pairFree, pairMax)
	a.of.wrong(a.name, t.max, now, nameFree, nameMax)
	return a, 0
}

// right forgets the pair's wrong answers and takes back what this attempt cost the name and the source.
func (a *attempt) right() {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	delete(a.of.delays, a.pair)
	a.of.takeBack(a.name, nameFree)
	a.of.refund(a.source)
}

// undo takes back an attempt that was never checked. The source gets its token back only if it did not even have a place to wait
// in: otherwise somebody who gives up in time could hold all places for nothing.
func (a *attempt) undo(refund bool) {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	a.of.takeBack(a.pair, pairFree)
	a.of.takeBack(a.name, nameFree)
	if refund {
		a.of.refund(a.source)
	}
}

func (t *tally) refund(k digest) {
	if b, ok := t.budgets[k]; ok {
		b.tokens++ // at most its size again with the next look
	}
}

func (t *tally) takeBack(k digest, free int) {
	d, ok := t.delays[k]
	if !ok {
		return
	}
	d.wrong--
	if d.wrong < free {
		d.until = time.Time{}
	}
	if d.wrong <= 0 {
		delete(t.delays, k)
	}
}

func (t *tally) remaining(k digest, now time.Time) time.Duration {
	d, ok := t.delays[k]
	if !ok {
		return 0
	}
	if now.Sub(d.last) > forget {
		delete(t.delays, k)
		return 0
	}
	return d.until.Sub(now)
}

// wrong counts; from the free-th on each count doubles the delay: 1 s, 2 s, 4 s …
func (t *tally) wrong(k digest, most int, now time.Time, free int, longest time.Duration) {
	d, ok := t.delays[k]
	if !ok {
		evict(t.delays, most, func(d *delay) time.Time { return d.last }, now)
		d = &delay{}
		t.delays[k] = d
	}
	d.wrong++
	d.last = now
	if over := d.wrong - free; over >= 0 {
		d.until = now.Add(min(longest, time.Second<<min(over, 20)))
	}
}

func (t *tally) budget(k digest, most int, now time.Time) *budget {
	b, ok := t.budgets[k]
	if !ok {
		evict(t.budgets, most, func(b *budget) time.Time { return b.last }, now)
		b = &budget{tokens: t.size, last: now}
		t.budgets[k] = b
	}
	b.tokens = min(t.size, b.tokens+now.Sub(b.last).Seconds()*t.rate)
	b.last = now
	return b
}

// missing is how long until there is a token, at rate per second.
func (b *budget) missing(rate float64) time.Duration {
	if b.tokens >= 1 {
		return 0
	}
	return time.Duration((1 - b.tokens) / rate * float64(time.Second))
}

// evict makes room in a full map: everything forgotten goes; if that frees nothing, the oldest of a random sample (Go's map
// iteration starts anywhere), which bounds the work an attacker can cause.
func evict[V any](m map[digest]V, full int, last func(V) time.Time, now time.Time) {
	if len(m) < full {
		return
	}
	const sample = 64
	var oldest digest
	var at time.Time
	n := 0
	for k, v := range m {
		l := last(v)
		if n == 0 || l.Before(at) {
			oldest, at = k, l
		}
		if now.Sub(l) > forget {
			delete(m, k)
		}
		if n++; n == sample {
			break
		}
	}
	if len(m) >= full {
		delete(m, oldest)
	}
}

func (t *throttle) digest(kind, a, b string) digest {
	mac := hmac.New(sha256.New, t.key)
	for _, s := range []string{kind, a, b} {
		sum := sha256.Sum256([]byte(s))
		mac.Write(sum[:])
	}
	var d digest
	copy(d[:], mac.Sum(nil))
	return d
}
