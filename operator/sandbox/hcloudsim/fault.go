package hcloudsim

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Fault makes requests go wrong on purpose.
type Fault struct {
	// Method is the HTTP method, empty for all.
	Method string
	// PathPrefix is compared with the path below /v1, for example "/servers". Empty matches all.
	PathPrefix string
	// Times is how many requests are hit.
	Times int
	// Status of the answer, for example 502. 0: no answer, the connection is cut.
	Status int
	// Code is the API's error code, for example "conflict". Empty: an HTML page, as from a proxy.
	Code string
	// AfterCommit lets the request take effect and loses only the answer.
	AfterCommit bool
}

// InjectFault adds a fault; those added earlier are used up first.
func (s *Server) InjectFault(f Fault) { s.faults.add(f) }

type faults struct {
	mu   sync.Mutex // guards what follows
	list []Fault
}

func (f *faults) add(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fault.Times > 0 {
		f.list = append(f.list, fault)
	}
}

// next is the fault that hits this request, or nil.
func (f *faults) next(method, path string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		hit := &f.list[i]
		if (hit.Method != "" && hit.Method != method) || !strings.HasPrefix(path, hit.PathPrefix) {
			continue
		}
		fault := *hit
		if hit.Times--; hit.Times == 0 {
			f.list = append(f.list[:i], f.list[i+1:]...)
		}
		return &fault
	}
	return nil
}

type faultError struct{ Fault }

func (e *faultError) Error() string { return fmt.Sprintf("injected fault, status %d", e.Status) }

func (e *faultError) write(w http.ResponseWriter) {
	if e.Status == 0 {
		panic(http.ErrAbortHandler) // how a handler tells net/http to cut the connection
	}
	if e.Code != "" {
		writeReply(w, answer{}, &apiError{e.Status, e.Code, "injected fault", nil})
		return
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(e.Status)
	fmt.Fprintf(w, "<html><body><h1>%d %s</h1></body></html>\n", e.Status, http.StatusText(e.Status)) // the client may be gone
}
