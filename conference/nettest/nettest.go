// Package nettest is the server's side of the network test (docs/signaling.md): whoever asks, without a login, gets its own media back for a
// minute.
//
//	page ── WebSocket ──▶ ice {…}            credentials for the relay, to try that way too
//	     ◀── offer {sdp} ── answer {sdp}     the offer of a lesson
//	     ◀══ media ══▶                       an echo: a room of its own, which nobody else is in
//	     ◀── over {}                         the minute is over
//
// What the test finds out, the page measures. Nothing is kept and nothing logged.
package nettest

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"github.com/medienzentrenverbund/kreisraum/conference/accesslog"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// Bounds: a test costs what one participant costs.
const (
	life           = time.Minute
	maxTests       = 50
	maxOfOneSource = 3
	// tests begun per second and at once, all sources together: each may cost a handshake.
	beginRate, beginBurst = 5, 20
)

// Config is what a Server needs.
type Config struct {
	// Engine carries the media. It stays the caller's to close, after the Server.
	Engine *sfu.Engine
	// ICE returns fresh credentials for the relay; host is the request's.
	ICE func(host string) *signaling.ICE

	life time.Duration // for tests; zero: the default
}

// Server answers GET /api/nettest/ws. Safe for concurrent use.
type Server struct {
	cfg    Config
	begins *rate.Limiter
	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu       sync.Mutex
	closed   bool
	all      int
	bySource map[string]int
	work     sync.WaitGroup
}

// New returns a Server. Close it.
func New(cfg Config) *Server {
	if cfg.life == 0 {
		cfg.life = life
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Server{cfg: cfg, begins: rate.NewLimiter(beginRate, beginBurst), ctx: ctx, cancel: cancel, bySource: map[string]int{}}
}

// Close ends all tests and waits for them. Idempotent.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.work.Wait()
}

// ServeHTTP holds one test. When there is no place it answers 429 (of one source) or 503 (of all), with Retry-After, also to whom asks without
// a WebSocket: browsers do not tell a page why one was refused. Else those get 400.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, _ := netip.ParseAddrPort(r.RemoteAddr)
	source := accesslog.Shorten(at.Addr())
	if status := s.begin(source); status != 0 {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(status)
		return
	}
	defer s.end(source)
	if r.Header.Get("Upgrade") == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if !s.begins.Allow() {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}
	ws.SetReadLimit(signaling.MaxFrame)
	ctx, cancel := context.WithTimeout(s.ctx, s.cfg.life)
	defer cancel()
	t := &test{server: s, ws: ws}
	t.run(ctx, r.Host)
}

// begin takes a place; the status is 0 or says why there is none.
func (s *Server) begin(source string) (status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.bySource[source] >= maxOfOneSource:
		return http.StatusTooManyRequests
	case s.closed || s.all >= maxTests:
		return http.StatusServiceUnavailable
	}
	s.all++
	s.bySource[source]++
	s.work.Add(1)
	return 0
}

func (s *Server) end(source string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.bySource[source]--; s.bySource[source] == 0 {
		delete(s.bySource, source)
	}
	s.work.Done()
}
