package dnscheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"
)

const (
	// resolvConf is resolv.conf(5).
	resolvConf = "/etc/resolv.conf"
	// maxServers bounds how many addresses of a zone's servers are asked; a zone has two to eight.
	maxServers = 16
	// maxAliases bounds a chain of CNAMEs.
	maxAliases = 5
)

// looker asks. It holds no state between two looks.
type looker struct {
	resolvers []string // host:port
	// port is that of the zone's servers, the same as the resolver's: 53 everywhere but in the sandbox, whose one server is both.
	port uint16
}

func newLooker(resolver string) (*looker, error) {
	l := &looker{port: 53}
	if resolver == "" {
		conf, err := dns.ClientConfigFromFile(resolvConf)
		if err != nil {
			return nil, fmt.Errorf("read the system's name servers: %w", err)
		}
		for _, s := range conf.Servers {
			l.resolvers = append(l.resolvers, net.JoinHostPort(s, conf.Port))
		}
		if len(l.resolvers) == 0 {
			return nil, fmt.Errorf("%s names no name server; enter one", resolvConf)
		}
		return l, nil
	}
	at, err := netip.ParseAddrPort(resolver)
	if err != nil {
		return nil, fmt.Errorf("name server %q: %w", resolver, err)
	}
	l.resolvers, l.port = []string{resolver}, at.Port()
	return l, nil
}

// look asks everybody once. The error is one of this computer's network or of the zone's delegation; wrong records are in the report.
func (l *looker) look(ctx context.Context, w Wanted) (Report, error) {
	report := Report{Wanted: w}
	name := dns.Fqdn(ascii(w.Domain))
	zone, err := l.zoneOf(ctx, name)
	if err != nil {
		return report, err
	}
	report.Zone = strings.TrimSuffix(zone.name, ".")
	report.Broken = zone.broken
	report.Answers = l.askAll(ctx, zone, name, 0)
	zone.servers = reached(zone.servers, report.Answers)
	if len(zone.servers) == 0 {
		if a, err := l.secondHand(ctx, name); err == nil {
			report.Answers = []Answer{a}
			report.Remarks = append(report.Remarks, "none of the zone's name servers can be asked from here, perhaps because of a firewall; what this "+
				"computer's own name server says may be old by the time to live of the records")
		}
	}
	for _, a := range report.Answers {
		if a.Problem == "" && a.Alias != "" && w.Matches(a.Found) {
			report.Remarks = append(report.Remarks, fmt.Sprintf("%s is a CNAME to %s; that works as long as that name stays", w.Domain, a.Alias))
			break
		}
	}
	if w.CA != "" {
		var remark string
		if report.Forbidden, remark = l.caa(ctx, name, w.CA, zone); remark != "" {
			report.Remarks = append(report.Remarks, remark)
		}
	}
	return report, nil
}

// reached are the servers that said anything.
func reached(all []server, answers []Answer) []server {
	return slices.DeleteFunc(slices.Clone(all), func(s server) bool {
		return slices.ContainsFunc(answers, func(a Answer) bool { return a.Address == s.address && a.Problem == noAnswer })
	})
}

// askAll asks all servers of a zone at the same time.
func (l *looker) askAll(ctx context.Context, z zone, name string, depth int) []Answer {
	answers := make([]Answer, len(z.servers))
	var wg sync.WaitGroup
	for i, s := range z.servers {
		wg.Go(func() { answers[i] = l.ask(ctx, s, name, depth) })
	}
	wg.Wait()
	return answers
}

// ask puts both questions to one server.
func (l *looker) ask(ctx context.Context, s server, name string, depth int) Answer {
	a := Answer{Server: s.name, Address: s.address}
	if !s.address.IsValid() {
		a.Problem = "has no address; the zone's NS record leads nowhere"
		return a
	}
	var target string
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		m, err := exchange(ctx, s.address.String(), question(name, kind))
		if err == nil {
			err = authoritative(m)
		}
		if err != nil {
			a.Problem = err.Error()
			return a
		}
		addresses, alias := addressesIn(m, name)
		if alias != "" {
			a.Alias = strings.TrimSuffix(alias, ".")
			if len(addresses) == 0 {
				target = alias
			}
		}
		if kind == dns.TypeA {
			a.Found.A = addresses
		} else {
			a.Found.AAAA = addresses
		}
	}
	if target != "" && len(a.Found.A) == 0 && len(a.Found.AAAA) == 0 {
		a.Found, a.Problem = l.follow(ctx, target, depth+1)
	}
	return a
}

// follow asks the first server that answers for the name that a CNAME leads to, in that name's own zone.
func (l *looker) follow(ctx context.Context, name string, depth int) (Found, string) {
	if depth > maxAliases {
		return Found{}, "CNAMEs lead in a circle or through more than five names"
	}
	z, err := l.zoneOf(ctx, name)
	if err != nil {
		return Found{}, "leads on to " + strings.TrimSuffix(name, ".") + " (CNAME): " + err.Error()
	}
	problem := "leads on to " + strings.TrimSuffix(name, ".") + " (CNAME), whose zone has no name server"
	for _, a := range l.askAll(ctx, z, name, depth) {
		if a.Problem == "" {
			return a.Found, ""
		}
		problem = "leads on to " + strings.TrimSuffix(name, ".") + " (CNAME), where " + a.Server + " " + a.Problem
	}
	return Found{}, problem
}

// secondHand is what the resolver says.
func (l *looker) secondHand(ctx context.Context, name string) (Answer, error) {
	a := Answer{Server: "this computer's name server"}
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		m, err := l.resolve(ctx, name, kind)
		if err != nil {
			return a, err
		}
		addresses, alias := addressesIn(m, name)
		a.Alias = strings.TrimSuffix(alias, ".")
		if kind == dns.TypeA {
			a.Found.A = addresses
		} else {
			a.Found.AAAA = addresses
		}
	}
	return a, nil
}

// addressesIn returns the addresses of the answer by way of whatever CNAMEs are in it, and where those end; "" without one.
func addressesIn(m *dns.Msg, name string) (addresses []netip.Addr, alias string) {
	at := dns.CanonicalName(name)
	for range maxAliases + 1 {
		next := ""
		for _, record := range m.Answer {
			if dns.CanonicalName(record.Header().Name) != at {
				continue
			}
			var ip net.IP
			switch r := record.(type) {
			case *dns.A:
				ip = r.A
			case *dns.AAAA:
				ip = r.AAAA
			case *dns.CNAME:
				next = dns.CanonicalName(r.Target)
			}
			if addr, ok := netip.AddrFromSlice(ip); ok {
				addresses = append(addresses, addr.Unmap())
			}
		}
		if next == "" || len(addresses) > 0 {
			break
		}
		at, alias = next, next
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	return slices.Compact(addresses), alias
}

// Errors of a server that does not do its part, in words.
var (
	errNotAuthoritative = errors.New("is named in the zone's NS records but does not keep the zone (a lame server); the IT department can mend that")
	errRefused          = errors.New("refuses to answer, although the zone's NS records name it; the IT department can mend that")
	errServerFailure    = errors.New("fails to answer (SERVFAIL); the zone may not be loaded there, the IT department can see why")
)

// authoritative tells a server's own word from all others.
func authoritative(m *dns.Msg) error {
	switch {
	case m.Rcode == dns.RcodeRefused:
		return errRefused
	case m.Rcode == dns.RcodeServerFailure:
		return errServerFailure
	case m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError:
		return fmt.Errorf("answers %s", dns.RcodeToString[m.Rcode])
	case !m.Authoritative:
		return errNotAuthoritative
	}
	return nil
}
