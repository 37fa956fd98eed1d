package turn

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// Config is what a Server needs.
type Config struct {
	// Key is the county's; credentials are made with it, see NewCredential.
	Key token.Key
	// Realm is the county's domain.
	Realm string
	// Addresses are this machine's; the first of a family is what the relay sends from.
	Addresses []netip.Addr
	// Now is the clock of credentials, permissions and channels. Default time.Now.
	Now func() time.Time
	Log *slog.Logger

	setup, idle time.Duration // for tests; zero: the defaults
	bound       *bound
}

// Server relays for the connections it is given. Safe for concurrent use.
type Server struct {
	cfg      Config
	bound    *bound
	up, down *rate.Limiter
	full     rate.Sometimes // keeps the log from being filled
	work     sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]struct{}
	conns     map[net.Conn]struct{}
}

// New returns a Server without connections.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.setup == 0 {
		cfg.setup, cfg.idle = setupTime, idleTime
	}
	if cfg.bound == nil {
		cfg.bound = newBound(maxAllocations, maxAllocationsOfSource)
	}
	return &Server{
		cfg: cfg, bound: cfg.bound, up: rate.NewLimiter(allRate, allRate), down: rate.NewLimiter(allRate, allRate),
		full: rate.Sometimes{Interval: time.Minute}, listeners: map[net.Listener]struct{}{}, conns: map[net.Conn]struct{}{},
	}
}

// Serve takes connections, each past its TLS handshake, until Close or until l fails, whose error it returns; after Close nil.
func (s *Server) Serve(l net.Listener) error {
	if !s.open(l) {
		return l.Close()
	}
	for {
		c, err := l.Accept()
		if err != nil {
			if s.isClosed() || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return err
		}
		s.start(c)
	}
}

func (s *Server) open(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.listeners[l] = struct{}{}
	}
	return !s.closed
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// start serves a connection in a goroutine of its own.
func (s *Server) start(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.work.Go(func() {
		defer s.forget(c)
		defer s.contain()
		newConn(s, c).serve()
	})
}

// contain keeps a bug to its connection and logs where it was. The value is left out, since it may hold what a client sent.
func (s *Server) contain() {
	if v := recover(); v != nil {
		s.cfg.Log.Error("relay over TLS panicked", "kind", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
	}
}

func (s *Server) forget(c net.Conn) {
	c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// Allocations is how many there are.
func (s *Server) Allocations() int { return s.bound.count() }

// Close ends all connections and waits until nothing runs any more. Idempotent.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for l := range s.listeners {
		l.Close()
	}
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.work.Wait()
}
