package account

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
)

// hasher bounds the work and the memory of password checks: at most cap(working) hashes at a time, each 19 MiB, and at most
// cap(queue) callers waiting for one, none longer than wait. One source never has more than share of the places: who keeps asking
// leaves some for everybody else.
type hasher struct {
	queue   chan struct{} // one token per caller, waiting or working
	share   int
	working chan struct{} // one token per running hash
	wait    time.Duration
	compute func(passhash.PHC, string) bool
	// took is how long the last check took, with its wait, in nanoseconds.
	took atomic.Int64

	mu       sync.Mutex
	bySource map[string]int
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
	places := opt.Queue + opt.Workers
	return &hasher{
		share:    (3*places + 3) / 4,
		bySource: map[string]int{},
		queue:    make(chan struct{}, places),
		working:  make(chan struct{}, opt.Workers),
		wait:     opt.Wait,
		compute:  passhash.PHC.Match,
	}
}

// match computes in the caller's goroutine, so nothing is left running when the caller is gone.
func (h *hasher) match(ctx context.Context, hash passhash.PHC, password, source string) (bool, error) {
	begun := time.Now()
	if !h.enter(source) {
		return false, &BusyError{RetryAfter: h.wait}
	}
	defer h.leave(source)
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case h.working <- struct{}{}:
	case <-timer.C:
		return false, &BusyError{RetryAfter: h.wait, waited: true}
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-h.working }()
	right := h.compute(hash, password)
	h.took.Store(int64(time.Since(begun)))
	return right, nil
}

// maxPretence bounds how long a check is pretended, because whoever waits for one holds a connection.
const maxPretence = 200 * time.Millisecond

// pretend takes about as long as a check does now, without any work. Returns the context's error.
func (h *hasher) pretend(ctx context.Context) error {
	timer := time.NewTimer(min(time.Duration(h.took.Load()), maxPretence))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// enter takes a place in the queue if the source may have one more.
func (h *hasher) enter(source string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bySource[source] >= h.share {
		return false
	}
	select {
	case h.queue <- struct{}{}:
		h.bySource[source]++
		return true
	default:
		return false
	}
}

func (h *hasher) leave(source string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	<-h.queue
	if h.bySource[source]--; h.bySource[source] == 0 {
		delete(h.bySource, source)
	}
}
