package sandbox

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
)

// The sandbox's ports on 127.0.0.1. They are fixed, since the ACME directory's address is deployed to the machines: with a new one after each
// start, each `up` would deploy again. Chosen below the ephemeral ports and not registered for anything in wide use.
const (
	DefaultFrontDoor = "127.0.0.1:8443"
	DefaultHCloud    = "127.0.0.1:7780"
	DefaultACME      = "127.0.0.1:7781"
	DefaultDNS       = "127.0.0.1:7753"
)

// Config says where the sandbox lives. Home is required; every other zero value means the default.
type Config struct {
	// Home is the sandbox's folder, for example <home>/sandbox; made when missing, mode 0700.
	Home string
	// Log gets one line per event worth acting on. nil: nothing is logged.
	Log *slog.Logger
	// FrontDoor is where browsers come in, host:port.
	FrontDoor string
	// HCloud is where the simulated cloud's API listens, host:port.
	HCloud string
	// ACME is where the certificate authority listens; the host must be an IP address, machines do not resolve names.
	ACME string
	// DNS is where the name server listens, UDP and TCP.
	DNS string
	// IPv4Pool holds the machines' addresses, a part of 127.0.0.0/8. Zero: the simulator's, 127.77.0.0/16.
	IPv4Pool netip.Prefix
	// IPv6Pool holds the machines' IPv6 addresses. Zero: fd77:6b72::/48.
	IPv6Pool netip.Prefix
}

var defaultIPv6Pool = netip.MustParsePrefix("fd77:6b72::/48")

func (c Config) withDefaults() (Config, error) {
	if c.Home == "" {
		return c, errors.New("sandbox: the home folder is missing")
	}
	home, err := filepath.Abs(c.Home)
	if err != nil {
		return c, fmt.Errorf("sandbox: %w", err)
	}
	c.Home = home
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, a := range []struct {
		address  *string
		name     string
		standard string
	}{
		{&c.FrontDoor, "front door", DefaultFrontDoor}, {&c.HCloud, "cloud API", DefaultHCloud},
		{&c.ACME, "certificate authority", DefaultACME}, {&c.DNS, "name server", DefaultDNS},
	} {
		if *a.address == "" {
			*a.address = a.standard
		}
		host, _, err := net.SplitHostPort(*a.address)
		if err != nil {
			return c, fmt.Errorf("sandbox: address of the %s: %w", a.name, err)
		}
		if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
			return c, fmt.Errorf("sandbox: address of the %s: %q is not a loopback address; the sandbox is for this computer only", a.name, host)
		}
	}
	if !c.IPv6Pool.IsValid() {
		c.IPv6Pool = defaultIPv6Pool
	}
	if c.IPv4Pool.IsValid() && !(c.IPv4Pool.Addr().IsLoopback() && c.IPv4Pool.Bits() >= 8) {
		return c, fmt.Errorf("sandbox: the machines' addresses %s are not a part of 127.0.0.0/8", c.IPv4Pool)
	}
	return c, nil
}

// networkSeed is the machines' range of addresses: sandboxes that run side by side have one each.
func (c Config) networkSeed() string {
	if !c.IPv4Pool.IsValid() {
		return ""
	}
	return c.IPv4Pool.String()
}
