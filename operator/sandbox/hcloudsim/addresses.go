package hcloudsim

import (
	"net/netip"
	"slices"
)

// nextAddr is the n-th address after a.
func nextAddr(a netip.Addr, n int) netip.Addr {
	for range n {
		a = a.Next()
	}
	return a
}

// lastAddr is the highest address of an IPv4 prefix, its broadcast address.
func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(b)
}

// freeIPv4 is the lowest free address of the pool from its tenth on, so that a sandbox's first machine is always found at the
// same place. Returns false when the pool is used up.
func (p *project) freeIPv4(pool netip.Prefix) (netip.Prefix, bool) {
	taken := p.takenIPs()
	last := lastAddr(pool)
	for a := nextAddr(pool.Addr(), 10); a.Less(last); a = a.Next() {
		if candidate := netip.PrefixFrom(a, 32); !taken[candidate] {
			return candidate, true
		}
	}
	return netip.Prefix{}, false
}

// freeIPv6 is the lowest free /64 of the pool from its second on. Returns false when the pool is used up.
func (p *project) freeIPv6(pool netip.Prefix) (netip.Prefix, bool) {
	taken := p.takenIPs()
	b := pool.Addr().As16()
	for {
		carry := 7
		for ; carry >= 0; carry-- { // count in the upper 64 bits
			if b[carry]++; b[carry] != 0 {
				break
			}
		}
		candidate := netip.PrefixFrom(netip.AddrFrom16(b), 64)
		if carry < 0 || !pool.Contains(candidate.Addr()) {
			return netip.Prefix{}, false
		}
		if !taken[candidate] {
			return candidate, true
		}
	}
}

// takenIPs are the public addresses in use.
func (p *project) takenIPs() map[netip.Prefix]bool {
	taken := make(map[netip.Prefix]bool, len(p.PrimaryIPs))
	for _, ip := range p.PrimaryIPs {
		taken[ip.Prefix] = true
	}
	return taken
}

// privateTaken says whether a server uses the address in the network.
func (p *project) privateTaken(network int64, a netip.Addr) bool {
	for _, s := range p.Servers {
		if i := s.inNetwork(network); i >= 0 && (s.Private[i].IP == a || slices.Contains(s.Private[i].Alias, a)) {
			return true
		}
	}
	return false
}

// gateway is the first address of the network's range, for all of its subnets.
func (n *network) gateway() netip.Addr { return n.Range.Addr().Next() }

// assignable says whether a server may have the address: in a subnet, and neither its first, its last nor the gateway.
func (n *network) assignable(a netip.Addr) bool {
	for _, sub := range n.Subnets {
		if sub.Range.Contains(a) {
			return a != sub.Range.Addr() && a != lastAddr(sub.Range) && a != n.gateway()
		}
	}
	return false
}

// freePrivate is the lowest free address of the network in one of the given subnets.
func (p *project) freePrivate(n *network, within netip.Prefix) (netip.Addr, bool) {
	for _, sub := range n.Subnets {
		if within.IsValid() && sub.Range != within {
			continue
		}
		for a := sub.Range.Addr().Next(); sub.Range.Contains(a); a = a.Next() {
			if n.assignable(a) && !p.privateTaken(n.ID, a) {
				return a, true
			}
		}
	}
	return netip.Addr{}, false
}
