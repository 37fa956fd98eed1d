package provider

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Firewall filters what reaches the machines' public addresses. The temporary SSH rule (hetzner.TemporarySSH) is no part of
// it: it is neither compared nor removed.
type Firewall struct{ handle }

// FirewallRule lets something in. Whatever no rule lets in is dropped.
type FirewallRule struct {
	Description string `pulumi:"description"`
	// Protocol is tcp, udp or icmp; Port is a port or a range for tcp and udp.
	Protocol string `pulumi:"protocol"`
	Port     string `pulumi:"port,optional"`
	// Sources in CIDR form.
	Sources []string `pulumi:"sources"`
}

// FirewallArgs are the inputs of a Firewall.
type FirewallArgs struct {
	Name   string            `pulumi:"name"`
	Rules  []FirewallRule    `pulumi:"rules"`
	Labels map[string]string `pulumi:"labels"`
}

// FirewallState is what is recorded of a Firewall.
type FirewallState struct{ FirewallArgs }

const firewallKind = "firewall"

func (a FirewallArgs) identity() (string, map[string]string) { return a.Name, a.Labels }

func (r Firewall) kind() kind[hcloud.Firewall] {
	api := &r.cloud.Cloud().Firewall
	return kind[hcloud.Firewall]{
		handle: r.handle, called: firewallKind, byName: api.GetByName, byID: api.GetByID,
		seen: func(f *hcloud.Firewall) (int64, map[string]string) { return f.ID, f.Labels },
		relabel: func(ctx context.Context, f *hcloud.Firewall, labels map[string]string) error {
			_, _, err := api.Update(ctx, f, hcloud.FirewallUpdateOpts{Labels: labels})
			return err
		},
		remove: func(ctx context.Context, id int64) (*hcloud.Response, error) {
			return api.Delete(ctx, &hcloud.Firewall{ID: id})
		},
	}
}

// Create adopts or makes the firewall and brings its rules into the wanted form.
func (r Firewall) Create(ctx context.Context, req infer.CreateRequest[FirewallArgs]) (infer.CreateResponse[FirewallState], error) {
	return runCreate(ctx, r.kind(), req, FirewallState{req.Inputs}, r.ensure)
}

func (r Firewall) ensure(ctx context.Context, in FirewallArgs, _ *FirewallState) (*hcloud.Firewall, error) {
	firewall, err := r.kind().ensure(ctx, in, func(ctx context.Context) (*hcloud.Firewall, []*hcloud.Action, error) {
		rules, err := toCloud(in.Rules)
		if err != nil {
			return nil, nil, err
		}
		made, _, err := r.cloud.Cloud().Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: in.Name, Rules: rules, Labels: in.Labels})
		return made.Firewall, made.Actions, err
	})
	if err != nil {
		return nil, err
	}
	return firewall, r.setRules(ctx, firewall, in)
}

// setRules replaces the rules if they differ, leaving the temporary one in place.
func (r Firewall) setRules(ctx context.Context, firewall *hcloud.Firewall, in FirewallArgs) error {
	if sameRules(fromCloud(firewall.Rules), in.Rules) {
		return nil
	}
	verb := what("set the rules of", firewallKind, in.Name)
	rules, err := toCloud(in.Rules)
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return r.act(ctx, verb, func(ctx context.Context) ([]*hcloud.Action, error) {
		current, _, err := r.cloud.Cloud().Firewall.GetByID(ctx, firewall.ID)
		if err != nil || current == nil {
			return nil, err
		}
		wanted := append(slices.Clone(rules), temporary(current.Rules)...)
		return several(r.cloud.Cloud().Firewall.SetRules(ctx, firewall, hcloud.FirewallSetRulesOpts{Rules: wanted}))
	})
}

// Diff compares what is recorded with what is wanted.
func (r Firewall) Diff(_ context.Context, req infer.DiffRequest[FirewallArgs, FirewallState]) (infer.DiffResponse, error) {
	return firewallChanges(req.State, req.Inputs).response(), nil
}

func firewallChanges(have FirewallState, want FirewallArgs) changes {
	c := changes{}
	c.replace("name", have.Name != want.Name)
	c.update("rules", !sameRules(have.Rules, want.Rules))
	c.labels(have.Labels, want.Labels)
	return c
}

func firewallState(firewall *hcloud.Firewall, _ FirewallState) FirewallState {
	return FirewallState{FirewallArgs{Name: firewall.Name, Rules: fromCloud(firewall.Rules), Labels: firewall.Labels}}
}

