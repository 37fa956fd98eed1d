package server

import (
	"context"
	"crypto/tls"

	"github.com/medienzentrenverbund/kreisraum/conference/bus"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/directory"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// joinAsPortal starts NATS, then the directory, then registers the bridge beside the portal.
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
