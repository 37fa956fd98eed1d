package portal

import (
	"net/http"
	"sync"
)

// Requests under way at the same time, WebSockets apart, and the share of one source. Who opens streams and does not read makes
// the server keep some 15 KiB for each: 300 MiB at the most. A school of 1,500 devices that all load the page needs 4,500.
const (
	maxUnderWay    = 20000
	maxOfOneSource = 8000
)

// WebSockets to rooms at the same time. One takes two of the process's 65,536 files. A bridge takes 5000 of them, from whomever: a single
// source must not be able to fill it, and a school of 1,500 devices that comes back while its old connections are not gone has 3000.
const (
	maxSockets            = 30000
	maxSocketsOfOneSource = 3000
)

// underWay counts requests by source. Safe for concurrent use.
type underWay struct {
	max, maxOfOne int

	mu       sync.Mutex
	all      int
	bySource map[string]int
}

// bounded serves as many requests as there may be at a time; others are told to try again.
func (u *underWay) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := source(r)
		if !u.begin(from) {
			// Without a body: a client that does not read must not hold this answer either.
			w.Header().Set("Retry-After", "2")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer u.end(from)
		next.ServeHTTP(w, r)
	})
}

func (u *underWay) begin(from string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all >= u.max || u.bySource[from] >= u.maxOfOne {
		return false
	}
	u.all++
	u.bySource[from]++
	return true
}

func (u *underWay) end(from string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all--
	if u.bySource[from]--; u.bySource[from] == 0 {
		delete(u.bySource, from)
	}
}
