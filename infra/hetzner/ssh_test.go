package hetzner_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"pgregory.net/rapid"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

func nets(cidrs ...string) []net.IPNet {
	var out []net.IPNet
	for _, c := range cidrs {
		out = append(out, hetzner.IPNet(netip.MustParsePrefix(c)))
	}
	return out
}

func prefixes(cidrs ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, c := range cidrs {
		out = append(out, netip.MustParsePrefix(c))
	}
	return out
}

func rulesOf(t testing.TB, c *hetzner.Client, id int64) map[string]string {
	t.Helper()
	firewall, _, err := c.Cloud().Firewall.GetByID(t.Context(), id)
	if err != nil || firewall == nil {
		t.Fatalf("firewall %d: %v", id, err)
	}
	rules := map[string]string{}
	for _, r := range firewall.Rules {
		var sources []string
		for _, s := range r.SourceIPs {
			sources = append(sources, s.String())
		}
		rules[*r.Description] = *r.Port + " " + strings.Join(sources, ",")
	}
	return rules
}

func TestOpenAndCloseSSH(t *testing.T) {
	_, c := newClient(t)
	firewall := newFirewall(t, c, "demo")

	if closed, err := c.CloseSSH(t.Context(), firewall.ID); err != nil || closed {
		t.Fatalf("close without a rule: closed %v, err %v", closed, err)
	}
	// Host bits are cleared, the rule of an earlier run is replaced.
	if _, err := c.OpenSSH(t.Context(), firewall.ID, prefixes("192.0.2.7/24")); err != nil {
		t.Fatal(err)
	}
	restore, err := c.OpenSSH(t.Context(), firewall.ID, prefixes("198.51.100.4/32", "2001:db8::1/64"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"site": "443 0.0.0.0/0,::/0", hetzner.TemporarySSH: "22 198.51.100.4/32,2001:db8::/64"}
	if got := rulesOf(t, c, firewall.ID); !equal(got, want) {
		t.Errorf("rules while open: %v, want %v", got, want)
	}
	if err := restore(t.Context()); err != nil {
		t.Fatal(err)
	}
	delete(want, hetzner.TemporarySSH)
	if got := rulesOf(t, c, firewall.ID); !equal(got, want) {
		t.Errorf("rules after closing: %v, want %v", got, want)
	}
}

func TestCloseSSHReportsWhatItRemoved(t *testing.T) {
	_, c := newClient(t)
	firewall := newFirewall(t, c, "demo")
	if _, err := c.OpenSSH(t.Context(), firewall.ID, prefixes("192.0.2.0/24")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, false} {
		if closed, err := c.CloseSSH(t.Context(), firewall.ID); err != nil || closed != want {
			t.Errorf("closed %v, err %v, want %v", closed, err, want)
		}
	}
}

func TestSSHOnMissingFirewall(t *testing.T) {
	_, c := newClient(t)
	if closed, err := c.CloseSSH(t.Context(), 4711); err != nil || closed {
		t.Errorf("close: closed %v, err %v", closed, err)
	}
	_, err := c.OpenSSH(t.Context(), 4711, prefixes("192.0.2.0/24"))
	if hetzner.Classify(err) != hetzner.Gone {
		t.Errorf("open: %v", err)
	}
}

func TestOpenSSHRefusesImpossibleSources(t *testing.T) {
	_, c := newClient(t)
	firewall := newFirewall(t, c, "demo")
	for name, sources := range map[string][]netip.Prefix{
		"none":     nil,
		"invalid":  {{}},
		"too many": make([]netip.Prefix, 101),
	} {
		if _, err := c.OpenSSH(t.Context(), firewall.ID, sources); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if rules := rulesOf(t, c, firewall.ID); len(rules) != 1 {
		t.Errorf("rules changed: %v", rules)
	}
}

// Whatever rules a firewall has, taking the temporary ones away leaves exactly the others in their order, and never nil,
// which the API would read as "unchanged".
func TestWithoutTemporarySSHProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rules []hcloud.FirewallRule
		var kept []*string
		for range rapid.IntRange(0, 6).Draw(t, "rules") {
			description := rapid.SampledFrom([]*string{nil, hcloud.Ptr("site"), hcloud.Ptr(hetzner.TemporarySSH)}).Draw(t, "description")
			rules = append(rules, hcloud.FirewallRule{Description: description})
			if description == nil || *description != hetzner.TemporarySSH {
				kept = append(kept, description)
			}
		}
		got := hetzner.WithoutTemporarySSH(rules)
		if got == nil || len(got) != len(kept) {
			t.Fatalf("kept %v of %d, want %d", got, len(rules), len(kept))
		}
		for i := range got {
			if got[i].Description != kept[i] {
				t.Fatalf("rule %d changed", i)
			}
		}
	})
}

func TestOpenSSHSurvivesConflicts(t *testing.T) {
	sim, c := newClient(t)
	firewall := newFirewall(t, c, "demo")
	sim.InjectFault(lockedOn("POST", "/firewalls", 2))
	if _, err := c.OpenSSH(t.Context(), firewall.ID, prefixes("192.0.2.0/24")); err != nil {
		t.Fatal(err)
	}
	if got := rulesOf(t, c, firewall.ID); len(got) != 2 {
		t.Errorf("rules: %v", got)
	}
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}
