package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// Limits of guessing. All are choices, not standards; NIST SP 800-63B §5.2.2 asks for a limit and leaves the number open.
//
// A wrong answer counts three times: for the name together with the source, for the name alone, and for the source alone.
// The first two double a delay; the third is a budget. A school behind one address shares only the budget, and somebody who
// guesses a teacher's password from elsewhere delays himself long before he delays the teacher.
const (
	pairFree   = 5                // wrong answers for one name from one source without delay
	pairMax    = 5 * time.Minute  // longest delay for that pair
	nameFree   = 30               // wrong answers for one name from anywhere without delay
	nameMax    = 30 * time.Second // longest delay for a name: short, because its owner may be the one who waits
	forget     = time.Hour        // a name or pair without wrong answers for this long starts anew
	sourceSize = 600              // logins without a right answer that one source may make at once: a school's morning
	sourceRate = 5.0              // of them per second that come back
	maxKeys    = 20000            // entries kept, about 2 MB; beyond that the oldest go
)

// throttle counts wrong answers. It keeps keyed digests, never names or addresses. Safe for concurrent use.
type throttle struct {
	now func() time.Time
	key []byte
	max int // maxKeys

	mu      sync.Mutex
	delays  map[digest]*delay
	budgets map[digest]*budget
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
	return &throttle{now: now, key: key, max: maxKeys, delays: map[digest]*delay{}, budgets: map[digest]*budget{}}
}

// attempt is one login under way. It was counted as wrong when it began, so that a thousand guesses at the same moment are
// not a thousand free ones; right and undo take that back.
type attempt struct {
	t                  *throttle
	name, pair, source digest
}

// begin counts an attempt, or says how long to wait.
func (t *throttle) begin(name, source string) (*attempt, time.Duration) {
	a := &attempt{t: t, name: t.digest("name", name, ""), pair: t.digest("pair", name, source), source: t.digest("source", source, "")}
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.budget(a.source, now)
	wait := max(t.remaining(a.pair, now), t.remaining(a.name, now), b.missing())
	if wait > 0 {
		return nil, wait
	}
	b.tokens--
	t.wrong(a.pair, now, pairFree, pairMax)
	t.wrong(a.name, now, nameFree, nameMax)
	return a, 0
}

// right forgets the pair's wrong answers and takes back what this attempt cost the name and the source.
func (a *attempt) right() {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	delete(a.t.delays, a.pair)
	a.t.takeBack(a.name, nameFree)
	a.t.refund(a.source)
}

// undo takes back an attempt that was never checked. The source gets its token back only if it did not even have a place to wait
// in: otherwise somebody who gives up in time could hold all places for nothing.
func (a *attempt) undo(refund bool) {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	a.t.takeBack(a.pair, pairFree)
	a.t.takeBack(a.name, nameFree)
	if refund {
		a.t.refund(a.source)
	}
}

func (t *throttle) refund(k digest) {
	if b, ok := t.budgets[k]; ok {
		b.tokens++ // at most sourceSize again with the next look
	}
}

func (t *throttle) takeBack(k digest, free int) {
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

func (t *throttle) remaining(k digest, now time.Time) time.Duration {
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
func (t *throttle) wrong(k digest, now time.Time, free int, longest time.Duration) {
	d, ok := t.delays[k]
	if !ok {
		evict(t.delays, t.max, func(d *delay) time.Time { return d.last }, now)
		d = &delay{}
		t.delays[k] = d
	}
	d.wrong++
	d.last = now
	if over := d.wrong - free; over >= 0 {
		d.until = now.Add(min(longest, time.Second<<min(over, 20)))
	}
}

func (t *throttle) budget(k digest, now time.Time) *budget {
	b, ok := t.budgets[k]
	if !ok {
		evict(t.budgets, t.max, func(b *budget) time.Time { return b.last }, now)
		b = &budget{tokens: sourceSize, last: now}
		t.budgets[k] = b
	}
	b.tokens = min(sourceSize, b.tokens+now.Sub(b.last).Seconds()*sourceRate)
	b.last = now
	return b
}

func (b *budget) missing() time.Duration {
	if b.tokens >= 1 {
		return 0
	}
	return time.Duration((1 - b.tokens) / sourceRate * float64(time.Second))
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
