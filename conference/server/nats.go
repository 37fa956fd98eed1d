package server

import (
	"crypto/tls"
	"net/netip"
	"path/filepath"

	"github.com/medienzentrenverbund/kreisraum/conference/bus"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

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
		// The address is tried first: NATS does not say what to do if it is not there.
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

func private(address string, port int) (netip.AddrPort, error) {
	a, err := netip.ParseAddr(address)
	return netip.AddrPortFrom(a, uint16(port)), err
}
