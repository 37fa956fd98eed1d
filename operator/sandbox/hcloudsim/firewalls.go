package hcloudsim

import (
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

func firewallRoutes(t *table) {
	t.get("/firewalls", listFirewalls)
	t.post("/firewalls", createFirewall)
	actionRoutes(t, "/firewalls", "firewall")
	t.get("/firewalls/{id}", getFirewall)
	t.put("/firewalls/{id}", updateFirewall)
	t.delete("/firewalls/{id}", deleteFirewall)
	t.post("/firewalls/{id}/actions/set_rules", setFirewallRules)
	t.post("/firewalls/{id}/actions/apply_to_resources", applyFirewall)
	t.post("/firewalls/{id}/actions/remove_from_resources", removeFirewall)
}

func (p *project) renderFirewall(f *firewall) schema.Firewall {
	out := schema.Firewall{
		ID: f.ID, Name: f.Name, Labels: f.Labels, Created: f.Created,
		Rules: []schema.FirewallRule{}, AppliedTo: []schema.FirewallResource{},
	}
	for _, rule := range f.Rules {
		out.Rules = append(out.Rules, rule.render())
	}
	for _, id := range f.Servers {
		out.AppliedTo = append(out.AppliedTo, serverResource(id))
	}
	for _, text := range f.Selectors {
		res := schema.FirewallResource{
			Type: "label_selector", LabelSelector: &schema.FirewallResourceLabelSelector{Selector: text},
			AppliedToResources: []schema.FirewallResource{},
		}
		for _, id := range p.selected(text) {
			res.AppliedToResources = append(res.AppliedToResources, serverResource(id))
		}
		out.AppliedTo = append(out.AppliedTo, res)
	}
	return out
}

func listFirewalls(r *request) (reply, error) {
	return listResources(r, r.Firewalls, "firewalls", func(f *firewall) any { return r.renderFirewall(f) })
}

func getFirewall(r *request) (reply, error) {
	f, err := find(r.Firewalls, "firewall", r.id)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.FirewallGetResponse{Firewall: r.renderFirewall(f)}}, nil
}

func createFirewall(r *request) (reply, error) {
	body, err := decode[schema.FirewallCreateRequest](r)
	if err != nil {
		return reply{}, err
	}
	var v invalidInput
	rules := parseRules(body.Rules, &v)
	if v.err() == nil && len(r.Firewalls) >= r.api.quotas.Firewalls {
		return reply{}, errLimit("firewall limit exceeded", "firewall_limit")
	}
	draft := &firewall{Rules: rules}
	if v.err() == nil {
		if err := r.checkTargets(draft, body.ApplyTo, "apply_to"); err != nil {
			return reply{}, err
		}
	}
	draft.meta, err = newMeta(r, "firewall", r.Firewalls, body.Name, body.Labels, &v)
	if err != nil {
		return reply{}, err
	}
	r.Firewalls[draft.ID] = draft
	actions := []*action{}
	if len(rules) > 0 {
		actions = append(actions, r.quick("set_firewall_rules", ref("firewall", draft.ID)))
	}
	actions = append(actions, r.apply(draft, body.ApplyTo)...)
	return reply{status: http.StatusCreated, body: schema.FirewallCreateResponse{
		Firewall: r.renderFirewall(draft), Actions: r.render(actions...),
	}}, nil
}

func updateFirewall(r *request) (reply, error) {
	body, err := decode[metaUpdate](r)
	if err != nil {
		return reply{}, err
	}
	f, err := find(r.Firewalls, "firewall", r.id)
	if err != nil {
		return reply{}, err
	}
	if err := updateMeta(r, "firewall", r.Firewalls, f, body); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.FirewallUpdateResponse{Firewall: r.renderFirewall(f)}}, nil
}

func deleteFirewall(r *request) (reply, error) {
	f, err := find(r.Firewalls, "firewall", r.id)
	if err != nil {
		return reply{}, err
	}
	if len(f.Servers) > 0 || len(f.Selectors) > 0 {
		return reply{}, errUnprocessable("resource_in_use", "firewall is still applied to a resource")
	}
	delete(r.Firewalls, r.id)
	return reply{status: http.StatusNoContent}, nil
}

// setFirewallRules replaces all rules; one action for the firewall and one for every server that has it.
func setFirewallRules(r *request) (reply, error) {
	body, err := decode[schema.FirewallActionSetRulesRequest](r)
	if err != nil {
		return reply{}, err
	}
	f, err := find(r.Firewalls, "firewall", r.id)
	if err != nil {
		return reply{}, err
	}
	var v invalidInput
	rules := parseRules(body.Rules, &v)
	if err := v.err(); err != nil {
		return reply{}, err
	}
	f.Rules = rules
	actions := []*action{r.quick("set_firewall_rules", ref("firewall", f.ID))}
	for _, id := range r.covered(f) {
		actions = append(actions, r.refilter("apply_firewall", f.ID, id))
	}
	return r.firewallActions(actions)
}
