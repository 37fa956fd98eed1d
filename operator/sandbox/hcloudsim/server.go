package hcloudsim

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// Server is the simulated cloud: an http.Handler under the prefix /v1. Safe for concurrent use.
type Server struct {
	cfg      Config
	routes   []endpoint
	limiter  *limiter
	faults   faults
	requests requestLog
	answers  atomic.Uint64 // whose time was drawn
	saver    *saver
	tracker  *tracker // used by the saver, with the lock held
	reverse  atomic.Pointer[map[string][]netip.Addr]
	served   atomic.Pointer[map[string][]dns.RR]

	ctx    context.Context // ends with Close; for lanes only
	cancel context.CancelFunc
	work   sync.WaitGroup // lanes and detached jobs
	close  func() error

	mu      sync.Mutex // guards what follows; never held during an effect
	project *project
	catalog *catalog
	quotas  Quotas
	lanes   map[int64]*lane
	drawn   map[string]uint64 // command → actions whose time was drawn
	closed  bool
}

// New starts a simulated cloud. With a state file it first brings the machines in it back, for at most Config.RestoreTimeout;
// a machine that does not come back is logged and its server is off.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	cat, err := loadCatalog()
	if err != nil {
		return nil, err
	}
	cat.stock.now = cfg.Clock.Now
	proj, err := loadProject(cfg.StateFile)
	if err != nil {
		return nil, err
	}
	cfg.Clock.AdvanceTo(proj.Clock)
	s := &Server{
		cfg: cfg, limiter: newLimiter(cfg.RequestsPerHour, cfg.Clock.Now()), project: proj, catalog: cat, quotas: cfg.Quotas,
		lanes: map[int64]*lane{}, drawn: map[string]uint64{}, tracker: newTracker(),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.close = sync.OnceValue(s.shutdown)
	s.routes = endpoints()
	s.saver = startSaver(cfg.StateFile, s.whole, s.changes, cfg.Log)
	s.changedLocked(cfg.Clock.Now().UTC())
	s.restore()
	return s, nil
}

// Close ends all work and saves the state. Machines are left as they are: they belong to the Runtime. Requests that come later
// are answered with 503. Idempotent.
func (s *Server) Close() error { return s.close() }

func (s *Server) shutdown() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.work.Wait()
	if err := s.saver.stop(); err != nil {
		return fmt.Errorf("close the cloud simulator: %w", err)
	}
	return nil
}

// commit changes the project from the work of an action.
func (s *Server) commit(change func(p *project)) { s.commitAt(s.cfg.Clock.Now(), change) }

// commitAt is commit for a change that was due at a time: the clock may have been put forward since.
func (s *Server) commitAt(at time.Time, change func(p *project)) {
	s.mu.Lock()
	change(s.project)
	s.changedLocked(at.UTC())
	s.mu.Unlock()
	s.saver.kick()
}

// changedLocked brings in line what follows from the project.
func (s *Server) changedLocked(now time.Time) {
	s.publishReverseNamesLocked()
	s.project.Ledger.keep(now, s.project, s.catalog)
}

// SetQuota replaces the account's limits. What exists stays.
func (s *Server) SetQuota(q Quotas) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quotas = q
}

// ReverseNames maps every reverse name that was set explicitly to the addresses that have it: what a name server that follows
// suit should answer. Names are in lower case without a trailing dot. The map is the caller's, the addresses in it must not be
// changed. Cheap enough to ask at every query.
func (s *Server) ReverseNames() map[string][]netip.Addr { return maps.Clone(*s.reverse.Load()) }
