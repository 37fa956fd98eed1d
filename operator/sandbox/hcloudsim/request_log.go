package hcloudsim

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// keptRequests is how many requests are remembered one by one; all are counted. Our own bound.
	keptRequests = 4096
	// keptPath is how many bytes of a path are remembered.
	keptPath = 200
)

// RequestReport is what clients have asked the simulated cloud since the start or the last reset.
type RequestReport struct {
	Total int `json:"total"`
	// Counts by method, route and status, in this order.
	Counts []RequestCount `json:"counts"`
	// Recent requests, oldest first.
	Recent []Request `json:"recent"`
}

// RequestCount counts requests that are alike.
type RequestCount struct {
	Method string `json:"method"`
	// Route is the path below /v1 with placeholders, for example "/servers/{id}". Empty: there is no such route.
	Route string `json:"route"`
	// Status of the answer. 0: the connection was cut.
	Status int `json:"status"`
	Count  int `json:"count"`
}

// Request is one request; its query, body and token are not remembered.
type Request struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"` // below /v1; empty when there is no such route
	Status int       `json:"status"`
	Fault  Kind      `json:"fault,omitempty"`
}

// Requests reports on the requests so far; at most limit of them one by one.
func (s *Server) Requests(limit int) RequestReport { return s.requests.report(limit) }

// ResetRequests counts from zero.
func (s *Server) ResetRequests() { s.requests.reset() }

// requestLog counts requests. The zero value is empty.
type requestLog struct {
	mu     sync.Mutex // guards what follows
	total  int
	counts map[RequestCount]int // Count is 0 in the keys
	ring   []Request            // the next one goes to total modulo keptRequests
}

func (l *requestLog) note(now time.Time, v *visit) {
	entry := Request{At: now.UTC(), Method: v.method, Path: v.path[:min(len(v.path), keptPath)], Status: v.status}
	if v.strike != nil {
		entry.Fault = v.strike.kind
	}
	if !knownMethod(v.method) {
		entry.Method = "other"
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[RequestCount]int{}
	}
	l.counts[RequestCount{Method: entry.Method, Route: v.route, Status: v.status}]++
	if at := l.total % keptRequests; at < len(l.ring) {
		l.ring[at] = entry
	} else {
		l.ring = append(l.ring, entry)
	}
	l.total++
}

// knownMethod bounds what is counted: a method is any word that a client likes to send.
func knownMethod(method string) bool {
	return slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, method)
}

func (l *requestLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total, l.counts, l.ring = 0, nil, nil
}

func (l *requestLog) report(limit int) RequestReport {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := RequestReport{Total: l.total, Counts: []RequestCount{}, Recent: []Request{}}
	for key, n := range maps.All(l.counts) {
		key.Count = n
		r.Counts = append(r.Counts, key)
	}
	slices.SortFunc(r.Counts, func(a, b RequestCount) int {
		return cmp.Or(cmp.Compare(a.Method, b.Method), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Status, b.Status))
	})
	limit = max(0, min(limit, len(l.ring)))
	for i := l.total - limit; i < l.total; i++ {
		r.Recent = append(r.Recent, l.ring[i%keptRequests])
	}
	return r
}
