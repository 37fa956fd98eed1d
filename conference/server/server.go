// Package server puts the conference server together: it opens files and sockets, wires portal, bridge and media, and owns the
// life of all of them. It decides nothing itself.
//
//	TCP 443 ─ demux ─┬─ site ─ access log ─ portal ─ cluster ─ bridge ─ sfu ─ UDP 10000
//	                 ├─ ops API (mutual TLS) ─ backend
//	                 └─ ACME challenges ─ certs
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/accesslog"
	"github.com/medienzentrenverbund/kreisraum/conference/account"
	"github.com/medienzentrenverbund/kreisraum/conference/certs"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/demux"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/portal"
	"github.com/medienzentrenverbund/kreisraum/conference/sfu"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
	"github.com/medienzentrenverbund/kreisraum/conference/web"
)

// Options are what does not come from the configuration file.
type Options struct {
	Log *slog.Logger
	// Version of this binary.
	Version string
	// Deployment is the digest the operator wants to see again, see opsapi.Info.
	Deployment string
	// Now is the clock of tokens, rooms and throttles. Default time.Now.
	Now func() time.Time
}

// Server is a conference server with its sockets open. Make it with New, then call Run once.
type Server struct {
	cfg       config.Config
	opt       Options
	started   time.Time
	key       token.Key
	page      *web.Page
	accounts  *account.Store
	engine    *sfu.Engine
	rooms     rooms
	certs     *certs.Manager
	leaf      *certs.Leaf
	access    *accesslog.Log
	demux     *demux.Demux
	listeners []net.Listener
	site, ops *http.Server

	cleanups []func() // undo New, last first
	once     sync.Once
}

// rooms is the bridge as the server needs it.
type rooms interface {
	http.Handler
	// EndAccounts ends the connections of accounts for which ended is true and returns how many.
	EndAccounts(ended func(accountID string) bool) int
	Counts() (rooms, participants int)
	// Close tells everybody that the server restarts, and waits until they are gone or ctx ends.
	Close(ctx context.Context) error
}

// New opens everything a valid cfg names: files, TLS port, media port. Port 0 takes a free one. The error says what could not be
// opened and what to do; nothing is left open then.
func New(cfg config.Config, opt Options) (_ *Server, err error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, opt: opt, started: opt.Now()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	for _, step := range []func() error{s.openState, s.openMedia, s.listen, s.openCertificates, s.openRooms, s.openServers} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// cleanup registers what undoes a step.
func (s *Server) cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

// close undoes New in reverse order. Idempotent.
func (s *Server) close() {
	s.once.Do(func() {
		for i := len(s.cleanups) - 1; i >= 0; i-- {
			s.cleanups[i]()
		}
	})
}

func (s *Server) openState() error {
	dir := s.cfg.Paths.State
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make state folder: %w; set paths.state to a folder this user may write", err)
	}
	var err error
	if s.key, err = token.LoadOrCreateKey(filepath.Join(dir, "token.key")); err != nil {
		return err
	}
	if s.accounts, err = account.Open(filepath.Join(dir, "accounts.json"), account.Options{Now: s.opt.Now, Log: s.opt.Log}); err != nil {
		return err
	}
	if s.page, err = web.New(); err != nil {
		return err
	}
	s.access, err = accesslog.Open(accesslog.Config{Dir: s.cfg.Paths.Logs, RetentionDays: s.cfg.AccessLog.RetentionDays, Log: s.opt.Log})
	if err != nil {
		return err
	}
	s.cleanup(s.access.Close)
	return nil
}

func (s *Server) openMedia() error {
	addrs, err := addresses(s.cfg.Listen.Addresses)
	if err != nil {
		return err
	}
	s.engine, err = sfu.NewEngine(sfu.Config{Addresses: addrs, Port: s.cfg.Listen.MediaPort, Log: s.opt.Log})
	if err != nil {
		return err
	}
	s.cleanup(func() { s.engine.Close() })
	return nil
}

func (s *Server) openCertificates() error {
	dir := s.cfg.Paths.State
	var err error
	s.leaf, err = certs.NewLeaf(certs.LeafConfig{
		Machine: s.cfg.MachineID(), KeyFile: filepath.Join(dir, "ops.key"), CSRFile: filepath.Join(dir, "ops.csr"),
		CertificateFile: s.cfg.Paths.OpsCertificate, CAFile: s.cfg.Paths.CountyCA, Log: s.opt.Log,
	})
	if err != nil {
		return err
	}
	s.certs, err = certs.New(certs.Config{
		Domain: s.cfg.Domain, Directory: s.cfg.ACME.Directory, Email: s.cfg.ACME.Email, RootsFile: s.cfg.ACME.RootsFile,
		Dir: filepath.Join(dir, "certmagic"), Listen: s.TLSAddr(), Log: s.opt.Log,
	})
	if err != nil {
		return err
	}
	s.cleanup(s.certs.Close)
	return nil
}

func (s *Server) openServers() error {
	s.demux = demux.New(demux.Config{Site: &tls.Config{GetCertificate: s.certs.GetCertificate}, Ops: s.leaf.Ops, Log: s.opt.Log})
	s.cleanup(func() { s.demux.Close() })
	door := portal.New(portal.Config{
		Domain: s.cfg.Domain, Site: siteOf(s.cfg, s.opt.Version), Key: s.key, Accounts: s.accounts,
		Rooms: cluster.Local(s.rooms), Page: s.page, Now: s.opt.Now, Log: s.opt.Log,
	})
	s.site = newHTTPServer(s.access.Wrap(contain(door, s.opt.Log)))
	s.ops = newHTTPServer(contain(opsapi.NewHandler(&backend{s}, s.opt.Log), s.opt.Log))
	s.ops.ReadTimeout = 60 * time.Second // 8 MiB of accounts over a slow line
	return nil
}

func siteOf(cfg config.Config, version string) portal.Site {
	c := cfg.Contact
	return portal.Site{
		Name:    cmp.Or(cfg.Title, c.Name),
		Contact: portal.Contact{Name: c.Name, Email: c.Email, Phone: c.Phone, URL: c.URL},
		Rooms: portal.Rooms{MaxParticipants: cfg.Rooms.MaxParticipants, CodeRequired: cfg.Rooms.CodeRequired,
			ScreenShare: cfg.Rooms.ScreenShare},
		Version: version,
	}
}

// TLSAddr is the first address of the TLS port, with the port that was really taken.
func (s *Server) TLSAddr() netip.AddrPort {
	return s.listeners[0].Addr().(*net.TCPAddr).AddrPort()
}

// MediaPort is the UDP port that was really taken.
func (s *Server) MediaPort() int { return s.engine.Port() }
