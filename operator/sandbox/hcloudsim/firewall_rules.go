package hcloudsim

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// Hetzner Cloud, "Firewalls", limits.
const (
	maxRules          = 50
	maxRuleNetworks   = 100
	maxEffectiveRules = 500
	maxFirewalls      = 5 // per server
)

type firewallRule struct {
	Direction    string         `json:"direction"` // in or out
	Protocol     string         `json:"protocol"`
	Port         string         `json:"port"` // "443" or "10000-20000", empty for icmp, esp and gre
	Sources      []netip.Prefix `json:"sources"`
	Destinations []netip.Prefix `json:"destinations"`
	Description  *string        `json:"description"`
}

// parseRules checks a full set of rules; everything wrong ends up in v.
func parseRules(requests []schema.FirewallRuleRequest, v *invalidInput) []firewallRule {
	if len(requests) > maxRules {
		v.add("rules", "must have at most %d rules", maxRules)
		return nil
	}
	rules, effective := []firewallRule{}, 0
	for i, req := range requests {
		rule := parseRule("rules."+strconv.Itoa(i), req, v)
		rules = append(rules, rule)
		effective += len(rule.Sources) + len(rule.Destinations)
	}
	if effective > maxEffectiveRules {
		v.add("rules", "must have at most %d effective rules", maxEffectiveRules)
	}
	return rules
}

func parseRule(field string, req schema.FirewallRuleRequest, v *invalidInput) firewallRule {
	rule := firewallRule{Direction: req.Direction, Protocol: req.Protocol, Description: req.Description}
	rule.Port = parsePort(field+".port", req, v)
	switch req.Direction {
	case "in":
		rule.Sources = parseNetworks(field+".source_ips", req.SourceIPs, v)
		if len(req.DestinationIPs) > 0 {
			v.add(field+".destination_ips", "must be empty for direction in")
		}
	case "out":
		rule.Destinations = parseNetworks(field+".destination_ips", req.DestinationIPs, v)
		if len(req.SourceIPs) > 0 {
			v.add(field+".source_ips", "must be empty for direction out")
		}
	default:
		v.add(field+".direction", "must be in or out")
	}
	if req.Description != nil && len(*req.Description) > 255 {
		v.add(field+".description", "must have at most 255 characters")
	}
	return rule
}

func parsePort(field string, req schema.FirewallRuleRequest, v *invalidInput) string {
	switch req.Protocol {
	case "tcp", "udp":
		if req.Port == nil || *req.Port == "" {
			v.add(field, "is required for protocol %s", req.Protocol)
			return ""
		}
		if *req.Port == "any" {
			return "1-65535"
		}
		if !isPortRange(*req.Port) {
			v.add(field, "must be a port or a range of ports")
			return ""
		}
		return *req.Port
	case "icmp", "esp", "gre":
		if req.Port != nil && *req.Port != "" {
			v.add(field, "must be empty for protocol %s", req.Protocol)
		}
	default:
		v.add(strings.TrimSuffix(field, "port")+"protocol", "must be tcp, udp, icmp, esp or gre")
	}
	return ""
}

func isPortRange(text string) bool {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, errA := strconv.ParseUint(first, 10, 16)
	b, errB := strconv.ParseUint(last, 10, 16)
	return errA == nil && errB == nil && 1 <= a && a <= b && (!isRange || a < b)
}

func parseNetworks(field string, texts []string, v *invalidInput) []netip.Prefix {
	switch {
	case len(texts) == 0:
		v.add(field, "must have at least one network")
	case len(texts) > maxRuleNetworks:
		v.add(field, "must have at most %d networks", maxRuleNetworks)
		return nil
	}
	var nets []netip.Prefix
	for i, text := range texts {
		n, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
			v.add(field+"."+strconv.Itoa(i), "must be a network in CIDR notation")
		case n != n.Masked():
			v.add(field+"."+strconv.Itoa(i), "must not have host bits set")
		default:
			nets = append(nets, n)
		}
	}
	return nets
}

func (rule firewallRule) render() schema.FirewallRule {
	out := schema.FirewallRule{
		Direction: rule.Direction, Protocol: rule.Protocol, Description: rule.Description,
		SourceIPs: prefixStrings(rule.Sources), DestinationIPs: prefixStrings(rule.Destinations),
	}
	if rule.Port != "" {
		out.Port = &rule.Port
	}
	return out
}

func prefixStrings(nets []netip.Prefix) []string {
	out := []string{}
	for _, n := range nets {
		out = append(out, n.String())
	}
	return out
}
