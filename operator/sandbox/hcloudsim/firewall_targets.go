package hcloudsim

import (
	"net/http"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

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
