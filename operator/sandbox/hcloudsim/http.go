package hcloudsim

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	prefix = "/v1"
	// maxBody is our own bound: the largest valid request, 50 rules with 100 networks each, has about a quarter of it.
	maxBody = 1 << 20
)

// ServeHTTP answers one API request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Correlation-Id", correlationID())
	v := &visit{method: r.Method}
	defer func() { s.requests.note(s.cfg.Clock.Now(), v) }() // of a connection that is cut, too
	out, err := s.serve(w, r, v)
	if err != nil {
		out = encodeError(err)
	}
	if v.strike != nil {
		v.strike.deliver(w, r, s.cfg.Clock.Now(), out, &v.status)
		return
	}
	v.status = out.status
	write(w, out, "application/json")
}

// visit is what is known of a request on its way.
type visit struct {
	method string
	path   string // below /v1; empty when there is no such route
	route  string // path with its placeholders
	status int    // of the answer; 0: none was sent, or not all of it
	strike *strike
}

// answer is a reply whose body is already encoded.
type answer struct {
	status int
	body   []byte
	link   string
}

// serve is the way of a request as the package comment tells it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, v *visit) (answer, error) {
	path, ok := strings.CutPrefix(r.URL.Path, prefix)
	if !ok {
		return answer{}, errRoute
	}
	route, values := match(s.routes, path)
	if route == nil {
		return answer{}, errRoute
	}
	v.path, v.route = path, route.path()
	readOnly, err := s.authenticate(r.Header.Get("Authorization"))
	if err != nil {
		return answer{}, err
	}
	if !s.limiter.take(s.cfg.Clock.Now(), w.Header()) {
		return answer{}, errRateLimit
	}
	handle, ok := route.methods[r.Method]
	if !ok {
		return answer{}, errMethod
	}
	if readOnly && r.Method != http.MethodGet {
		return answer{}, errTokenReadOnly
	}
	s.linger(r.Context(), r.Method, v.route)
	v.strike = s.faults.next(s.cfg.Clock.Now(), r.Method, path, v.route)
	if v.strike != nil && !v.strike.after {
		return answer{}, errStruck
	}
	body, err := readBody(w, r)
	if err != nil {
		return answer{}, err
	}
	req := &request{api: s, url: r.URL, query: r.URL.Query(), body: body, params: values, strike: v.strike}
	out, err := s.handle(handle, req, r.Method)
	if v.strike != nil && v.strike.kind.onAction() && !v.strike.applied {
		s.faults.giveBack(v.strike)
		v.strike = nil
	}
	return out, err
}

// handle runs the handler under the lock, has the state saved and only then starts the work: whatever a Runtime does is on record.
func (s *Server) handle(h handler, req *request, method string) (answer, error) {
	out, err := s.decide(h, req, method)
	if err != nil || method == http.MethodGet {
		return out, err
	}
	saved := s.saver.save()
	s.start(req.jobs)
	if saved != nil {
		s.cfg.Log.Error("cloud simulator: state was not saved", "error", saved)
		return answer{}, &apiError{http.StatusInternalServerError, "server_error",
			"the simulated cloud cannot save its state; see the sandbox's log", nil}
	}
	return out, nil
}

func (s *Server) decide(h handler, req *request, method string) (answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return answer{}, errClosed
	}
	req.project, req.now = s.project, s.cfg.Clock.Now().UTC()
	out, err := h(req)
	if err != nil {
		return answer{}, err
	}
	if method != http.MethodGet {
		s.changedLocked(req.now)
	}
	if out.body == nil {
		return answer{status: out.status}, nil
	}
	body, err := json.Marshal(out.body)
	return answer{out.status, body, out.link}, err
}

func (s *Server) start(jobs []queuedJob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range jobs {
		s.enqueueLocked(j.server, j.steps)
	}
}

// readBody takes at most maxBody and wants JSON or nothing.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	case err != nil:
		return nil, errJSON
	case len(bytes.TrimSpace(body)) > 0 && !json.Valid(body):
		return nil, errJSON
	}
	return body, nil
}

type errorBody struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Details any    `json:"details"`
	} `json:"error"`
}

func writeReply(w http.ResponseWriter, out answer, err error) {
	if err != nil {
		out = encodeError(err)
	}
	write(w, out, "application/json")
}

func write(w http.ResponseWriter, out answer, contentType string) {
	if out.link != "" {
		w.Header().Set("Link", out.link)
	}
	if len(out.body) > 0 {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
	}
	w.WriteHeader(out.status)
	w.Write(out.body) // an error here means the client is gone
}

func encodeError(err error) answer {
	var api *apiError
	if !errors.As(err, &api) {
		api = &apiError{http.StatusInternalServerError, "server_error", "unexpected error in the simulated cloud", nil}
	}
	var e errorBody
	e.Error.Code, e.Error.Message, e.Error.Details = api.code, api.message, api.details
	body, err := json.Marshal(e)
	if err != nil {
		body = nil
	}
	return answer{status: api.status, body: body}
}

// correlationID is 16 hex digits; clients print it in errors.
func correlationID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
