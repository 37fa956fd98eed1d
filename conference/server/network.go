package server

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/netip"
	"path/filepath"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/bus"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/directory"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// insistEvery is how often something private is tried to be opened.
const insistEvery = time.Second

// network is what connects this machine with the others. Its parts are there one after the other, each nil before; see join.
type network struct {
	announcer lateAnnouncer

	mu     sync.Mutex
	store  *bus.Store
	undo   []func() // what closes the parts, last first
	closed bool
}

// add registers a part's end, or ends it at once if the county has been left.
func (n *network) add(undo func()) {
	n.mu.Lock()
	late := n.closed
	if !late {
		n.undo = append(n.undo, undo)
	}
	n.mu.Unlock()
	if late {
		undo()
	}
}

// leave closes what there is, in reverse order, and waits for it. Idempotent.
func (n *network) leave() {
	n.mu.Lock()
	undo := n.undo
	n.undo, n.closed = nil, true
	n.mu.Unlock()
	for i := len(undo) - 1; i >= 0; i-- {
		undo[i]()
	}
}

// run starts f and adds its end.
func (n *network) run(f func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f(ctx) }()
	n.add(func() { cancel(); <-done })
}

// current is the store, nil before it is there.
func (n *network) current() cluster.Store {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.store == nil {
		return nil
	}
	return n.store
}

// join opens what is private, each as soon as that is possible: without the network between machines, or without NATS, the site answers
// and rooms are busy. What a step needs is opened by those before it. It ends early with ctx.
func (s *Server) join(ctx context.Context) {
	if s.site == nil {
		s.joinAsBridge(ctx)
		return
	}
	s.joinAsPortal(ctx)
}

// joinAsBridge registers with the portal once the portal can come in.
func (s *Server) joinAsBridge(ctx context.Context) {
	if !s.insist(ctx, "rooms for the portal", s.serveRooms) {
		return
	}
	s.insist(ctx, "registration with the portal", func() error { return s.announce(s.link(nil)) })
}

func (s *Server) joinAsPortal(ctx context.Context) {
	var nats *bus.Server
	if s.cfg.Cluster.NATSURL == "" {
		ok := s.insist(ctx, "NATS for the county's machines", func() (err error) {
			nats, err = s.startNATS()
			return err
		})
		if !ok {
			return
		}
		s.network.add(nats.Close)
	}
	link := s.link(nats)
	if !s.insist(ctx, "the county's directory", func() error { return s.openDirectory(link) }) || s.media == nil {
		return
	}
	s.insist(ctx, "registration of this machine's bridge", func() error { return s.announce(link) })
}

// insist tries until it works. It returns false if ctx ended first. A mistake is logged once.
func (s *Server) insist(ctx context.Context, what string, try func() error) bool {
	for last := ""; ; {
		err := try()
		if err == nil {
			if last != "" {
				s.opt.Log.Info("opened at last", "what", what)
			}
			return true
		}
		if text := err.Error(); text != last {
			s.opt.Log.Error("cannot be opened yet; trying again every second", "what", what, "error", err)
			last = text
		}
		select {
		case <-time.After(insistEvery):
		case <-ctx.Done():
			return false
		}
	}
}

// messages is the folder of NATS, on a tmpfs and empty.
func (s *Server) messages() string { return filepath.Join(s.cfg.Paths.Runtime, "nats") }

// startNATS listens at the private address; a machine that is alone keeps its NATS to itself.
func (s *Server) startNATS() (*bus.Server, error) {
	c := bus.ServerConfig{StoreDir: s.messages(), Log: s.opt.Log}
	if !s.cfg.Alone() {
		at, err := private(s.cfg.Cluster.PrivateAddress, s.cfg.Cluster.NATSPort)
		if err != nil {
			return nil, err
		}
		// A server that cannot bind says so late and leaves goroutines behind; so the address is tried first.
		l, err := listenTCP(at)
		if err != nil {
			return nil, err
		}
		l.Close()
		c.Listen, c.TLS = at, s.leaf.Machines
	}
	return bus.StartServer(c)
}

