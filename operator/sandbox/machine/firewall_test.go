package machine

import (
	"net/netip"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

func TestFirewall(t *testing.T) {
	school := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	rule := func(protocol, port string) firewall {
		return firewall{filtered: true, rules: []hcloudsim.FirewallRule{{Protocol: protocol, Port: port, Sources: school}}}
	}
	for name, c := range map[string]struct {
		firewall        firewall
		source          string
		listens, admits bool
	}{
		"no firewall":      {firewall{}, "198.51.100.1", true, true},
		"no rules":         {firewall{filtered: true}, "192.0.2.1", false, false},
		"right port":       {rule("tcp", "22"), "192.0.2.1", true, true},
		"IPv6":             {rule("tcp", "22"), "2001:db8::1", true, true},
		"mapped IPv4":      {rule("tcp", "22"), "::ffff:192.0.2.1", true, true},
		"foreign source":   {rule("tcp", "22"), "198.51.100.1", true, false},
		"range":            {rule("tcp", "1-65535"), "192.0.2.1", true, true},
		"below the range":  {rule("tcp", "23-30"), "192.0.2.1", false, false},
		"other port":       {rule("tcp", "443"), "192.0.2.1", false, false},
		"other protocol":   {rule("udp", "22"), "192.0.2.1", false, false},
		"any port":         {rule("tcp", "any"), "192.0.2.1", true, true},
		"nonsense":         {rule("tcp", "x-y"), "192.0.2.1", false, false},
		"rule for nobody":  {firewall{filtered: true, rules: []hcloudsim.FirewallRule{{Protocol: "tcp", Port: "22"}}}, "192.0.2.1", false, false},
		"second rule fits": {firewall{filtered: true, rules: append(rule("tcp", "443").rules, rule("tcp", "22").rules...)}, "192.0.2.1", true, true},
	} {
		if got := c.firewall.listens(sshPort); got != c.listens {
			t.Errorf("%s: listens %v", name, got)
		}
		if got := c.firewall.admits(netip.MustParseAddr(c.source), sshPort); got != c.admits {
			t.Errorf("%s: admits %v", name, got)
		}
	}
}