// Update writes labels and rules.
func (r Firewall) Update(ctx context.Context, req infer.UpdateRequest[FirewallArgs, FirewallState]) (infer.UpdateResponse[FirewallState], error) {
	return runUpdate(ctx, r.kind(), req, FirewallState{req.Inputs}, r.setRules)
}

// Read brings the recorded state up to date; a firewall that is gone has no ID.
func (r Firewall) Read(ctx context.Context, req infer.ReadRequest[FirewallArgs, FirewallState]) (infer.ReadResponse[FirewallArgs, FirewallState], error) {
	return runRead(ctx, r.kind(), req, firewallState)
}

// Delete takes the firewall off what it still protects and removes it; one that is gone is fine.
func (r Firewall) Delete(ctx context.Context, req infer.DeleteRequest[FirewallState]) (infer.DeleteResponse, error) {
	return runDelete(ctx, r.kind(), req, r.release)
}

// release takes the firewall off every resource. A server that is just being deleted lets go by itself.
func (r Firewall) release(ctx context.Context, firewall *hcloud.Firewall, name string) error {
	if len(firewall.AppliedTo) == 0 {
		return nil
	}
	err := r.act(ctx, what("release", firewallKind, name), func(ctx context.Context) ([]*hcloud.Action, error) {
		return several(r.cloud.Cloud().Firewall.RemoveResources(ctx, firewall, firewall.AppliedTo))
	})
	if hetzner.Classify(err) == hetzner.Gone {
		return nil
	}
	return err
}

// temporary are the temporary SSH rules among rules.
func temporary(rules []hcloud.FirewallRule) []hcloud.FirewallRule {
	return slices.DeleteFunc(slices.Clone(rules), func(rule hcloud.FirewallRule) bool { return !hetzner.IsTemporarySSH(rule) })
}

// toCloud writes rules as the API wants them.
func toCloud(rules []FirewallRule) ([]hcloud.FirewallRule, error) {
	out := make([]hcloud.FirewallRule, 0, len(rules))
	for _, rule := range rules {
		converted := hcloud.FirewallRule{
			Direction:   hcloud.FirewallRuleDirectionIn,
			Protocol:    hcloud.FirewallRuleProtocol(rule.Protocol),
			Description: hcloud.Ptr(rule.Description),
		}
		if rule.Port != "" {
			converted.Port = hcloud.Ptr(rule.Port)
		}
		for _, source := range rule.Sources {
			prefix, err := netip.ParsePrefix(source)
			if err != nil {
				return nil, fmt.Errorf("rule %q: %w", rule.Description, err)
			}
			converted.SourceIPs = append(converted.SourceIPs, hetzner.IPNet(prefix))
		}
		out = append(out, converted)
	}
	return out, nil
}

// fromCloud reads the inbound rules back, without the temporary one. Outbound rules, which we never write, are kept visible
// as rules of their own kind so that they count as a difference.
func fromCloud(rules []hcloud.FirewallRule) []FirewallRule {
	out := make([]FirewallRule, 0, len(rules))
	for _, rule := range rules {
		if hetzner.IsTemporarySSH(rule) {
			continue
		}
		read := FirewallRule{Protocol: string(rule.Protocol), Sources: cidrs(rule.SourceIPs)}
		if rule.Direction == hcloud.FirewallRuleDirectionOut {
			read.Protocol, read.Sources = "out "+read.Protocol, cidrs(rule.DestinationIPs)
		}
		if rule.Description != nil {
			read.Description = *rule.Description
		}
		if rule.Port != nil {
			read.Port = *rule.Port
		}
		out = append(out, read)
	}
	return out
}

func cidrs(networks []net.IPNet) []string {
	out := make([]string, 0, len(networks))
	for _, n := range networks {
		out = append(out, n.String())
	}
	return out
}

// sameRules compares regardless of order.
func sameRules(a, b []FirewallRule) bool {
	return slices.EqualFunc(sortedRules(a), sortedRules(b), func(x, y FirewallRule) bool {
		return compareRules(x, y) == 0
	})
}

func sortedRules(rules []FirewallRule) []FirewallRule {
	sorted := make([]FirewallRule, 0, len(rules))
	for _, rule := range rules {
		rule.Sources = slices.Sorted(slices.Values(rule.Sources))
		sorted = append(sorted, rule)
	}
	slices.SortFunc(sorted, compareRules)
	return sorted
}

func compareRules(x, y FirewallRule) int {
	return cmp.Or(cmp.Compare(x.Protocol, y.Protocol), cmp.Compare(x.Port, y.Port),
		cmp.Compare(x.Description, y.Description), slices.Compare(x.Sources, y.Sources))
}
