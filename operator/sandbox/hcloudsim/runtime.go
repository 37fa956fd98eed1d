package hcloudsim

import (
	"context"
	"net/netip"
)

// Runtime makes the simulated servers real. The API side owns all bookkeeping (actions, names, quotas); a Runtime only owns
// machines. All methods are idempotent and safe for concurrent use; each returns when the effect is visible.
type Runtime interface {
	// Create prepares a machine, powered off, with its disk laid out from the image.
	Create(ctx context.Context, m Machine) error
	// PowerOn boots the machine; it returns when the boot has begun (cloud-init runs on).
	PowerOn(ctx context.Context, id int64) error
	// PowerOff cuts the power.
	PowerOff(ctx context.Context, id int64) error
	// Shutdown asks the machine to stop (ACPI) and waits a little. nil: it stopped; ErrShutdownIgnored: it did not.
	Shutdown(ctx context.Context, id int64) error
	// SetFirewall replaces the inbound rules of the machine's public interface. filtered=false: no firewall is attached.
	SetFirewall(ctx context.Context, id int64, filtered bool, inbound []FirewallRule) error
	// Delete removes the machine and its disk, powered on or off.
	Delete(ctx context.Context, id int64) error
}

// Machine is what a Runtime must know of a server.
type Machine struct {
	ID   int64
	Name string
	// IPv4 is the public address; invalid when the server has none.
	IPv4 netip.Addr
	// IPv6 is the server's /64; the machine uses its ::1. Invalid when the server has none.
	IPv6 netip.Prefix
	// Private are the addresses in private networks. Known at PowerOn at the latest: Create is called again with the same
	// ID when they change while the machine is off.
	Private        []netip.Addr
	UserData       string
	AuthorizedKeys []string // OpenSSH public keys for root
	Image          string   // for example "debian-12"
	Cores          int
	MemoryMiB      int
}

// FirewallRule is one inbound rule. Port is "443" or "10000-20000", empty for icmp.
type FirewallRule struct {
	Protocol string // tcp, udp, icmp, esp, gre
	Port     string
	Sources  []netip.Prefix
}
