package serve

import (
	"math/rand/v2"
	"time"
)

// backoff counts failures in a row.
type backoff struct {
	first, most time.Duration
	failures    int
}

func (b *backoff) succeeded() { b.failures = 0 }

// failed returns how long to wait before the next attempt: twice as long each time, give or take a quarter so that counties which fail
// for the same reason do not come back together.
func (b *backoff) failed() time.Duration {
	wait := b.most
	if b.failures < 16 {
		wait = min(b.most, b.first<<b.failures)
	}
	b.failures++
	return jitter(wait)
}

func jitter(d time.Duration) time.Duration {
	return d*3/4 + time.Duration(rand.Int64N(int64(d)/2+1))
}