// link is the way to NATS: in this process, at an address of one's own servers, or the portal's.
func (s *Server) link(nats *bus.Server) bus.Link {
	c := s.cfg.Cluster
	l := bus.Link{Machine: s.cfg.MachineID(), Server: nats}
	switch {
	case nats != nil:
	case c.NATSURL != "":
		l.URL, l.TLS = c.NATSURL, s.hostTLS
	default:
		at, _ := private(c.PortalAddress, c.NATSPort) // a valid configuration has one
		l.URL, l.TLS = "tls://"+at.String(), func() (*tls.Config, error) { return s.leaf.Client(identity.Portal) }
	}
	return l
}

// hostTLS is for NATS servers of one's own, whose certificates name their hosts.
func (s *Server) hostTLS() (*tls.Config, error) {
	c, err := s.leaf.Client("")
	if err != nil {
		return nil, err
	}
	c.ServerName = ""
	return c, nil
}

// openDirectory lets the portal know where rooms are.
func (s *Server) openDirectory(link bus.Link) error {
	store, err := bus.NewStore(bus.StoreConfig{Link: link, Replicas: s.cfg.Cluster.NATSReplicas, Now: s.opt.Now, Log: s.opt.Log})
	if err != nil {
		return err
	}
	s.network.add(store.Close)
	s.network.mu.Lock()
	s.network.store = store
	s.network.mu.Unlock()
	c := directory.Config{
		Store: store, Key: s.key, RoomsPort: uint16(s.cfg.Cluster.RoomsPort), Now: s.opt.Now, Log: s.opt.Log,
		TLS: func() (*tls.Config, error) { return s.leaf.Client("") }, // the directory says which machine it dials
	}
	if s.media != nil {
		c.Local = s.media.bridge
	}
	d := directory.New(c)
	s.network.run(d.Run)
	s.site.machines.use(d.SetMachines)
	s.site.rooms.there.Store(d)
	s.network.run(s.accountWatch(store).run)
	return nil
}

func (s *Server) accountWatch(store cluster.Store) accountWatch {
	return accountWatch{own: identity.Portal, store: store, ended: s.site.accounts.Ended, log: s.opt.Log}
}

// serveRooms opens the room port for the portal.
func (s *Server) serveRooms() error {
	at, err := private(s.cfg.Cluster.PrivateAddress, s.cfg.Cluster.RoomsPort)
	if err != nil {
		return err
	}
	l, err := listenTCP(at)
	if err != nil {
		return err
	}
	server := newHTTPServer(contain(s.media.bridge, s.opt.Log))
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true) // WebSockets (RFC 6455 §4.1)
	guarded := tls.NewListener(limit(l, maxRoomConns), &tls.Config{
		MinVersion:         tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.leaf.Rooms() },
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(guarded) // ends with Close alone: net/http waits out a shortage
	}()
	s.network.add(func() { server.Close(); <-done })
	return nil
}

// announce lets the portal know of this machine's bridge.
func (s *Server) announce(link bus.Link) error {
	b, err := bus.NewBridge(bus.BridgeConfig{
		Link: link, Boot: s.boot, Version: s.opt.Version, Load: s.media.meter.Load, Proof: s.ledger.Last(),
		OnEvict: s.media.bridge.Evict, OnRestart: s.restartAsOrdered, OnEndAccounts: s.endAccounts,
		Now: s.opt.Now, Log: s.opt.Log,
	})
	if err != nil {
		return err
	}
	s.network.announcer.there.Store(b)
	s.network.add(b.Close)
	return nil
}

// endAccounts follows the portal's word on accounts that are disabled or gone.
func (s *Server) endAccounts(ids []string) {
	gone := make(map[string]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	n := s.media.bridge.EndAccounts(func(id string) bool { return gone[id] })
	s.opt.Log.Info("accounts have ended", "connections_ended", n)
}

func private(address string, port int) (netip.AddrPort, error) {
	a, err := netip.ParseAddr(address)
	return netip.AddrPortFrom(a, uint16(port)), err
}
