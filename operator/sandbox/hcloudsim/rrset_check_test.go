package hcloudsim

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// FuzzRecord: a value that is taken is exactly one record, of the type, at the name.
func FuzzRecord(f *testing.F) {
	for _, seed := range [][3]string{
		{"a", "A", "192.0.2.1"}, {"@", "CAA", `0 issue "letsencrypt.org"`}, {"_443._tcp", "TLSA", "3 1 1 00"}, {"*.a", "TXT", `"x" "y"`},
		{"a", "MX", "10 mail"}, {"a", "CNAME", "b"}, {"a", "A", "192.0.2.1\n@ IN A 192.0.2.2"}, {"a", "TXT", "\"(\n)\""}, {"a", "A", "$INCLUDE /etc/passwd"},
		{"a", "HTTPS", `1 . alpn="h2"`}, {"a", "SRV", "0 0 443 x"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, name, kind, value string) {
		var v invalidInput
		if v.checkRRSetName(name); v.err() != nil {
			return
		}
		rr, err := parseRecord("kreis.example", name, kind, 60, value)
		if err != nil {
			return
		}
		owner := "kreis.example."
		if name != "@" {
			owner = name + "." + owner
		}
		if h := rr.Header(); h.Name != owner || dns.TypeToString[h.Rrtype] != kind || h.Ttl != 60 || h.Class != dns.ClassINET {
			t.Errorf("%q %s %q: got %s", name, kind, value, rr)
		}
	})
}

func TestZonefileIsBounded(t *testing.T) {
	z := &zone{meta: meta{Name: "kreis.example"}, TTL: 3600, RRSets: map[string]*rrset{}}
	err := z.load(strings.Repeat("$GENERATE 1-60000 a$ A 192.0.2.1\n", 1000), time.Time{})
	if err == nil || !strings.Contains(err.Error(), "invalid_input") || len(z.RRSets) > maxZoneRecords {
		t.Errorf("got %v, %d RRSets, want it refused", err, len(z.RRSets))
	}
}

// FuzzZonefile: what is taken comes out again the same.
func FuzzZonefile(f *testing.F) {
	f.Add("$ORIGIN kreis.example.\n$TTL 3600\n@ IN SOA a. b. 1 1 1 1 1\n@ IN NS hydrogen.ns.hetzner.com.\nwww 60 IN A 192.0.2.1 ; site\n")
	f.Add("@ IN SOA a. b. 1 1 1 1 1\n@ IN NS a.\n$INCLUDE /etc/passwd\n")
	f.Add("@ IN SOA a. b. 1 1 1 1 1\n@ IN NS a.\n$GENERATE 1-100000 a$ A 192.0.2.1\n")
	f.Add("@ IN SOA a. b. 1 1 1 1 1\n@ IN NS a.\nt IN TXT \"a\\\"b;c\" ( \"d\"\n )\n")
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		fresh := func() *zone { return &zone{meta: meta{Name: "kreis.example"}, TTL: 3600, RRSets: map[string]*rrset{}} }
		z := fresh()
		if err := z.load(text, now); err != nil {
			if strings.Contains(err.Error(), "root:") {
				t.Fatal("an error tells what is in a file")
			}
			return
		}
		again := fresh()
		if err := again.load(z.file(), now); err != nil {
			t.Fatalf("%v\n%s", err, z.file())
		}
		if z.file() != again.file() {
			t.Errorf("first:\n%s\nthen:\n%s", z.file(), again.file())
		}
	})
}
