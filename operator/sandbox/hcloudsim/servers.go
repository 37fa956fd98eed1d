package hcloudsim

import (
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

func serverRoutes(t *table) {
	t.get("/servers", listServers)
	t.post("/servers", createServer)
	actionRoutes(t, "/servers", "server")
	t.get("/servers/{id}", getServer)
	t.get("/servers/{id}/metrics", getMetrics)
	t.put("/servers/{id}", updateServer)
	t.delete("/servers/{id}", deleteServer)
	for name, h := range map[string]handler{
		"poweron": powerOnServer, "poweroff": powerOffServer, "shutdown": shutdownServer, "reboot": rebootServer, "reset": resetServer,
		"rebuild": rebuildServer, "change_type": changeServerType, "change_protection": changeServerProtection,
		"change_dns_ptr": changeServerReverse, "attach_to_network": attachToNetwork, "detach_from_network": detachFromNetwork,
		"change_alias_ips": changeAliasIPs, "enable_backup": enableBackup, "disable_backup": disableBackup,
		"add_to_placement_group":      addToPlacementGroup,
		"remove_from_placement_group": removeFromPlacementGroup,
	} {
		t.post("/servers/{id}/actions/"+name, h)
	}
	for _, name := range []string{
		"enable_rescue", "disable_rescue", "attach_iso", "detach_iso", "request_console", "reset_password",
	} {
		t.post("/servers/{id}/actions/"+name, func(r *request) (reply, error) {
			if _, err := find(r.Servers, "server", r.id); err != nil {
				return reply{}, err
			}
			return reply{}, errUnprocessable("unsupported_error", "the simulated cloud cannot do %s", name)
		})
	}
}

func listServers(r *request) (reply, error) {
	return listResources(r, r.Servers, "servers", func(s *server) any { return r.renderServer(s) },
		keep(r, "status", func(s *server) string { return s.Status }))
}

type serverBody struct {
	Server serverView `json:"server"`
}

func getServer(r *request) (reply, error) {
	s, err := find(r.Servers, "server", r.id)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: serverBody{r.renderServer(s)}}, nil
}

func updateServer(r *request) (reply, error) {
	body, err := decode[metaUpdate](r)
	if err != nil {
		return reply{}, err
	}
	s, err := find(r.Servers, "server", r.id)
	if err != nil {
		return reply{}, err
	}
	before := r.firewallsOf(s)
	if err := updateMeta(r, "server", r.Servers, s, body); err != nil {
		return reply{}, err
	}
	r.relabelled(s, before)
	return reply{status: http.StatusOK, body: serverBody{r.renderServer(s)}}, nil
}

// deleteServer lets the server be seen as deleting until its machine is gone; the name is free only then.
func deleteServer(r *request) (reply, error) {
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	if s.Protected {
		return reply{}, errProtected
	}
	a := r.lockingAction(s, "delete_server")
	s.Status, s.PowerOn = "deleting", false
	id := s.ID
	r.do(id, step{
		action: a.ID, effect: remove,
		done:   func(p *project) { p.removeServer(id) },
		failed: func(p *project) { p.setStatus(id, "off") },
	})
	return reply{status: http.StatusOK, body: schema.ServerDeleteResponse{Action: a.render(r.now)}}, nil
}

func changeServerProtection(r *request) (reply, error) {
	body, err := decode[schema.ServerActionChangeProtectionRequest](r)
	if err != nil {
		return reply{}, err
	}
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	if (body.Delete == nil) != (body.Rebuild == nil) || body.Delete != nil && *body.Delete != *body.Rebuild {
		return reply{}, errInvalid("rebuild", "must be the same as delete")
	}
	if body.Delete != nil {
		s.Protected = *body.Delete
	}
	a := r.lockingAction(s, "change_protection")
	r.do(s.ID, step{action: a.ID})
	return r.actionReply(a)
}

// changeServerReverse names an address of the server; the name belongs to the primary IP.
func changeServerReverse(r *request) (reply, error) {
	body, err := decode[changeReverse](r)
	if err != nil {
		return reply{}, err
	}
	s, err := find(r.Servers, "server", r.id)
	if err != nil {
		return reply{}, err
	}
	err = errInvalid("ip", "must be an address of this server")
	for _, id := range []int64{s.IPv4, s.IPv6} {
		if ip, ok := r.PrimaryIPs[id]; ok && ip.holds(body.IP) {
			err = ip.setReverse(body.IP, body.DNSPtr)
		}
	}
	if err != nil {
		return reply{}, err
	}
	return r.actionReply(r.quick("change_dns_ptr", ref("server", s.ID)))
}
