package config

import (
	"math"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

// maxReplicas is what NATS keeps of one bucket at the most (https://docs.nats.io/nats-concepts/jetstream/streams).
const maxReplicas = 5

// Bounds of a bridge's capacity: above them a figure is a mistake, not a machine.
const (
	maxPacketsPerSecond    = 100e6
	maxEgressMbit          = 1e6
	maxHandshakesPerSecond = 100e3
)

// MachineID is this machine's ID, see package identity: a process that is alone is the portal.
func (c Config) MachineID() string {
	if c.Cluster.Machine == "" {
		return identity.Portal
	}
	return c.Cluster.Machine
}

// HasPortal reports whether the process serves the site.
func (c Config) HasPortal() bool { return c.Role != RoleBridge }

// HasBridge reports whether the process has rooms.
func (c Config) HasBridge() bool { return c.Role != RolePortal }

// Alone reports whether the process knows of no private network, and therefore of no other machine.
func (c Config) Alone() bool { return c.HasPortal() && c.Cluster.PrivateAddress == "" }

func (c Config) validateRole(m *mistakes) {
	switch c.Role {
	case RoleBoth, RolePortal:
		if id := c.Cluster.Machine; id != "" && id != identity.Portal {
			m.add("cluster.machine", "%q is not %q, the machine with the site; or this is to be a bridge: role: %s", short(id), identity.Portal, RoleBridge)
		}
	case RoleBridge:
		c.validateBridge(m)
	default:
		m.add("role", "%q is unknown; use %q, %q or %q", short(c.Role), RolePortal, RoleBridge, RoleBoth)
	}
}

// validateBridge asks for what a bridge without a site beside it cannot do without.
func (c Config) validateBridge(m *mistakes) {
	if !identity.IsBridge(c.Cluster.Machine) {
		m.add("cluster.machine", "%q is not a bridge's name, %s to %s", short(c.Cluster.Machine), identity.Bridge(1), identity.Bridge(identity.MaxBridges))
	}
	if c.Cluster.PrivateAddress == "" {
		m.add("cluster.private_address", "empty; the portal reaches a bridge's rooms at its private address")
	}
	if c.Cluster.PortalAddress == "" {
		m.add("cluster.portal_address", "empty; a bridge registers with the portal at its private address")
	}
}

func (c Cluster) validate(m *mistakes, public []string) {
	checkPrivate(m, "cluster.private_address", c.PrivateAddress, public)
	checkPrivate(m, "cluster.portal_address", c.PortalAddress, public)
	checkPort(m, "cluster.rooms_port", c.RoomsPort)
	checkPort(m, "cluster.nats_port", c.NATSPort)
	if n := c.NATSReplicas; n < 1 || n > maxReplicas {
		m.add("cluster.nats_replicas", "%d is not between 1 and %d", n, maxReplicas)
	}
	if c.NATSURL == "" {
		if c.NATSReplicas > 1 {
			m.add("cluster.nats_replicas", "more than one copy needs NATS servers of one's own, see cluster.nats_url")
		}
		return
	}
	for address := range strings.SplitSeq(c.NATSURL, ",") {
		if u, err := url.Parse(address); err != nil || u.Scheme != "tls" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" {
			m.add("cluster.nats_url", "%q is not an address such as tls://10.0.0.5:4222; a machine shows its certificate and needs no password", short(address))
		}
	}
}

// checkPrivate accepts one address that is not also public: what is served there must not be offered to everybody.
func checkPrivate(m *mistakes, path, text string, public []string) {
	if text == "" {
		return
	}
	addr, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		m.add(path, "%q is not an IP address", short(text))
	case addr.IsUnspecified() || addr.IsMulticast() || addr.Zone() != "" || addr.Is4In6():
		m.add(path, "%s is not one address of one machine", text)
	case slices.Contains(public, text):
		m.add(path, "%s is one of listen.addresses; use the address in the county's private network", text)
	}
}

func (c Capacity) validate(m *mistakes) {
	checkCapacity(m, "capacity.packets_per_second", c.PacketsPerSecond, maxPacketsPerSecond)
	checkCapacity(m, "capacity.egress_mbit", c.EgressMbit, maxEgressMbit)
	checkCapacity(m, "capacity.handshakes_per_second", c.HandshakesPerSecond, maxHandshakesPerSecond)
}

func checkCapacity(m *mistakes, path string, value, most float64) {
	if math.IsNaN(value) || value < 0 || value > most {
		m.add(path, "%g is not between 0 (a default by the number of cores) and %g", value, most)
	}
}

func (r Restart) validate(m *mistakes) {
	if r == (Restart{}) {
		return
	}
	at, err := time.Parse(timeOfDay, r.At)
	if err != nil {
		m.add("restart.at", "%q is not a time such as 03:30; leave restart out for no nightly restart", short(r.At))
	}
	if r.Latest != "" {
		switch latest, errLatest := time.Parse(timeOfDay, r.Latest); {
		case errLatest != nil:
			m.add("restart.latest", "%q is not a time such as 04:30", short(r.Latest))
		case err == nil && latest.Equal(at):
			m.add("restart.latest", "the same as restart.at; rooms in use would have a day, or no time at all")
		}
	}
	if _, err := time.LoadLocation(r.TimeZone); err != nil || r.TimeZone == "" || r.TimeZone == "Local" {
		m.add("restart.time_zone", "%q is not a time zone such as Europe/Berlin", short(r.TimeZone))
	}
}

// WithDefaults fills in Latest, one hour after At, if it is empty.
func (r Restart) WithDefaults() Restart {
	if at, err := time.Parse(timeOfDay, r.At); err == nil && r.Latest == "" {
		r.Latest = at.Add(time.Hour).Format(timeOfDay)
	}
	return r
}

const timeOfDay = "15:04"
