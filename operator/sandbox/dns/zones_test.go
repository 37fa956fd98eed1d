package dns

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// zoneRecords are two zones, one below the other.
func zoneRecords(t testing.TB) map[string][]dns.RR {
	t.Helper()
	out := map[string][]dns.RR{}
	for zone, text := range map[string]string{
		"kreis.example": `
@ 60 IN SOA hydrogen.ns.hetzner.com. dns.hetzner.com. 2026112200 86400 10800 3600000 3600
@ 60 IN NS hydrogen.ns.hetzner.com.
jitsi 60 IN A 192.0.2.1
jitsi 60 IN AAAA 2001:db8::1
@ 60 IN CAA 0 issue "letsencrypt.org"
alias 60 IN CNAME jitsi
away 60 IN CNAME www.other.example.
round 60 IN CNAME round
*.wild 60 IN A 192.0.2.7
b.a.wild 60 IN A 192.0.2.8
deep.below 60 IN A 192.0.2.9
`,
		"klasse.localhost": `
@ 60 IN SOA hydrogen.ns.hetzner.com. dns.hetzner.com. 2026112200 86400 10800 3600000 3600
@ 60 IN A 192.0.2.4
`,
	} {
		parser := dns.NewZoneParser(strings.NewReader(text), zone+".", "")
		for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
			out[zone] = append(out[zone], rr)
		}
		if parser.Err() != nil {
			t.Fatal(parser.Err())
		}
	}
	return out
}

func TestZonesAnswer(t *testing.T) {
	s, err := Start("127.0.0.1:0", names, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	zones := zoneRecords(t)
	s.ServeZones(func() map[string][]dns.RR { return zones })
	for _, tt := range []struct {
		name   string
		kind   uint16
		want   string // last fields of the answers
		rcode  int
		denial bool
	}{
		{"jitsi.kreis.example.", dns.TypeA, "192.0.2.1", 0, false},
		{"JITSI.Kreis.example.", dns.TypeAAAA, "2001:db8::1", 0, false},
		{"jitsi.kreis.example.", dns.TypeTXT, "", 0, true},
		{"kreis.example.", dns.TypeCAA, `"letsencrypt.org"`, 0, false},
		{"kreis.example.", dns.TypeNS, "hydrogen.ns.hetzner.com.", 0, false},
		{"kreis.example.", dns.TypeSOA, "3600", 0, false},
		{"none.kreis.example.", dns.TypeA, "", dns.RcodeNameError, true},
		{"below.kreis.example.", dns.TypeA, "", 0, true},
		{"alias.kreis.example.", dns.TypeA, "jitsi.kreis.example. 192.0.2.1", 0, false},
		{"alias.kreis.example.", dns.TypeCNAME, "jitsi.kreis.example.", 0, false},
		{"away.kreis.example.", dns.TypeA, "www.other.example.", 0, false},
		{"round.kreis.example.", dns.TypeA, strings.TrimSpace(strings.Repeat("round.kreis.example. ", maxAliases)), 0, false},
		{"x.wild.kreis.example.", dns.TypeA, "192.0.2.7", 0, false},
		{"y.x.wild.kreis.example.", dns.TypeA, "192.0.2.7", 0, false},
		{"b.a.wild.kreis.example.", dns.TypeA, "192.0.2.8", 0, false},
		{"c.a.wild.kreis.example.", dns.TypeA, "", dns.RcodeNameError, true},
		{"hydrogen.ns.hetzner.com.", dns.TypeA, "127.0.0.1", 0, false},
		{"klasse.localhost.", dns.TypeA, "192.0.2.4", 0, false}, // the zone, not the reverse name
		{"klasse.localhost.", dns.TypeAAAA, "", 0, true},
		{"nur4.localhost.", dns.TypeA, "127.77.0.11", 0, false}, // no zone: the reverse name
		{"fremd.localhost.", dns.TypeA, "", dns.RcodeNameError, true},
	} {
		query := new(dns.Msg)
		query.SetQuestion(tt.name, tt.kind)
		got, _, err := new(dns.Client).Exchange(query, s.Address())
		if err != nil {
			t.Fatal(err)
		}
		var values []string
		for _, rr := range got.Answer {
			fields := strings.Fields(rr.String())
			values = append(values, fields[len(fields)-1])
		}
		if text := strings.Join(values, " "); text != tt.want || got.Rcode != tt.rcode || (len(got.Ns) > 0) != tt.denial || !got.Authoritative {
			t.Errorf("%s %s: got %q, code %d, authority %v; want %q, code %d, denial %v",
				tt.name, dns.TypeToString[tt.kind], text, got.Rcode, got.Ns, tt.want, tt.rcode, tt.denial)
		}
	}
}

func TestOddQueriesAreNoZonesBusiness(t *testing.T) {
	s := &Server{self: netip.MustParseAddr("127.0.0.1")}
	zones := zoneRecords(t)
	query := new(dns.Msg)
	query.SetQuestion("jitsi.kreis.example.", dns.TypeA)
	if s.fromZones(query) != nil {
		t.Error("without zones: got an answer")
	}
	s.ServeZones(func() map[string][]dns.RR { return zones })
	if s.fromZones(query) == nil {
		t.Error("with zones: got no answer")
	}
	query.Question = append(query.Question, query.Question[0])
	if s.fromZones(query) != nil {
		t.Error("two questions: got an answer")
	}
}
