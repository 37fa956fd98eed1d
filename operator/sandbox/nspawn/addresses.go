package nspawn

import (
	"encoding/hex"
	"fmt"
	"net/netip"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// The sandboxes of a computer share a range that is routed nowhere and that is no private network's: RFC 2544 §C.2.2, benchmarks.
var benchmark = netip.MustParsePrefix("198.18.0.0/15")

// pools is how many /24 there are in it.
const pools = 512

// linkLocalGateway is every machine's IPv6 gateway, as at Hetzner.
const linkLocalGateway = "fe80::1"

// metadataAddress is where machines ask who they are, as at Hetzner.
var metadataAddress = netip.MustParseAddr("169.254.169.254")

// plan is one sandbox's share of the addresses.
type plan struct {
	v4 netip.Prefix // a /24
	v6 netip.Prefix // a /48
}

// planOf is the share with a number.
func planOf(number int, v6 netip.Prefix) plan {
	first := benchmark.Addr().As4()
	first[1] += byte(number >> 8)
	first[2] = byte(number)
	b := v6.Addr().As16()
	b[4], b[5] = byte(number>>8), byte(number)
	return plan{v4: netip.PrefixFrom(netip.AddrFrom4(first), 24), v6: netip.PrefixFrom(netip.AddrFrom16(b), 48)}
}

// v6Range holds all sandboxes' IPv6 addresses: a unique local prefix (RFC 4193), the next 16 bits of which are the share's number.
var v6Range = netip.MustParsePrefix("fd77:6b72::/32")

// preferred is the share that a sandbox tries first: it keeps its addresses when its folder is made anew.
func preferred(n names) int {
	b, _ := hex.DecodeString(n.tag)
	return (int(b[0])<<8 | int(b[1])) % pools
}

// gateway is every machine's IPv4 gateway; it is in the fabric.
func (p plan) gateway() netip.Addr { return p.v4.Addr().Next() }

// host is this computer as machines see it.
func (p plan) host() netip.Addr { return p.gateway().Next() }

// The fabric's and this computer's IPv6 addresses are in the first /64, which no machine gets.
func (p plan) gateway6() netip.Addr { return p.v6.Addr().Next() }

func (p plan) host6() netip.Addr { return p.gateway6().Next() }

// publicIPv4 is what a machine has on its public interface: its address, or, when the server has none, a link-local one (RFC 3927) that reaches
// the metadata service and nothing else.
func publicIPv4(m hcloudsim.Machine) netip.Addr {
	if m.IPv4.IsValid() {
		return m.IPv4
	}
	return netip.AddrFrom4([4]byte{169, 254, byte(1 + m.ID/250%160), byte(1 + m.ID%250)})
}

// publicIPv6 is the address that a machine uses of its /64: the first one, as Hetzner's images do.
func publicIPv6(m hcloudsim.Machine) (netip.Addr, bool) {
	if !m.IPv6.IsValid() {
		return netip.Addr{}, false
	}
	return m.IPv6.Masked().Addr().Next(), true
}

// covered says whether a machine's addresses are of the share.
func (p plan) covered(m hcloudsim.Machine) error {
	if m.IPv4.IsValid() && !p.v4.Contains(m.IPv4) {
		return fmt.Errorf("address %s is outside of this sandbox's %s; was it made with machines of another kind? `kreisraum sandbox remove` starts over", m.IPv4, p.v4)
	}
	if m.IPv6.IsValid() && !p.v6.Contains(m.IPv6.Addr()) {
		return fmt.Errorf("IPv6 network %s is outside of this sandbox's %s", m.IPv6, p.v6)
	}
	return nil
}
