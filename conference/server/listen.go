package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// listen opens the TLS port on every address. With port 0 all addresses get the port that the first one was given.
func (s *Server) listen() error {
	addrs, err := addresses(s.cfg.Listen.Addresses)
	if err != nil {
		return err
	}
	port := uint16(s.cfg.Listen.TLSPort)
	for _, a := range addrs {
		l, err := listenTCP(netip.AddrPortFrom(a, port))
		if err != nil {
			return fmt.Errorf("open TLS port: %w", err)
		}
		s.cleanup(func() { l.Close() })
		s.listeners = append(s.listeners, l)
		port = l.Addr().(*net.TCPAddr).AddrPort().Port()
	}
	return nil
}

// listenTCP opens a port for long-lived connections.
func listenTCP(at netip.AddrPort) (net.Listener, error) {
	lc := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 60 * time.Second, Interval: 15 * time.Second, Count: 4}}
	l, err := lc.Listen(context.Background(), "tcp", at.String())
	if err != nil {
		return nil, fmt.Errorf("TCP %s: %w; %s", at, err, remedy(err))
	}
	return l, nil
}

func addresses(texts []string) ([]netip.Addr, error) {
	if len(texts) == 0 {
		return nil, errors.New("listen.addresses is empty; name the machine's public IP addresses")
	}
	addrs := make([]netip.Addr, len(texts))
	for i, text := range texts {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("listen.addresses[%d]: %w", i, err)
		}
		addrs[i] = a
	}
	return addrs, nil
}

// remedy says what to do when the port cannot be bound.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program holds this port: find it with 'ss -ltnp' and stop it, or set listen.tls_port"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "this machine does not have that address: compare the configuration with 'ip address'"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return "a port below 1024 needs the capability CAP_NET_BIND_SERVICE, which the systemd unit gives"
	default:
		return "check the configuration's addresses and ports"
	}
}
