package hcloudsim

import (
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// listActions is GET /actions: only those asked for by ID; listing all was removed on 2025-01-30.
func listActions(r *request) (reply, error) {
	if len(r.query["id"]) == 0 {
		return reply{}, deprecatedEndpoint("listing all actions is no longer possible; ask for IDs")
	}
	var found []*action
	seen := map[int64]bool{}
	for _, text := range r.query["id"] {
		id := number(text)
		if id < 0 {
			return reply{}, errInvalid("id", "must be a positive number")
		}
		if a, ok := r.Actions[id]; ok && !seen[id] {
			seen[id] = true
			found = append(found, a)
		}
	}
	return r.actionList(found)
}

func (r *request) actionList(found []*action) (reply, error) {
	status := keep(r, "status", (*action).status)
	kept := []*action{}
	for _, a := range found {
		if status(a) {
			kept = append(kept, a)
		}
	}
	return listPage(r, kept, "actions", actionFields(r.now), func(a *action) any { return a.render(r.now) })
}

func getAction(r *request) (reply, error) {
	a, err := find(r.Actions, "action", r.id)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.ActionGetResponse{Action: a.render(r.now)}}, nil
}

// actionRoutes are the action lists of a kind of resource, for example /servers/actions and /servers/{id}/actions.
func actionRoutes(t *table, path, kind string) {
	t.get(path+"/actions", func(r *request) (reply, error) { return r.actionsOf(kind, 0) })
	t.get(path+"/actions/{id}", func(r *request) (reply, error) { return r.oneActionOf(kind, 0, r.id) })
	t.get(path+"/{id}/actions", func(r *request) (reply, error) { return r.actionsOf(kind, r.id) })
	t.get(path+"/{id}/actions/{sub}", func(r *request) (reply, error) { return r.oneActionOf(kind, r.id, r.sub) })
}

func (r *request) actionsOf(kind string, id int64) (reply, error) {
	if id != 0 && !r.exists(kind, id) {
		return reply{}, errNotFound(kind, id)
	}
	var found []*action
	for _, a := range r.Actions {
		if a.concerns(kind, id) {
			found = append(found, a)
		}
	}
	return r.actionList(found)
}

func (r *request) oneActionOf(kind string, id, actionID int64) (reply, error) {
	a, ok := r.Actions[actionID]
	if !ok || !a.concerns(kind, id) {
		return reply{}, errNotFound("action", actionID)
	}
	return reply{status: http.StatusOK, body: schema.ActionGetResponse{Action: a.render(r.now)}}, nil
}

func (r *request) exists(kind string, id int64) (ok bool) {
	switch kind {
	case "server":
		_, ok = r.Servers[id]
	case "firewall":
		_, ok = r.Firewalls[id]
	case "network":
		_, ok = r.Networks[id]
	case "primary_ip":
		_, ok = r.PrimaryIPs[id]
	case "image":
		if _, ok = r.Snapshots[id]; !ok {
			_, ok = r.api.catalog.image(schema.IDOrName{ID: id}, "")
		}
	case "zone":
		_, ok = r.Zones[id]
	}
	return ok
}
