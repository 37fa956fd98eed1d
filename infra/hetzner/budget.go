package hetzner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// The API grants 3600 requests per hour and project, in a bucket that is refilled evenly (Hetzner Cloud API, "Rate Limiting").
const (
	hourlyRequests = 3600
	// reserveShare of the bucket is left to other programs with the same token, and to somebody in the Hetzner console's place.
	reserveShare = 60
)

// errBudget means that waiting for the budget would have taken longer than the request may take.
var errBudget = errors.New("the hour's budget of requests is used up")

// budget holds requests back before Hetzner does. It keeps its own count, and believes the RateLimit headers of every answer more: others
// may use the same token. hcloud-go reads those headers but does not wait for them. Safe for concurrent use.
type budget struct {
	// turn makes those who wait go in the order in which they came.
	turn chan struct{}
	// pace is how long an hour takes, 1 at Hetzner.
	pace float64

	mu       sync.Mutex // guards what follows
	limit    float64    // size of the bucket, requests
	left     float64    // in the bucket at at, an estimate
	at       time.Time
	inFlight int // sent, and not yet answered
}

func newBudget(pace float64) *budget {
	return &budget{turn: make(chan struct{}, 1), pace: pace, limit: hourlyRequests, left: hourlyRequests}
}

// take waits until a request may be sent. Returns errBudget when that is later than ctx allows.
func (b *budget) take(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errBudget, context.Cause(ctx))
	}
	for {
		wait := b.try(time.Now())
		if wait == 0 {
			return nil
		}
		if end, bounded := ctx.Deadline(); bounded && time.Until(end) < wait {
			return fmt.Errorf("%w: %w", errBudget, context.DeadlineExceeded)
		}
		if !sleep(ctx, wait) {
			return fmt.Errorf("%w: %w", errBudget, context.Cause(ctx))
		}
	}
}

// try takes a request out of the bucket, or says how long until there is one.
func (b *budget) try(now time.Time) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refillLocked(now)
	missing := b.limit/reserveShare + 1 - b.left
	if missing > 0 {
		return time.Duration(missing/b.rateLocked()*float64(time.Second)) + time.Millisecond // rounded up
	}
	b.left--
	b.inFlight++
	return 0
}

// answered notes that a request was answered, or given up. header is nil without an answer.
func (b *budget) answered(header http.Header, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.inFlight--
	limit, okLimit := requests(header.Get("RateLimit-Limit"))
	left, okLeft := requests(header.Get("RateLimit-Remaining"))
	if !okLimit || !okLeft || limit < 1 {
		return
	}
	b.refillLocked(now)
	b.limit = limit
	// Requests that are under way may or may not be counted in it already.
	b.left = left - float64(b.inFlight)
}

// requests reads a number of requests from a header.
func requests(text string) (float64, bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	return float64(n), err == nil && n >= 0
}

func (b *budget) refillLocked(now time.Time) {
	if !b.at.IsZero() && now.After(b.at) {
		b.left = min(b.limit, b.left+now.Sub(b.at).Seconds()*b.rateLocked())
	}
	b.at = now
}

// rateLocked is how many requests come into the bucket in a second.
func (b *budget) rateLocked() float64 { return b.limit / time.Hour.Seconds() / b.pace }

// budgeted sends requests as the budget allows.
type budgeted struct {
	budget *budget
	next   http.RoundTripper
}

// RoundTrip waits for the budget, at most until the request's own deadline.
func (t budgeted) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.budget.take(r.Context()); err != nil {
		return nil, err
	}
	resp, err := t.next.RoundTrip(r)
	var header http.Header
	if err == nil {
		header = resp.Header
	}
	t.budget.answered(header, time.Now())
	return resp, err
}
