package hcloudsim

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// limiter is the project's token bucket: full at first, refilled evenly. Hetzner Cloud API, "Rate Limiting".
type limiter struct {
	size float64
	rate float64 // tokens per second

	mu     sync.Mutex // guards what follows
	tokens float64
	at     time.Time
}

func newLimiter(perHour int, now time.Time) *limiter {
	size := float64(perHour)
	return &limiter{size: size, rate: size / time.Hour.Seconds(), tokens: size, at: now}
}

// take uses up one request, if there is one, and tells the state in the RateLimit headers.
func (l *limiter) take(now time.Time, h http.Header) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if passed := now.Sub(l.at).Seconds(); passed > 0 {
		l.tokens = min(l.size, l.tokens+passed*l.rate)
		l.at = now
	}
	ok := l.tokens >= 1
	if ok {
		l.tokens--
	}
	full := now.Add(time.Duration((l.size - l.tokens) / l.rate * float64(time.Second)))
	h.Set("RateLimit-Limit", strconv.FormatFloat(l.size, 'f', 0, 64))
	h.Set("RateLimit-Remaining", strconv.FormatFloat(math.Floor(l.tokens), 'f', 0, 64))
	h.Set("RateLimit-Reset", strconv.FormatInt(full.Unix(), 10))
	return ok
}
