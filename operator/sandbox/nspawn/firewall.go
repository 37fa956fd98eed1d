package nspawn

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// baseRules are the fabric's. A machine with a firewall has a chain of its own, which the map sends packets to it into; one without passes
// everything. Answers to connections that were let through always pass, as at Hetzner. Private networks are not filtered.
const baseRules = `
table inet provider {
	# what each link may send from
	set own { type ifname . ipv4_addr; }
	set own6 { type ifname . ipv6_addr; flags interval; }
	map guarded { type ifname : verdict; }
	chain forward {
		type filter hook forward priority filter; policy drop;
		iifname "pub*" meta nfproto ipv4 iifname . ip saddr != @own drop
		iifname "pub*" meta nfproto ipv6 iifname . ip6 saddr != @own6 drop
		oifname "net*" drop
		iifname "net*" drop
		ct state established,related accept
		ct state invalid drop
		oifname vmap @guarded
		accept
	}
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		meta l4proto ipv6-icmp accept
		iifname "pub*" meta nfproto ipv4 iifname . ip saddr != @own drop
		ct state established,related accept
		icmp type echo-request accept
		iifname "pub*" ip daddr 169.254.169.254 tcp dport 80 accept
	}
}
`

func chain(id int64) string { return "in" + strconv.FormatInt(id, 10) }

// cleared are the commands after which a machine has no firewall. Deleting what is not there fails the whole transaction: add it first.
func cleared(id int64) string {
	return fmt.Sprintf(`add chain inet provider %[1]s
add element inet provider guarded { %[2]q : goto %[1]s }
delete element inet provider guarded { %[2]q }
flush chain inet provider %[1]s
`, chain(id), publicLink(id))
}

func (f *fabric) unfilter(id int64) error {
	return nft(f.names.fabric(), cleared(id)+fmt.Sprintf("delete chain inet provider %s\n", chain(id)))
}

// filter replaces a machine's inbound rules in one transaction.
func (f *fabric) filter(id int64, inbound []hcloudsim.FirewallRule) error {
	rules, err := guarded(id, inbound)
	if err != nil {
		return err
	}
	return nft(f.names.fabric(), rules)
}

// guarded is the transaction.
func guarded(id int64, inbound []hcloudsim.FirewallRule) (string, error) {
	var b strings.Builder
	b.WriteString(cleared(id))
	for _, r := range inbound {
		lines, err := accept(r)
		if err != nil {
			return "", err
		}
		for _, line := range lines {
			fmt.Fprintf(&b, "add rule inet provider %s %s accept\n", chain(id), line)
		}
	}
	fmt.Fprintf(&b, "add rule inet provider %s drop\n", chain(id))
	fmt.Fprintf(&b, "add element inet provider guarded { %q : goto %s }\n", publicLink(id), chain(id))
	return b.String(), nil
}

// accept are the matches of one rule: one per address family that it has sources of.
func accept(r hcloudsim.FirewallRule) ([]string, error) {
	var lines []string
	for _, v6 := range []bool{false, true} {
		sources := merged(r.Sources, v6)
		if len(sources) == 0 {
			continue
		}
		match, err := protocol(r, v6)
		if err != nil {
			return nil, err
		}
		lines = append(lines, sourceMatch(sources, v6)+" "+match)
	}
	return lines, nil
}

// merged are the prefixes of one address family without those that lie within another: nftables refuses overlaps in a set.
func merged(sources []netip.Prefix, v6 bool) []netip.Prefix {
	var all []netip.Prefix
	for _, s := range sources {
		if s.Addr().Is4() != v6 {
			all = append(all, s.Masked())
		}
	}
	slices.SortFunc(all, func(a, b netip.Prefix) int {
		return cmp.Or(cmp.Compare(a.Bits(), b.Bits()), a.Addr().Compare(b.Addr()))
	})
	var kept []netip.Prefix
	for _, p := range all {
		if !slices.ContainsFunc(kept, func(wider netip.Prefix) bool { return wider.Overlaps(p) }) {
			kept = append(kept, p)
		}
	}
	return kept
}

// sourceMatch is the address family alone for the whole world: nftables refuses a prefix of zero bits in a set.
func sourceMatch(sources []netip.Prefix, v6 bool) string {
	family, address := "ipv4", "ip"
	if v6 {
		family, address = "ipv6", "ip6"
	}
	if sources[0].Bits() == 0 {
		return "meta nfproto " + family
	}
	texts := make([]string, len(sources))
	for i, s := range sources {
		texts[i] = s.String()
	}
	return fmt.Sprintf("%s saddr { %s }", address, strings.Join(texts, ", "))
}

// protocol is a rule's match without its sources. ICMP means ICMPv6 for sources of IPv6.
func protocol(r hcloudsim.FirewallRule, v6 bool) (string, error) {
	switch r.Protocol {
	case "tcp", "udp":
		if r.Port == "any" || r.Port == "" {
			return "meta l4proto " + r.Protocol, nil
		}
		low, high, isRange := strings.Cut(r.Port, "-")
		if !isRange {
			high = low
		}
		for _, port := range []string{low, high} {
			if _, err := strconv.ParseUint(port, 10, 16); err != nil {
				return "", fmt.Errorf("firewall rule: port %q is neither a number nor a range", r.Port)
			}
		}
		return fmt.Sprintf("%s dport %s", r.Protocol, r.Port), nil
	case "icmp":
		if v6 {
			return "meta l4proto ipv6-icmp", nil
		}
		return "meta l4proto icmp", nil
	case "esp", "gre":
		return "meta l4proto " + r.Protocol, nil
	}
	return "", fmt.Errorf("firewall rule: protocol %q is unknown", r.Protocol)
}
