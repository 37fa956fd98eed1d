package dnscheck

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// zone is where a name lies, and who keeps it.
type zone struct {
	name    string // with a trailing dot
	servers []server
	// broken says why resolvers refuse what the zone's servers say, "" if they do not.
	broken string
}

// server is one address of a name server; the address is invalid if its name has none.
type server struct {
	name    string
	address netip.AddrPort
}

// zoneOf finds the zone of a name by its SOA record, which stands at the zone's own name and, unless the resolver leaves it out or a CNAME is at
// the name, in every denial (RFC 2308 §3); and the addresses of its servers.
func (l *looker) zoneOf(ctx context.Context, name string) (zone, error) {
	var z zone
	for at := name; z.name == "" && at != "."; at = parent(at) {
		m, err := l.resolve(ctx, at, dns.TypeSOA)
		if err != nil {
			return zone{}, fmt.Errorf("find the zone of %s: %w", strings.TrimSuffix(name, "."), err)
		}
		if m.Rcode == dns.RcodeServerFailure {
			z.broken = signatures
			if m, err = l.unchecked(ctx, at, dns.TypeSOA); err != nil || m.Rcode == dns.RcodeServerFailure {
				return z, fmt.Errorf("this computer's name server fails to find %s (SERVFAIL): the zone's servers may be down, or their delegation "+
					"wrong; the IT department can see why", strings.TrimSuffix(at, "."))
			}
		}
		z.name = owner(m, at)
	}
	if z.name == "" || z.name == "." {
		return z, fmt.Errorf("no zone in the DNS has the name %s in it; is the domain registered, and spelled as in the county's file?", strings.TrimSuffix(name, "."))
	}
	return z, l.findServers(ctx, &z)
}

// signatures is what an answer means that a resolver gives only when it does not check (RFC 4035 §3.2.2).
const signatures = "the zone's DNSSEC signatures do not hold (SERVFAIL with checks, an answer without): the certificate authority and many people " +
	"do not find the name until the IT department has mended that"

// owner is the zone that an answer's SOA record names, "" if it has none for this name.
func owner(m *dns.Msg, name string) string {
	for _, record := range append(slices.Clone(m.Answer), m.Ns...) {
		if _, ok := record.(*dns.SOA); ok && dns.IsSubDomain(record.Header().Name, name) {
			return dns.CanonicalName(record.Header().Name)
		}
	}
	return ""
}

func (l *looker) findServers(ctx context.Context, z *zone) error {
	m, err := l.unchecked(ctx, z.name, dns.TypeNS)
	if err != nil {
		return fmt.Errorf("find the name servers of %s: %w", strings.TrimSuffix(z.name, "."), err)
	}
	var names []string
	for _, record := range m.Answer {
		if ns, ok := record.(*dns.NS); ok {
			names = append(names, dns.CanonicalName(ns.Ns))
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		z.servers = append(z.servers, l.addressesOf(ctx, name)...)
	}
	if len(z.servers) == 0 {
		return fmt.Errorf("the zone %s names no name server", strings.TrimSuffix(z.name, "."))
	}
	z.servers = z.servers[:min(len(z.servers), maxServers)]
	return nil
}

func (l *looker) addressesOf(ctx context.Context, name string) []server {
	short := strings.TrimSuffix(name, ".")
	var out []server
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		m, err := l.unchecked(ctx, name, kind)
		if err != nil {
			continue
		}
		addresses, _ := addressesIn(m, name)
		for _, a := range addresses {
			out = append(out, server{short, netip.AddrPortFrom(a, l.port)})
		}
	}
	if out == nil {
		return []server{{name: short}}
	}
	return out
}
