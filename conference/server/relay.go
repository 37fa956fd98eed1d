package server

import (
	"net"
	"net/netip"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
	"github.com/medienzentrenverbund/kreisraum/conference/turn"
)

// openRelay makes the portal's relay over TLS, for those whose network lets no UDP through.
func (s *Server) openRelay() error {
	if s.site == nil {
		return nil
	}
	addrs, err := addresses(s.cfg.Listen.Addresses)
	if err != nil {
		return err
	}
	s.relay = turn.New(turn.Config{Key: s.key, Realm: s.cfg.Domain, Addresses: addrs, Now: s.opt.Now, Log: s.opt.Log})
	s.cleanup(s.relay.Close)
	return nil
}

// drawCredential is turn.NewCredential or turn.NewTrial.
type drawCredential func(k token.Key, targets []netip.AddrPort, now time.Time) turn.Credential

// ice returns what makes fresh credentials for the portal's relay that lead to this machine's media port. The relay is where the site is:
// host is its name as the client sees it.
func (s *Server) ice(draw drawCredential, addrs []netip.Addr, port int) func(host string) *signaling.ICE {
	var targets []netip.AddrPort
	for _, a := range addrs {
		targets = append(targets, netip.AddrPortFrom(a, uint16(port)))
	}
	return func(host string) *signaling.ICE {
		if host == "" { // of a portal that is older than this bridge
			host = s.cfg.Domain
		}
		if _, _, err := net.SplitHostPort(host); err != nil {
			host = net.JoinHostPort(host, "443") // else it would be 5349 (RFC 7065 §3.2)
		}
		c := draw(s.key, targets, s.opt.Now())
		return &signaling.ICE{
			URLs: []string{"turns:" + host + "?transport=tcp"}, Username: signaling.Credential(c.Username), Credential: signaling.Credential(c.Password),
			Seconds: int(c.Life / time.Second),
		}
	}
}
