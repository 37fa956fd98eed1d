package dnscheck

import (
	"net/netip"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/dns"
)

// TestSandboxIsItsOwnAuthority: the sandbox's one server is found and asked the way the world's are.
func TestSandboxIsItsOwnAuthority(t *testing.T) {
	s, err := dns.Start("127.0.0.1:0", func() map[string][]netip.Addr {
		return map[string][]netip.Addr{"klasse.localhost": {netip.MustParseAddr("127.77.0.10")}}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w := Wanted{Domain: "klasse.localhost", IPv4: netip.MustParseAddr("127.77.0.10"), CA: "letsencrypt.org"}
	if err := Check(t.Context(), s.Address(), w, 0, func(line string) { t.Errorf("remark: %s", line) }); err != nil {
		t.Error(err)
	}
	w.IPv4 = netip.MustParseAddr("127.77.0.11")
	m := mismatch(t, Check(t.Context(), s.Address(), w, 0, func(string) {}))
	if a := m.Report.Answers; len(a) != 1 || a[0].Server != "ns.sandbox.example" || a[0].Problem != "" {
		t.Errorf("answers: %+v", a)
	}
}
