package nspawn

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

func TestRulesOfAFirewall(t *testing.T) {
	for name, tt := range map[string]struct {
		rule hcloudsim.FirewallRule
		want []string
	}{
		"the whole world": {hcloudsim.FirewallRule{Protocol: "tcp", Port: "443", Sources: prefixes("0.0.0.0/0", "::/0")},
			[]string{"meta nfproto ipv4 tcp dport 443", "meta nfproto ipv6 tcp dport 443"}},
		"one office": {hcloudsim.FirewallRule{Protocol: "tcp", Port: "22", Sources: prefixes("203.0.113.40/32", "203.0.113.64/28", "2001:db8:40::/48")},
			[]string{"ip saddr { 203.0.113.64/28, 203.0.113.40/32 } tcp dport 22", "ip6 saddr { 2001:db8:40::/48 } tcp dport 22"}},
		"the world makes an office needless": {hcloudsim.FirewallRule{Protocol: "udp", Port: "any", Sources: prefixes("203.0.113.40/32", "0.0.0.0/0")},
			[]string{"meta nfproto ipv4 meta l4proto udp"}},
		"a range of ports": {hcloudsim.FirewallRule{Protocol: "udp", Port: "10000-20000", Sources: prefixes("198.51.100.0/24")},
			[]string{"ip saddr { 198.51.100.0/24 } udp dport 10000-20000"}},
		"ICMP means both": {hcloudsim.FirewallRule{Protocol: "icmp", Sources: prefixes("0.0.0.0/0", "::/0")},
			[]string{"meta nfproto ipv4 meta l4proto icmp", "meta nfproto ipv6 meta l4proto ipv6-icmp"}},
		"nested sources are merged": {hcloudsim.FirewallRule{Protocol: "tcp", Port: "22", Sources: prefixes("203.0.113.0/24", "203.0.113.7/32", "203.0.113.0/24")},
			[]string{"ip saddr { 203.0.113.0/24 } tcp dport 22"}},
		"nobody": {hcloudsim.FirewallRule{Protocol: "tcp", Port: "22"}, nil},
	} {
		got, err := accept(tt.rule)
		if err != nil || strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
			t.Errorf("%s: %q %v, want %q", name, got, err, tt.want)
		}
	}
}

func TestRulesThatAreNoneAreRefused(t *testing.T) {
	for name, r := range map[string]hcloudsim.FirewallRule{
		"protocol":       {Protocol: "sctp", Port: "1"},
		"port":           {Protocol: "tcp", Port: "https"},
		"open range":     {Protocol: "tcp", Port: "1-"},
		"port too large": {Protocol: "udp", Port: "65536"},
		"injection":      {Protocol: "tcp", Port: "22 accept\nflush ruleset"},
	} {
		r.Sources = prefixes("0.0.0.0/0")
		if got, err := guarded(7, []hcloudsim.FirewallRule{r}); err == nil {
			t.Errorf("%s: accepted as %q", name, got)
		}
	}
}

func FuzzRule(f *testing.F) {
	f.Add("tcp", "22", "203.0.113.0/24")
	f.Add("udp", "1-2", "::/0")
	f.Add("icmp", "", "0.0.0.0/0")
	f.Fuzz(func(t *testing.T, protocol, port, source string) {
		p, err := netip.ParsePrefix(source)
		if err != nil {
			t.Skip()
		}
		lines, err := accept(hcloudsim.FirewallRule{Protocol: protocol, Port: port, Sources: []netip.Prefix{p}})
		if err == nil && len(lines) != 1 {
			t.Errorf("%d lines for one source", len(lines))
		}
		for _, line := range lines {
			if strings.ContainsAny(line, "\n;#\"\\") {
				t.Errorf("rule %q leaves its line", line)
			}
		}
	})
}
