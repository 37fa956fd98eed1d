package hetzner

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// The API grants 3600 requests per hour and project, refilled at one per second (Hetzner Cloud API, "Rate Limiting"). One
// command may take a sixth of that at once, so that others of the same project are left with some.
const (
	requestsPerSecond = 1
	requestBurst      = 600
)

// errBudget means that waiting for the budget would have taken longer than the request may take.
var errBudget = errors.New("the hour's budget of requests is used up")

// budget holds requests back once the burst is used up. hcloud-go reads the RateLimit headers but does not wait for them.
type budget struct {
	limiter *rate.Limiter
	next    http.RoundTripper
}

func newBudget(next http.RoundTripper) budget {
	return budget{limiter: rate.NewLimiter(rate.Every(time.Second/requestsPerSecond), requestBurst), next: next}
}

// RoundTrip waits for the budget, at most until the request's own deadline.
func (b budget) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := b.limiter.Wait(r.Context()); err != nil {
		return nil, fmt.Errorf("%w: %w", errBudget, err)
	}
	return b.next.RoundTrip(r)
}

// maxAnswer bounds an answer's body. The largest real one, a page of fifty servers, has a few hundred kilobytes.
const maxAnswer = 16 << 20

// bounded refuses to read more than maxAnswer bytes of an answer.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, maxAnswer)
	return resp, nil
}
