package portal

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter gives each key, an account or a source, a budget of its own. It forgets those whose budget is whole again. Safe for
// concurrent use.
type limiter struct {
	every rate.Limit // per second
	burst int
	max   int // keys; beyond that nobody new gets a budget until some are whole again

	mu   sync.Mutex
	keys map[string]*rate.Limiter
}

func newLimiter(every rate.Limit, burst, most int) *limiter {
	return &limiter{every: every, burst: burst, max: most, keys: map[string]*rate.Limiter{}}
}

// take uses one of the key's budget, or says how long there is none.
func (l *limiter) take(key string, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.keys[key]
	if !ok {
		if len(l.keys) >= l.max && !l.forget(now) {
			return time.Second
		}
		b = rate.NewLimiter(l.every, l.burst)
		l.keys[key] = b
	}
	if b.AllowN(now, 1) {
		return 0
	}
	return time.Duration((1 - b.TokensAt(now)) / float64(l.every) * float64(time.Second))
}

// forget drops whole budgets and reports whether there is place now.
func (l *limiter) forget(now time.Time) bool {
	for key, b := range l.keys {
		if b.TokensAt(now) >= float64(l.burst) {
			delete(l.keys, key)
		}
	}
	return len(l.keys) < l.max
}
