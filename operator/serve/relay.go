package serve

import "sync"

// relay passes lines on until it is closed: whoever waited for them may have gone while the work goes on.
type relay struct {
	mu     sync.Mutex
	to     func(string)
	closed bool
}

func (r *relay) line(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed && r.to != nil {
		r.to(text)
	}
}

func (r *relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}
