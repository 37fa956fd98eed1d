package account

import (
	"context"
	"runtime"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
)

// hasher bounds the work and the memory of password checks: at most cap(working) hashes at a time, each 19 MiB, and at most
// cap(queue) callers waiting for one, none longer than wait.
type hasher struct {
	queue   chan struct{} // one token per caller, waiting or working
	working chan struct{} // one token per running hash
	wait    time.Duration
	compute func(passhash.PHC, string) bool
}

func newHasher(opt Options) *hasher {
	if opt.Workers <= 0 {
		opt.Workers = max(1, runtime.GOMAXPROCS(0)-1)
	}
	if opt.Queue <= 0 {
		opt.Queue = 256
	}
	if opt.Wait <= 0 {
		opt.Wait = 10 * time.Second
	}
	return &hasher{
		queue:   make(chan struct{}, opt.Queue+opt.Workers),
		working: make(chan struct{}, opt.Workers),
		wait:    opt.Wait,
		compute: passhash.PHC.Match,
	}
}

// match computes in the caller's goroutine, so nothing is left running when the caller is gone.
func (h *hasher) match(ctx context.Context, hash passhash.PHC, password string) (bool, error) {
	select {
	case h.queue <- struct{}{}:
	default:
		return false, &BusyError{RetryAfter: h.wait}
	}
	defer func() { <-h.queue }()
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case h.working <- struct{}{}:
	case <-timer.C:
		return false, &BusyError{RetryAfter: h.wait}
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-h.working }()
	return h.compute(hash, password), nil
}
