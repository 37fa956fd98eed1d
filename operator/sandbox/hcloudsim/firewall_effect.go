package hcloudsim

import (
	"slices"
)

// firewallsOf are the firewalls of a server, applied to it directly or by a label selector, by ID.
func (p *project) firewallsOf(s *server) []int64 {
	ids := []int64{}
	for id, f := range p.Firewalls {
		if slices.Contains(f.Servers, s.ID) || f.selects(s) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// selects says whether one of the firewall's label selectors matches the server.
func (f *firewall) selects(s *server) bool {
	return slices.ContainsFunc(f.Selectors, func(text string) bool {
		sel, err := parseSelector(text)
		return err == nil && sel.matches(s.Labels)
	})
}

// inbound are the inbound rules of several firewalls together. Outbound rules are kept but not enforced by a Runtime.
func (p *project) inbound(ids []int64) []FirewallRule {
	var rules []FirewallRule
	for _, id := range ids {
		for _, r := range p.Firewalls[id].Rules {
			if r.Direction == "in" {
				rules = append(rules, FirewallRule{Protocol: r.Protocol, Port: r.Port, Sources: slices.Clone(r.Sources)})
			}
		}
	}
	return rules
}
