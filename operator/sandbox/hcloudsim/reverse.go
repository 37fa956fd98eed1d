package hcloudsim

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// publishReverseNamesLocked makes the current reverse names visible to ReverseNames, and with them the zones to ServedRecords.
func (s *Server) publishReverseNamesLocked() {
	names := map[string][]netip.Addr{}
	for _, ip := range s.project.PrimaryIPs {
		for text, name := range ip.Reverse {
			addr, err := netip.ParseAddr(text)
			if err != nil {
				continue
			}
			if ip.Type == "ipv6" && addr == ip.Prefix.Addr() {
				addr = ip.hostAddr()
			}
			names[name] = append(names[name], addr)
		}
	}
	for name, addrs := range names {
		slices.SortFunc(addrs, netip.Addr.Compare)
		names[name] = slices.Compact(addrs)
	}
	s.reverse.Store(&names)
	s.publishZonesLocked()
}

// hostAddr is the address a server uses: the IPv4 address itself, or ::1 in the /64.
func (ip *primaryIP) hostAddr() netip.Addr {
	if ip.Type == "ipv4" {
		return ip.Prefix.Addr()
	}
	return ip.Prefix.Addr().Next()
}

// generic is the reverse name of an IPv4 address nobody named: static.<reversed>.clients.your-server.de.
func (ip *primaryIP) generic() string {
	b := ip.Prefix.Addr().As4()
	return fmt.Sprintf("static.%d.%d.%d.%d.clients.your-server.de", b[3], b[2], b[1], b[0])
}

// setReverse names an address of the primary IP, or with nil takes its name away.
func (ip *primaryIP) setReverse(address string, name *string) error {
	addr, err := netip.ParseAddr(address)
	if err != nil || addr.Zone() != "" || !ip.Prefix.Contains(addr) {
		return errInvalid("ip", "must be an address of this Primary IP")
	}
	if name == nil || *name == "" {
		delete(ip.Reverse, addr.String())
		return nil
	}
	host := strings.ToLower(strings.TrimSuffix(*name, "."))
	if !isHostName(host) {
		return errInvalid("dns_ptr", "must be a valid hostname")
	}
	if _, known := ip.Reverse[addr.String()]; !known && len(ip.Reverse) >= 100 { // our own bound
		return errLimit("reverse name limit exceeded", "dns_ptr_limit")
	}
	if ip.Reverse == nil {
		ip.Reverse = map[string]string{}
	}
	ip.Reverse[addr.String()] = host
	return nil
}

type ptrEntry struct{ address, name string }

// reverseEntries are the reverse names as the API shows them: an IPv4 address always has one.
func (ip *primaryIP) reverseEntries() []ptrEntry {
	if ip.Type == "ipv4" {
		return []ptrEntry{{ip.Prefix.Addr().String(), cmp.Or(ip.Reverse[ip.Prefix.Addr().String()], ip.generic())}}
	}
	entries := []ptrEntry{}
	for address, name := range ip.Reverse {
		entries = append(entries, ptrEntry{address, name})
	}
	slices.SortFunc(entries, func(a, b ptrEntry) int { return cmp.Compare(a.address, b.address) })
	return entries
}

// holds says whether the text is an address of the primary IP.
func (ip *primaryIP) holds(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && ip.Prefix.Contains(a)
}
