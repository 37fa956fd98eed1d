package hetzner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// TemporarySSH is the description of the rule that lets SSH in while a command runs. The provider leaves it alone.
const TemporarySSH = "kreisraum: temporary SSH"

// maxSources is the API's limit of CIDRs per rule (Hetzner Cloud API, firewalls).
const maxSources = 100

// OpenSSH lets sources reach TCP 22 through the firewall, replacing an earlier temporary rule, and returns once it is in
// force. The function returned takes the rule away again; call it with a context that outlives the command's own.
func (c *Client) OpenSSH(ctx context.Context, firewallID int64, sources []netip.Prefix) (func(context.Context) error, error) {
	what := fmt.Sprintf("open port 22 in firewall %d", firewallID)
	rule, err := temporaryRule(sources)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	changed, err := c.editRules(ctx, what, firewallID, func(rules []hcloud.FirewallRule) []hcloud.FirewallRule {
		return append(WithoutTemporarySSH(rules), rule)
	})
	if err != nil {
		return nil, err
	}
	if !changed {
		return nil, &Error{What: what, Class: Gone, Cause: "the firewall does not exist any more", Next: "run `up` again, it makes a new one"}
	}
	return func(ctx context.Context) error {
		_, err := c.CloseSSH(ctx, firewallID)
		return err
	}, nil
}

// CloseSSH removes the temporary rule and reports whether there was one. A firewall that is gone has none.
func (c *Client) CloseSSH(ctx context.Context, firewallID int64) (closed bool, err error) {
	what := fmt.Sprintf("close port 22 in firewall %d", firewallID)
	return c.editRules(ctx, what, firewallID, func(rules []hcloud.FirewallRule) []hcloud.FirewallRule {
		kept := WithoutTemporarySSH(rules)
		if len(kept) == len(rules) {
			return nil
		}
		return kept
	})
}

// editRules replaces the rules with what edit makes of them and waits until that is in force. A nil slice from edit means
// that nothing is to be done. It reports whether there was something to do; a firewall that is gone is none.
func (c *Client) editRules(ctx context.Context, what string, id int64, edit func([]hcloud.FirewallRule) []hcloud.FirewallRule) (changed bool, err error) {
	var actions []*hcloud.Action
	err = c.Do(ctx, what, func(ctx context.Context) error {
		firewall, _, err := c.cloud.Firewall.GetByID(ctx, id)
		if err != nil || firewall == nil {
			return err
		}
		rules := edit(firewall.Rules)
		if rules == nil {
			return nil
		}
		changed = true
		actions, _, err = c.cloud.Firewall.SetRules(ctx, firewall, hcloud.FirewallSetRulesOpts{Rules: rules})
		return err
	})
	if err != nil {
		return false, err
	}
	return changed, c.Wait(ctx, what, actions...)
}

// WithoutTemporarySSH are the rules without the temporary one, never nil.
func WithoutTemporarySSH(rules []hcloud.FirewallRule) []hcloud.FirewallRule {
	kept := slices.DeleteFunc(slices.Clone(rules), IsTemporarySSH)
	if kept == nil {
		kept = []hcloud.FirewallRule{}
	}
	return kept
}

// IsTemporarySSH tells the temporary rule from the county's own.
func IsTemporarySSH(rule hcloud.FirewallRule) bool {
	return rule.Description != nil && *rule.Description == TemporarySSH
}

// errNoSources means that nobody would get in.
var errNoSources = errors.New("no source addresses are given; name this computer's network under ssh.sources in the county's file")

func temporaryRule(sources []netip.Prefix) (hcloud.FirewallRule, error) {
	if len(sources) == 0 {
		return hcloud.FirewallRule{}, errNoSources
	}
	if len(sources) > maxSources {
		return hcloud.FirewallRule{}, fmt.Errorf("%d source networks are more than the %d a rule can hold; combine them under ssh.sources", len(sources), maxSources)
	}
	rule := hcloud.FirewallRule{
		Direction:   hcloud.FirewallRuleDirectionIn,
		Protocol:    hcloud.FirewallRuleProtocolTCP,
		Port:        hcloud.Ptr("22"),
		Description: hcloud.Ptr(TemporarySSH),
	}
	for _, source := range sources {
		if !source.IsValid() {
			return hcloud.FirewallRule{}, errors.New("a source network is not valid")
		}
		rule.SourceIPs = append(rule.SourceIPs, IPNet(source))
	}
	return rule, nil
}

// IPNet is p as the older type that hcloud-go uses, with host bits cleared because the API refuses them.
func IPNet(p netip.Prefix) net.IPNet {
	p = p.Masked()
	return net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
