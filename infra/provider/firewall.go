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

// Create adopts or makes the firewall and brings its rules into the wanted form.
func (r Firewall) Create(ctx context.Context, req infer.CreateRequest[FirewallArgs]) (resp infer.CreateResponse[FirewallState], err error) {
	defer r.report(&err)
	resp.Output = FirewallState{req.Inputs}
	if req.DryRun {
		return resp, nil
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	firewall, err := r.ensure(ctx, req.Inputs)
	if err != nil {
		return resp, err
	}
	resp.ID = formatID(firewall.ID)
	return resp, nil
}

func (r Firewall) ensure(ctx context.Context, in FirewallArgs) (*hcloud.Firewall, error) {
	rules, err := toCloud(in.Rules)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what("create", firewallKind, in.Name), err)
	}
	firewall, err := adoptOrMake(r.handle,
		func() (*hcloud.Firewall, error) { return r.find(ctx, in) },
		func() (*hcloud.Firewall, error) { return r.make(ctx, in, rules) })
	if err != nil {
		return nil, err
	}
	return firewall, r.setRules(ctx, firewall, in, rules)
}

func (r Firewall) make(ctx context.Context, in FirewallArgs, rules []hcloud.FirewallRule) (*hcloud.Firewall, error) {
	verb := what("create", firewallKind, in.Name)
	var made hcloud.FirewallCreateResult
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		made, _, err = r.cloud.Cloud().Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: in.Name, Rules: rules, Labels: in.Labels})
		return err
	})
	if err != nil {
		return nil, err
	}
	r.done("created", firewallKind, made.Firewall.ID)
	return made.Firewall, r.cloud.Wait(ctx, verb, made.Actions...)
}

// setRules replaces the rules if they differ, leaving the temporary one in place.
func (r Firewall) setRules(ctx context.Context, firewall *hcloud.Firewall, in FirewallArgs, rules []hcloud.FirewallRule) error {
	if sameRules(fromCloud(firewall.Rules), in.Rules) {
		return nil
	}
	verb := what("set the rules of", firewallKind, in.Name)
	var actions []*hcloud.Action
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) error {
		current, _, err := r.cloud.Cloud().Firewall.GetByID(ctx, firewall.ID)
		if err != nil || current == nil {
			return err
		}
		wanted := append(slices.Clone(rules), temporary(current.Rules)...)
		actions, _, err = r.cloud.Cloud().Firewall.SetRules(ctx, firewall, hcloud.FirewallSetRulesOpts{Rules: wanted})
		return err
	})
	if err != nil {
		return err
	}
	return r.cloud.Wait(ctx, verb, actions...)
}

func (r Firewall) find(ctx context.Context, in FirewallArgs) (*hcloud.Firewall, error) {
	var firewall *hcloud.Firewall
	err := r.cloud.Do(ctx, what("look up", firewallKind, in.Name), func(ctx context.Context) (err error) {
		firewall, _, err = r.cloud.Cloud().Firewall.GetByName(ctx, in.Name)
		return err
	})
	if err != nil || firewall == nil {
		return nil, err
	}
	return firewall, hetzner.Owned(firewallKind, in.Name, firewall.Labels, in.Labels)
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

func firewallState(firewall *hcloud.Firewall) FirewallState {
	return FirewallState{FirewallArgs{Name: firewall.Name, Rules: fromCloud(firewall.Rules), Labels: firewall.Labels}}
}

// Update writes labels and rules.
func (r Firewall) Update(ctx context.Context, req infer.UpdateRequest[FirewallArgs, FirewallState]) (resp infer.UpdateResponse[FirewallState], err error) {
	defer r.report(&err)
	resp.Output = FirewallState{req.Inputs}
	if req.DryRun {
		return resp, nil
	}
	id, err := parseID(firewallKind, req.ID)
	if err != nil {
		return resp, err
	}
	rules, err := toCloud(req.Inputs.Rules)
	if err != nil {
		return resp, fmt.Errorf("%s: %w", what("update", firewallKind, req.Inputs.Name), err)
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	firewall, err := mustGet(ctx, r.handle, firewallKind, req.Inputs.Name, id, r.cloud.Cloud().Firewall.GetByID)
	if err != nil {
		return resp, err
	}
	err = r.cloud.Do(ctx, what("label", firewallKind, req.Inputs.Name), func(ctx context.Context) (err error) {
		_, _, err = r.cloud.Cloud().Firewall.Update(ctx, firewall, hcloud.FirewallUpdateOpts{Labels: hetzner.Merged(firewall.Labels, req.Inputs.Labels)})
		return err
	})
	if err != nil {
		return resp, err
	}
	return resp, r.setRules(ctx, firewall, req.Inputs, rules)
}

// Read brings the recorded state up to date; a firewall that is gone has no ID.
func (r Firewall) Read(ctx context.Context, req infer.ReadRequest[FirewallArgs, FirewallState]) (resp infer.ReadResponse[FirewallArgs, FirewallState], err error) {
	defer r.report(&err)
	id, err := parseID(firewallKind, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	firewall, err := get(ctx, r.handle, firewallKind, req.State.Name, id, r.cloud.Cloud().Firewall.GetByID)
	if err != nil || firewall == nil {
		return resp, err
	}
	return infer.ReadResponse[FirewallArgs, FirewallState]{ID: req.ID, Inputs: req.Inputs, State: firewallState(firewall)}, nil
}

// Delete takes the firewall off what it still protects and removes it; one that is gone is fine.
func (r Firewall) Delete(ctx context.Context, req infer.DeleteRequest[FirewallState]) (_ infer.DeleteResponse, err error) {
	defer r.report(&err)
	id, err := parseID(firewallKind, req.ID)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	name := req.State.Name
	firewall, err := get(ctx, r.handle, firewallKind, name, id, r.cloud.Cloud().Firewall.GetByID)
	if err != nil || firewall == nil {
		return infer.DeleteResponse{}, err
	}
	if err := r.release(ctx, firewall, name); err != nil {
		return infer.DeleteResponse{}, err
	}
	err = r.cloud.Do(ctx, what("delete", firewallKind, name), func(ctx context.Context) error {
		_, err := r.cloud.Cloud().Firewall.Delete(ctx, firewall)
		return err
	}, hetzner.InUse)
	return infer.DeleteResponse{}, r.tolerateGone(err, firewallKind, id)
}

// release takes the firewall off every resource. A server that is just being deleted lets go by itself.
func (r Firewall) release(ctx context.Context, firewall *hcloud.Firewall, name string) error {
	if len(firewall.AppliedTo) == 0 {
		return nil
	}
	verb := what("release", firewallKind, name)
	var actions []*hcloud.Action
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		actions, _, err = r.cloud.Cloud().Firewall.RemoveResources(ctx, firewall, firewall.AppliedTo)
		return err
	})
	if hetzner.Classify(err) == hetzner.Gone {
		return nil
	}
	if err != nil {
		return err
	}
	return r.cloud.Wait(ctx, verb, actions...)
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
