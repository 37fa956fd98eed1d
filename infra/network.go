package infra

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
)

// counties holds the private networks of all counties.
var counties = netip.MustParsePrefix("10.64.0.0/10")

const (
	// networkBits is the length of a county's prefix: 254 hosts, of which it needs a hundred.
	networkBits = 24
	// portalHost is the last byte of the portal's private address; bridge n has the n-th after it.
	portalHost = 10
	// networkZone covers fsn1, nbg1 and hel1.
	networkZone = "eu-central"
)

// PrivateNetwork is the network of a county's machines, drawn from its name: several counties can stand on one computer, and can be
// joined by a VPN one day. There are 16384 of them, so that two of the 35 counties of a state share one with a chance of 1 in 28;
// that matters only where they meet.
func PrivateNetwork(county string) netip.Prefix {
	sum := sha256.Sum256([]byte("kreisraum private network " + county))
	index := binary.BigEndian.Uint32(sum[:]) >> (32 - networkBits + counties.Bits())
	first := counties.Addr().As4()
	var address [4]byte
	binary.BigEndian.PutUint32(address[:], binary.BigEndian.Uint32(first[:])|index<<(32-networkBits))
	return netip.PrefixFrom(netip.AddrFrom4(address), networkBits)
}

// network is the plan's private network.
func (s Spec) network() netip.Prefix {
	if s.NetworkSeed == "" {
		return PrivateNetwork(s.County)
	}
	return PrivateNetwork(s.County + " in " + s.NetworkSeed)
}

// privateAddress is that of the machine with a number, 0 for the portal.
func (s Spec) privateAddress(number int) netip.Addr {
	address := s.network().Addr().As4()
	address[3] = byte(portalHost + number)
	return netip.AddrFrom4(address)
}
