package hcloudsim

import (
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// maxGroupMembers: Hetzner Cloud, "Placement groups": a spread group has at most ten servers.
const maxGroupMembers = 10

func placementGroupRoutes(t *table) {
	t.get("/placement_groups", listPlacementGroups)
	t.post("/placement_groups", createPlacementGroup)
	t.get("/placement_groups/{id}", getPlacementGroup)
	t.put("/placement_groups/{id}", updatePlacementGroup)
	t.delete("/placement_groups/{id}", deletePlacementGroup)
}

func (p *project) renderGroup(g *placementGroup) schema.PlacementGroup {
	return schema.PlacementGroup{
		ID: g.ID, Name: g.Name, Labels: g.Labels, Created: g.Created, Servers: p.members(g.ID), Type: "spread",
	}
}

func listPlacementGroups(r *request) (reply, error) {
	return listResources(r, r.PlacementGroups, "placement_groups", func(g *placementGroup) any { return r.renderGroup(g) },
		keep(r, "type", func(*placementGroup) string { return "spread" }))
}

func createPlacementGroup(r *request) (reply, error) {
	body, err := decode[schema.PlacementGroupCreateRequest](r)
	if err != nil {
		return reply{}, err
	}
	var v invalidInput
	if body.Type != "spread" {
		v.add("type", "must be spread")
	}
	if v.err() == nil && len(r.PlacementGroups) >= r.api.quotas.PlacementGroups {
		return reply{}, errLimit("placement group limit exceeded", "placement_group_limit")
	}
	m, err := newMeta(r, "placement group", r.PlacementGroups, body.Name, body.Labels, &v)
	if err != nil {
		return reply{}, err
	}
	g := &placementGroup{meta: m}
	r.PlacementGroups[g.ID] = g
	return reply{status: http.StatusCreated, body: schema.PlacementGroupCreateResponse{PlacementGroup: r.renderGroup(g)}}, nil
}

func getPlacementGroup(r *request) (reply, error) {
	g, err := find(r.PlacementGroups, "placement group", r.id)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.PlacementGroupGetResponse{PlacementGroup: r.renderGroup(g)}}, nil
}

func updatePlacementGroup(r *request) (reply, error) {
	body, err := decode[metaUpdate](r)
	if err != nil {
		return reply{}, err
	}
	g, err := find(r.PlacementGroups, "placement group", r.id)
	if err != nil {
		return reply{}, err
	}
	if err := updateMeta(r, "placement group", r.PlacementGroups, g, body); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.PlacementGroupUpdateResponse{PlacementGroup: r.renderGroup(g)}}, nil
}

func deletePlacementGroup(r *request) (reply, error) {
	if _, err := find(r.PlacementGroups, "placement group", r.id); err != nil {
		return reply{}, err
	}
	if len(r.members(r.id)) > 0 {
		return reply{}, errConflict("resource_in_use", "placement group still has servers")
	}
	delete(r.PlacementGroups, r.id)
	return reply{status: http.StatusNoContent}, nil
}

// roomInGroup says whether one more server fits into the group.
func (p *project) roomInGroup(id int64) error {
	if _, err := find(p.PlacementGroups, "placement group", id); err != nil {
		return err
	}
	if len(p.members(id)) >= maxGroupMembers {
		return errUnprocessable("placement_group_member_limit_reached", "placement group has reached its limit of %d servers", maxGroupMembers)
	}
	return nil
}

func addToPlacementGroup(r *request) (reply, error) {
	body, err := decode[schema.ServerActionAddToPlacementGroupRequest](r)
	if err != nil {
		return reply{}, err
	}
	s, err := r.stoppedServer()
	if err != nil {
		return reply{}, err
	}
	if s.Group != 0 {
		return reply{}, errConflict("already_in_placement_group", "server is already in a placement group")
	}
	if err := r.roomInGroup(body.PlacementGroup); err != nil {
		return reply{}, err
	}
	s.Group = body.PlacementGroup
	a := r.lockingAction(s, "add_to_placement_group", ref("placement_group", s.Group))
	r.do(s.ID, step{action: a.ID})
	return r.actionReply(a)
}

func removeFromPlacementGroup(r *request) (reply, error) {
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	if s.Group == 0 {
		return reply{}, errUnprocessable("not_in_placement_group", "server is not in a placement group")
	}
	a := r.lockingAction(s, "remove_from_placement_group", ref("placement_group", s.Group))
	s.Group = 0
	r.do(s.ID, step{action: a.ID})
	return r.actionReply(a)
}
