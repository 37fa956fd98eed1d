// Package dnscheck compares the county's DNS records with its machine's addresses, and puts what is missing into words.
package dnscheck

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

const (
	// queryTimeout bounds one query to one name server.
	queryTimeout = 2 * time.Second
	// pollEvery is the pause between two looks while waiting.
	pollEvery = 2 * time.Second
	// resolvConf is resolv.conf(5).
	resolvConf = "/etc/resolv.conf"
)

// Wanted is what the DNS must say.
type Wanted struct {
	// Domain without a trailing dot.
	Domain string
	IPv4   netip.Addr
	// IPv6 is invalid when there must be no AAAA record: browsers would prefer it and find nobody.
	IPv6 netip.Addr
}

// Found is what the DNS says.
type Found struct{ A, AAAA []netip.Addr }

// Matches reports whether f is exactly what is wanted.
func (w Wanted) Matches(f Found) bool {
	return slices.Equal(f.A, w.a()) && slices.Equal(f.AAAA, w.aaaa())
}

func (w Wanted) a() []netip.Addr { return []netip.Addr{w.IPv4} }

func (w Wanted) aaaa() []netip.Addr {
	if !w.IPv6.IsValid() {
		return nil
	}
	return []netip.Addr{w.IPv6}
}

// Check looks until the records match or wait has passed; it looks at least once. server is host:port of a name server,
// empty for the system's. It returns a *MismatchError when the records are wrong.
func Check(ctx context.Context, server string, w Wanted, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	for {
		found, err := Look(ctx, server, w.Domain)
		if err == nil && w.Matches(found) {
			return nil
		}
		if time.Until(deadline) < pollEvery || ctx.Err() != nil {
			return verdict(ctx, w, found, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollEvery):
		}
	}
}

func verdict(ctx context.Context, w Wanted, found Found, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("look up %s: %w; check this computer's network and name server, then run the command again", w.Domain, err)
	}
	return &MismatchError{Wanted: w, Found: found}
}

// Look asks for the A and AAAA records of domain, sorted. A name that does not exist has none.
func Look(ctx context.Context, server, domain string) (Found, error) {
	servers, err := nameServers(server)
	if err != nil {
		return Found{}, err
	}
	a, err := ask(ctx, servers, domain, dns.TypeA)
	if err != nil {
		return Found{}, err
	}
	aaaa, err := ask(ctx, servers, domain, dns.TypeAAAA)
	return Found{A: a, AAAA: aaaa}, err
}

func nameServers(server string) ([]string, error) {
	if server != "" {
		return []string{server}, nil
	}
	conf, err := dns.ClientConfigFromFile(resolvConf)
	if err != nil {
		return nil, fmt.Errorf("read the system's name servers: %w", err)
	}
	if len(conf.Servers) == 0 {
		return nil, fmt.Errorf("%s names no name server", resolvConf)
	}
	out := make([]string, len(conf.Servers))
	for i, s := range conf.Servers {
		out[i] = net.JoinHostPort(s, conf.Port)
	}
	return out, nil
}

// ask returns the first server's answer; the next one is asked only when one does not answer.
func ask(ctx context.Context, servers []string, domain string, kind uint16) (addresses []netip.Addr, err error) {
	for _, server := range servers {
		var answer *dns.Msg
		if answer, err = exchange(ctx, server, domain, kind); err == nil {
			return addressesIn(answer), nil
		}
	}
	return nil, err
}

func exchange(ctx context.Context, server, domain string, kind uint16) (*dns.Msg, error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(domain), kind)
	for _, network := range []string{"udp", "tcp"} {
		client := &dns.Client{Net: network, Timeout: queryTimeout}
		answer, _, err := client.ExchangeContext(ctx, question, server)
		if err != nil {
			return nil, fmt.Errorf("name server %s: %w", server, err)
		}
		if answer.Truncated && network == "udp" { // RFC 7766 §5
			continue
		}
		if answer.Rcode != dns.RcodeSuccess && answer.Rcode != dns.RcodeNameError {
			return nil, fmt.Errorf("name server %s answers %s", server, dns.RcodeToString[answer.Rcode])
		}
		return answer, nil
	}
	return nil, fmt.Errorf("name server %s: the answer is too long", server)
}

// addressesIn returns the addresses of the answer whatever CNAMEs lead there.
func addressesIn(answer *dns.Msg) []netip.Addr {
	var out []netip.Addr
	for _, record := range answer.Answer {
		var ip net.IP
		switch r := record.(type) {
		case *dns.A:
			ip = r.A
		case *dns.AAAA:
			ip = r.AAAA
		}
		if addr, ok := netip.AddrFromSlice(ip); ok {
			out = append(out, addr.Unmap())
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// MismatchError says that the records are not what is wanted.
type MismatchError struct {
	Wanted Wanted
	Found  Found
}

// Error returns one sentence, the records in the form of a zone file, and a German paragraph for the IT department.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("the DNS does not lead %s to this county's machine (A: %s, AAAA: %s)\n\nthese records are needed:\n\n%s\n"+
		"for the IT department:\n\n%s\n\nrun the command again when they are set, or let it wait with --wait-dns 30m",
		e.Wanted.Domain, words(e.Found.A), words(e.Found.AAAA), e.Records(), e.Paragraph())
}

func words(addresses []netip.Addr) string {
	if len(addresses) == 0 {
		return "none"
	}
	out := make([]string, len(addresses))
	for i, a := range addresses {
		out[i] = a.String()
	}
	return strings.Join(out, " ")
}

// Records are the wanted records in the form of a zone file (RFC 1035 §5), one a line. The time to live is five minutes, so
// that a correction is quick.
func (e *MismatchError) Records() string {
	var b strings.Builder
	for _, a := range e.Wanted.a() {
		fmt.Fprintf(&b, "%s. 300 IN A %s\n", e.Wanted.Domain, a)
	}
	for _, a := range e.Wanted.aaaa() {
		fmt.Fprintf(&b, "%s. 300 IN AAAA %s\n", e.Wanted.Domain, a)
	}
	return b.String()
}

// Paragraph asks the IT department, in German, for the records.
func (e *MismatchError) Paragraph() string {
	text := fmt.Sprintf("Bitte richten Sie für den Namen %s im DNS einen A-Eintrag auf die Adresse %s ein", e.Wanted.Domain, e.Wanted.IPv4)
	if e.Wanted.IPv6.IsValid() {
		text += fmt.Sprintf(" sowie einen AAAA-Eintrag auf die Adresse %s", e.Wanted.IPv6)
	}
	text += " (Gültigkeit: 300 Sekunden)."
	if !e.Wanted.IPv6.IsValid() && len(e.Found.AAAA) > 0 {
		text += " Den vorhandenen AAAA-Eintrag entfernen Sie bitte; der Server hat keine IPv6-Adresse."
	} else if len(e.Found.A) > 0 || len(e.Found.AAAA) > 0 {
		text += " Bestehende andere Adresseinträge für diesen Namen entfernen Sie bitte."
	}
	return text + " Über diesen Namen erreichen die Schulen den Videokonferenzdienst des Medienzentrums; " +
		"das Zertifikat bezieht der Server danach selbst. Weitere Einträge sind nicht nötig."
}
