package hcloudsim

import (
	"context"
	"fmt"
	"net/netip"
	"time"
)

// Runtime makes the simulated servers real. The API side owns all bookkeeping (actions, names, quotas); a Runtime only owns
// machines. All methods are idempotent and safe for concurrent use, and there is one call per machine at a time; each returns
// when the effect is visible.
type Runtime interface {
	// Create prepares a machine, powered off, with its disk laid out from the image or the snapshot. It is called again with
	// the same ID whenever something of the machine has changed, powered on or off: the disk stays, and a machine that is on
	// may take up the change at its next start.
	Create(ctx context.Context, m Machine) error
	// PowerOn boots the machine; it returns when the boot has begun (cloud-init runs on).
	PowerOn(ctx context.Context, id int64) error
	// PowerOff cuts the power.
	PowerOff(ctx context.Context, id int64) error
	// Shutdown asks the machine to stop (ACPI) and waits a little. nil: it stopped; ErrShutdownIgnored: it did not.
	Shutdown(ctx context.Context, id int64) error
	// Reboot asks the machine to stop as Shutdown does and boots it again; if it does not stop, the power is cut. A machine that
	// is off is booted.
	Reboot(ctx context.Context, id int64) error
	// Reset cuts the power and boots the machine again.
	Reset(ctx context.Context, id int64) error
	// Rebuild cuts the power, throws the disk away and lays out a new one from m's image or snapshot; the machine stays off and
	// its next boot is a first boot. m is what the machine is from now on, with the same ID. A machine that does not exist is
	// created.
	Rebuild(ctx context.Context, id int64, m Machine) error
	// Snapshot keeps a copy of the machine's disk under the image's ID, to be booted from by Machine.Snapshot. The machine may
	// be on; then the copy is as after a loss of power. A copy of an earlier, unfinished try is replaced.
	Snapshot(ctx context.Context, id, imageID int64) error
	// DeleteSnapshot removes a copy; machines made from it keep their disks.
	DeleteSnapshot(ctx context.Context, imageID int64) error
	// SetFirewall replaces the inbound rules of the machine's public interface. filtered=false: no firewall is attached.
	SetFirewall(ctx context.Context, id int64, filtered bool, inbound []FirewallRule) error
	// Delete removes the machine and its disk, powered on or off.
	Delete(ctx context.Context, id int64) error
}

// Machine is what a Runtime must know of a server.
type Machine struct {
	ID   int64
	Name string
	// Created tells a server from an earlier one that happened to have the same number.
	Created time.Time
	// IPv4 is the public address; invalid when the server has none.
	IPv4 netip.Addr
	// IPv6 is the server's /64; the machine uses its ::1. Invalid when the server has none.
	IPv6 netip.Prefix
	// Private are all addresses in private networks, the aliases with them.
	Private []netip.Addr
	// Networks are the interfaces in private networks, in the order they were attached.
	Networks       []PrivateNetwork
	UserData       string
	AuthorizedKeys []string // OpenSSH public keys for root
	Image          string   // for example "debian-12"; that of the snapshot's origin when there is a Snapshot
	// Snapshot is the image that the disk is a copy of, as it was given to Runtime.Snapshot. 0: the disk is made from Image.
	Snapshot  int64
	Cores     int
	MemoryMiB int
	DiskGB    int
	Location  string // for example "fsn1"
	Region    string // network zone, for example "eu-central"
}

// PublicMAC is the hardware address of the public interface, made from the ID: it stays the same over restarts.
func (m Machine) PublicMAC() string {
	return fmt.Sprintf("96:00:%02x:%02x:%02x:%02x", byte(m.ID>>24), byte(m.ID>>16), byte(m.ID>>8), byte(m.ID))
}

// PrivateNetwork is a machine's interface in a private network.
type PrivateNetwork struct {
	ID      int64        // of the network
	Name    string       // of the network
	Range   netip.Prefix // of the network
	Subnet  netip.Prefix // that the address is in
	Gateway netip.Addr   // the first address of Range; routes packets for all of it
	IP      netip.Addr
	Alias   []netip.Addr
	MAC     string // for example "86:00:0a:40:00:02"
}

// FirewallRule is one inbound rule. Port is "443" or "10000-20000", empty for icmp.
type FirewallRule struct {
	Protocol string // tcp, udp, icmp, esp, gre
	Port     string
	Sources  []netip.Prefix
}
