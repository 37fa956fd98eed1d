package hcloudsim

import (
	"net/http"
	"slices"

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

func serverResource(id int64) schema.FirewallResource {
	return schema.FirewallResource{Type: "server", Server: &schema.FirewallResourceServer{ID: id}}
}

// selected are the servers that match a label selector, by ID.
func (p *project) selected(text string) []int64 {
	sel, err := parseSelector(text)
	if err != nil {
		return nil
	}
	var ids []int64
	for id, s := range p.Servers {
		if sel.matches(s.Labels) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// covered are all servers a firewall is applied to, by ID.
func (p *project) covered(f *firewall) []int64 {
	ids := slices.Clone(f.Servers)
	for _, text := range f.Selectors {
		ids = append(ids, p.selected(text)...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
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

func (r *request) firewallActions(actions []*action) (reply, error) {
	return reply{status: http.StatusCreated, body: schema.ActionListResponse{Actions: r.render(actions...)}}, nil
}

// refilter brings a server's machine in line with its firewalls.
func (r *request) refilter(command string, firewallID, serverID int64) *action {
	a := r.action(command, ref("firewall", firewallID), ref("server", serverID))
	r.do(serverID, step{action: a.ID, effect: filter})
	return a
}

func applyFirewall(r *request) (reply, error) {
	body, err := decode[schema.FirewallActionApplyToResourcesRequest](r)
	if err != nil {
		return reply{}, err
	}
	f, err := find(r.Firewalls, "firewall", r.id)
	if err != nil {
		return reply{}, err
	}
	if len(body.ApplyTo) == 0 {
		return reply{}, errInvalid("apply_to", "must have at least one resource")
	}
	if err := r.checkTargets(f, body.ApplyTo, "apply_to"); err != nil {
		return reply{}, err
	}
	return r.firewallActions(r.apply(f, body.ApplyTo))
}

// checkTargets refuses what apply could not do; it changes nothing.
func (r *request) checkTargets(f *firewall, targets []schema.FirewallResource, field string) error {
	if err := checkResources(targets, field); err != nil {
		return err
	}
	for _, t := range targets {
		if t.Type == "label_selector" {
			if slices.Contains(f.Selectors, t.LabelSelector.Selector) {
				return errConflict("firewall_already_applied", "firewall is already applied to this label selector")
			}
			continue
		}
		s, ok := r.Servers[t.Server.ID]
		if !ok {
			return &apiError{http.StatusNotFound, "firewall_resource_not_found", "a resource the firewall should be applied to was not found", nil}
		}
		if slices.Contains(f.Servers, s.ID) {
			return errConflict("firewall_already_applied", "firewall is already applied to this server")
		}
		if s.IPv4 == 0 && s.IPv6 == 0 {
			return errUnprocessable("private_net_only_server", "server has no public interface")
		}
		if len(r.firewallsOf(s)) >= maxFirewalls {
			return errLimit("firewall limit of the server exceeded", "server_firewall_limit")
		}
	}
	return nil
}

func checkResources(targets []schema.FirewallResource, field string) error {
	var v invalidInput
	for _, t := range targets {
		switch {
		case t.Type == "server" && t.Server != nil:
		case t.Type == "label_selector" && t.LabelSelector != nil:
			if sel, err := parseSelector(t.LabelSelector.Selector); err != nil || len(sel) == 0 {
				v.add(field, "label selector is not correctly formatted")
			}
		default:
			v.add(field, "must be of type server or label_selector with the matching field")
		}
	}
	return v.err()
}

// apply does what checkTargets allowed; a target named twice counts once.
func (r *request) apply(f *firewall, targets []schema.FirewallResource) []*action {
	actions := []*action{}
	for _, t := range targets {
		servers := []int64{}
		switch {
		case t.Type == "server" && !slices.Contains(f.Servers, t.Server.ID):
			f.Servers = append(f.Servers, t.Server.ID)
			servers = append(servers, t.Server.ID)
		case t.Type == "label_selector" && !slices.Contains(f.Selectors, t.LabelSelector.Selector):
			f.Selectors = append(f.Selectors, t.LabelSelector.Selector)
			servers = r.selected(t.LabelSelector.Selector)
			actions = append(actions, r.quick("apply_firewall", ref("firewall", f.ID)))
		}
		for _, id := range servers {
			actions = append(actions, r.refilter("apply_firewall", f.ID, id))
		}
	}
	return actions
}

func removeFirewall(r *request) (reply, error) {
	body, err := decode[schema.FirewallActionRemoveFromResourcesRequest](r)
	if err != nil {
		return reply{}, err
	}
	f, err := find(r.Firewalls, "firewall", r.id)
	if err != nil {
		return reply{}, err
	}
	if len(body.RemoveFrom) == 0 {
		return reply{}, errInvalid("remove_from", "must have at least one resource")
	}
	if err := r.checkRemovals(f, body.RemoveFrom); err != nil {
		return reply{}, err
	}
	actions := []*action{}
	for _, t := range body.RemoveFrom {
		servers := []int64{}
		if t.Type == "server" {
			f.Servers = slices.DeleteFunc(f.Servers, func(id int64) bool { return id == t.Server.ID })
			servers = append(servers, t.Server.ID)
		} else {
			f.Selectors = slices.DeleteFunc(f.Selectors, func(text string) bool { return text == t.LabelSelector.Selector })
			servers = r.selected(t.LabelSelector.Selector)
			actions = append(actions, r.quick("remove_firewall", ref("firewall", f.ID)))
		}
		for _, id := range servers {
			actions = append(actions, r.refilter("remove_firewall", f.ID, id))
		}
	}
	return r.firewallActions(actions)
}

func (r *request) checkRemovals(f *firewall, targets []schema.FirewallResource) error {
	if err := checkResources(targets, "remove_from"); err != nil {
		return err
	}
	for _, t := range targets {
		switch {
		case t.Type == "label_selector" && slices.Contains(f.Selectors, t.LabelSelector.Selector):
		case t.Type == "server" && slices.Contains(f.Servers, t.Server.ID):
		case t.Type == "server" && r.Servers[t.Server.ID] != nil && f.selects(r.Servers[t.Server.ID]):
			return errUnprocessable("firewall_managed_by_label_selector", "firewall is applied to the server by a label selector")
		default:
			return &apiError{http.StatusNotFound, "firewall_resource_not_found", "firewall is not applied to this resource", nil}
		}
	}
	return nil
}

// relabelled applies and removes firewalls after a server's labels have changed.
func (r *request) relabelled(s *server, before []int64) {
	after := r.firewallsOf(s)
	for _, id := range after {
		if !slices.Contains(before, id) {
			r.refilter("apply_firewall", id, s.ID)
		}
	}
	for _, id := range before {
		if !slices.Contains(after, id) {
			r.refilter("remove_firewall", id, s.ID)
		}
	}
}
