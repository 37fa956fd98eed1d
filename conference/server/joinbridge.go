package server

import (
	"context"
	"crypto/tls"
	"net/http"

	"golang.org/x/net/netutil"

	"github.com/medienzentrenverbund/kreisraum/conference/bus"
)

// maxRoomConns bounds connections at the room port, those without a certificate included; the bridge takes 5,000.
const maxRoomConns = 6000

// joinAsBridge registers with the portal once the portal can come in.
func (s *Server) joinAsBridge(ctx context.Context) {
	if !s.insist(ctx, "rooms for the portal", s.serveRooms) {
		return
	}
	s.insist(ctx, "registration with the portal", func() error { return s.announce(s.link(nil)) })
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
	guarded := tls.NewListener(netutil.LimitListener(l, maxRoomConns), &tls.Config{
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
		Link: link, Boot: s.boot, Version: s.opt.Version, Load: s.media.meter.Load, Proof: s.ledger.Last(), Left: s.inherited,
		OnEvict: s.media.bridge.Evict, OnRestart: s.restartAsOrdered, OnEndAccounts: s.endAccounts,
		Log: s.opt.Log,
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
