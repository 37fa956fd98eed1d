// Package server puts the conference server together: it opens files and sockets, wires portal, bridge and media, and owns the
// life of all of them. It decides nothing itself. docs/cluster.md shows how the machines of a county work together.
//
//	TCP 443 ─ demux ─┬─ relay (TURN) ─ UDP 10000 of this and other machines
//	                 ├─ site ─ access log ─ portal ─ directory ─┬─ bridge ─ sfu ─ UDP 10000      role both
//	                 ├─ ops API (mutual TLS) ─ backend          └─ mutual TLS ─▶ other machines   role portal, both
//	                 └─ ACME challenges ─ certs
//	TCP 7443 (private address, mutual TLS) ─ bridge ─ sfu ─ UDP 10000                             role bridge
//	TCP 4222 (private address, mutual TLS) ─ NATS                                                 role portal, both
package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/certs"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/demux"
	"github.com/medienzentrenverbund/kreisraum/conference/night"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
	"github.com/medienzentrenverbund/kreisraum/conference/turn"
)

// Options are what does not come from the configuration file.
type Options struct {
	Log *slog.Logger
	// Version of this binary.
	Version string
	// Deployment is the digest the operator wants to see again, see opsapi.Info.
	Deployment string
	// Now is the clock of tokens, rooms, throttles and the night. Default time.Now.
	Now func() time.Time
}

// Server is a conference server with its public sockets open. Make it with New, then call Run once.
type Server struct {
	cfg     config.Config
	opt     Options
	started time.Time
	// boot tells this process from the machine's others, see cluster.Lease.
	boot string
	// ownKey is this machine's alone, key the county's; on a machine that is alone they are the same.
	ownKey, key token.Key

	leaf      *certs.Leaf
	media     *media // nil without a bridge
	site      *site  // nil without a portal
	rooms     rooms
	ledger    *night.Ledger
	night     *night.Night
	network   network
	demux     *demux.Demux
	relay     *turn.Server // nil without a portal
	listeners []net.Listener
	ops       *http.Server
	// inherited are the lessons of the process before this one, see handover. forgets says that nobody shall come back to this one's.
	inherited map[cluster.RoomKey]cluster.Record
	forgets   atomic.Bool

	// errands are what nobody waits for but the end.
	errands  sync.WaitGroup
	cleanups []func() // undo New, last first
	once     sync.Once
}

// New opens everything public that a valid cfg names: files, TLS port, media port. Port 0 takes a free one. The error says what could
// not be opened and what to do; nothing is left open then. What is private, rooms for the portal and NATS, Run opens: the network
// between machines may come up later than the server.
func New(cfg config.Config, opt Options) (_ *Server, err error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, opt: opt, started: opt.Now(), boot: rand.Text()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	for _, step := range []func() error{s.openState, s.openHandover, s.openNight, s.openMedia, s.listen, s.openLeaf, s.openSite, s.openServers} {
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

// state is the path of a file in the state folder.
func (s *Server) state(name string) string { return filepath.Join(s.cfg.Paths.State, name) }

func (s *Server) openState() error {
	if err := os.MkdirAll(s.cfg.Paths.State, 0o700); err != nil {
		return fmt.Errorf("make state folder: %w; set paths.state to a folder this user may write", err)
	}
	var err error
	if s.ownKey, err = token.LoadOrCreateKey(s.state("token.key")); err != nil {
		return err
	}
	s.key = s.ownKey
	if s.cfg.Paths.CountyKey == "" {
		return nil
	}
	if s.key, err = token.LoadKey(s.cfg.Paths.CountyKey); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("county's key: %w; run kreisraum up, which brings it", err)
	}
	return err
}

func (s *Server) openLeaf() error {
	var err error
	s.leaf, err = certs.NewLeaf(certs.LeafConfig{
		Machine: s.cfg.MachineID(), KeyFile: s.state("ops.key"), CSRFile: s.state("ops.csr"),
		CertificateFile: s.cfg.Paths.OpsCertificate, CAFile: s.cfg.Paths.CountyCA, Log: s.opt.Log,
	})
	return err
}

func (s *Server) openServers() error {
	s.demux = demux.New(demux.Config{Site: s.siteTLS(), Ops: s.leaf.Ops, Relay: s.site != nil, Log: s.opt.Log})
	s.cleanup(func() { s.demux.Close() })
	if err := s.openRelay(); err != nil {
		return err
	}
	s.ops = newHTTPServer(contain(opsapi.NewHandler(&backend{s}, s.opt.Log), s.opt.Log))
	s.ops.ReadTimeout = 60 * time.Second // 8 MiB of accounts over a slow line
	return nil
}

// TLSAddr is the first address of the TLS port, with the port that was really taken.
func (s *Server) TLSAddr() netip.AddrPort {
	return s.listeners[0].Addr().(*net.TCPAddr).AddrPort()
}

// MediaPort is the UDP port that was really taken; 0 without a bridge.
func (s *Server) MediaPort() int {
	if s.media == nil {
		return 0
	}
	return s.media.engine.Port()
}
