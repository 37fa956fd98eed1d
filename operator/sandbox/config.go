package sandbox

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/nspawn"
)

// The sandbox's ports on 127.0.0.1. They are fixed, since the ACME directory's address is deployed to the machines: with a new one after each
// start, each `up` would deploy again. Chosen below the ephemeral ports and not registered for anything in wide use.
const (
	DefaultFrontDoor = "127.0.0.1:8443"
	DefaultHCloud    = "127.0.0.1:7780"
	DefaultACME      = "127.0.0.1:7781"
	DefaultDNS       = "127.0.0.1:7753"

	// With machines of a network of their own: ports at the address that they reach this computer at. Machines ask for names on port 53.
	nspawnACME = ":7781"
	nspawnDNS  = ":53"
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
	// Machines is what the servers are: MachinesProcess or MachinesNspawn. Empty: what the home has, a new one MachinesProcess. With
	// MachinesNspawn, ACME and DNS name a port alone, such as ":7781", as they listen where the machines reach them; and the pools are the
	// runtime's.
	Machines string
	// Images is the folder of the machines' images. Empty: nspawn.ImagesDir.
	Images string
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
	if c.Machines, err = chosenMachines(c.Home, c.Machines); err != nil {
		return c, err
	}
	if c.Images == "" {
		c.Images = nspawn.ImagesDir(os.Getenv)
	}
	if c.FrontDoor == "" {
		c.FrontDoor = DefaultFrontDoor
	}
	if c.HCloud == "" {
		c.HCloud = DefaultHCloud
	}
	if err := errors.Join(loopback("front door", c.FrontDoor), loopback("cloud API", c.HCloud)); err != nil {
		return c, err
	}
	defaults := (*Config).processDefaults
	if c.Machines == MachinesNspawn {
		defaults = (*Config).nspawnDefaults
	}
	err = defaults(&c)
	return c, err
}

// loopback says whether an address is this computer's alone.
func loopback(name, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("sandbox: address of the %s: %w", name, err)
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return fmt.Errorf("sandbox: address of the %s: %q is not a loopback address; the sandbox is for this computer only", name, host)
	}
	return nil
}

// processDefaults are those of machines on loopback addresses.
func (c *Config) processDefaults() error {
	if c.ACME == "" {
		c.ACME = DefaultACME
	}
	if c.DNS == "" {
		c.DNS = DefaultDNS
	}
	if err := errors.Join(loopback("certificate authority", c.ACME), loopback("name server", c.DNS)); err != nil {
		return err
	}
	if !c.IPv6Pool.IsValid() {
		c.IPv6Pool = defaultIPv6Pool
	}
	if c.IPv4Pool.IsValid() && !(c.IPv4Pool.Addr().IsLoopback() && c.IPv4Pool.Bits() >= 8) {
		return fmt.Errorf("sandbox: the machines' addresses %s are not a part of 127.0.0.0/8", c.IPv4Pool)
	}
	return nil
}

// nspawnDefaults are those of machines with a network of their own.
func (c *Config) nspawnDefaults() error {
	if c.IPv4Pool.IsValid() || c.IPv6Pool.IsValid() {
		return errors.New("sandbox: machines of the kind nspawn have the addresses that this computer has free; leave the pools out")
	}
	for _, a := range []struct {
		name, standard string
		address        *string
	}{{"certificate authority", nspawnACME, &c.ACME}, {"name server", nspawnDNS, &c.DNS}} {
		if *a.address == "" {
			*a.address = a.standard
		}
		if host, _, err := net.SplitHostPort(*a.address); err != nil || host != "" {
			return fmt.Errorf("sandbox: address of the %s: %q: machines of the kind nspawn reach it at an address that the sandbox makes for them; "+
				"give a port alone, such as %s", a.name, *a.address, a.standard)
		}
	}
	return nil
}
