package dns

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func names() map[string][]netip.Addr {
	return map[string][]netip.Addr{
		"klasse.localhost": {netip.MustParseAddr("127.77.0.10"), netip.MustParseAddr("fd77:6b72:0:1::1")},
		"nur4.localhost":   {netip.MustParseAddr("127.77.0.11")},
	}
}

func TestAnswers(t *testing.T) {
	s, err := Start("127.0.0.1:0", names, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, c := range []struct {
		name  string
		kind  uint16
		want  string
		rcode int
	}{
		{"klasse.localhost.", dns.TypeA, "127.77.0.10", dns.RcodeSuccess},
		{"klasse.localhost.", dns.TypeAAAA, "fd77:6b72:0:1::1", dns.RcodeSuccess},
		{"KLASSE.LocalHost.", dns.TypeA, "127.77.0.10", dns.RcodeSuccess},
		{"nur4.localhost.", dns.TypeAAAA, "", dns.RcodeSuccess},
		{"klasse.localhost.", dns.TypeMX, "", dns.RcodeSuccess},
		{"fremd.localhost.", dns.TypeA, "", dns.RcodeNameError},
		{".", dns.TypeA, "", dns.RcodeNameError},
		{"ns.sandbox.example.", dns.TypeA, "127.0.0.1", dns.RcodeSuccess},
		{"LOCALHOST.", dns.TypeNS, "ns.sandbox.example.", dns.RcodeSuccess},
		{"localhost.", dns.TypeSOA, "localhost.", dns.RcodeSuccess},
		{"localhost.", dns.TypeA, "", dns.RcodeSuccess},
		{"klasse.localhost.", dns.TypeSOA, "", dns.RcodeSuccess},
	} {
		for _, network := range []string{"udp", "tcp"} {
			query := new(dns.Msg)
			query.SetQuestion(c.name, c.kind)
			got, _, err := (&dns.Client{Net: network}).Exchange(query, s.Address())
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, rr := range got.Answer {
				switch rr := rr.(type) {
				case *dns.A:
					text = rr.A.String()
				case *dns.AAAA:
					text = rr.AAAA.String()
				case *dns.NS:
					text = rr.Ns
				case *dns.SOA:
					text = rr.Hdr.Name
				}
			}
			if text != c.want || got.Rcode != c.rcode || !got.Authoritative {
				t.Errorf("%s %s over %s: %q, %s", c.name, dns.TypeToString[c.kind], network, text, dns.RcodeToString[got.Rcode])
			}
			if c.want == "" && len(got.Ns) != 1 {
				t.Errorf("%s %s over %s: a denial without an SOA", c.name, dns.TypeToString[c.kind], network)
			}
		}
	}
}

func TestRefusesWhatItIsNotFor(t *testing.T) {
	chaos := new(dns.Msg)
	chaos.SetQuestion("version.bind.", dns.TypeTXT)
	chaos.Question[0].Qclass = dns.ClassCHAOS
	update := new(dns.Msg)
	update.SetUpdate("localhost.")
	empty := new(dns.Msg)
	for name, query := range map[string]*dns.Msg{"class CH": chaos, "UPDATE": update, "no question": empty} {
		if got := answer(query, names(), netip.MustParseAddr("127.0.0.1")); got.Rcode != dns.RcodeRefused || len(got.Answer) != 0 {
			t.Errorf("%s: %s", name, dns.RcodeToString[got.Rcode])
		}
	}
}

func TestTakenPort(t *testing.T) {
	first, err := Start("127.0.0.1:0", names, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = first.Close() })
	if second, err := Start(first.Address(), names, nil); err == nil {
		_ = second.Close()
		t.Error("two name servers on one port")
	}
}
