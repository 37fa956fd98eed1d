package hcloudsim

import (
	"net/http"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

func serverRoutes(t *table) {
	t.get("/servers", listServers)
	t.post("/servers", createServer)
	actionRoutes(t, "/servers", "server")
	t.get("/servers/{id}", getServer)
	t.put("/servers/{id}", updateServer)
	t.delete("/servers/{id}", deleteServer)
	for name, h := range map[string]handler{
		"poweron": powerOnServer, "poweroff": powerOffServer, "shutdown": shutdownServer, "reboot": rebootServer, "reset": resetServer,
		"rebuild": rebuildServer, "change_type": changeServerType, "change_protection": changeServerProtection,
		"change_dns_ptr": changeServerReverse, "attach_to_network": attachToNetwork, "detach_from_network": detachFromNetwork,
		"change_alias_ips": changeAliasIPs, "add_to_placement_group": addToPlacementGroup,
		"remove_from_placement_group": removeFromPlacementGroup,
	} {
		t.post("/servers/{id}/actions/"+name, h)
	}
	for _, name := range []string{
		"enable_rescue", "disable_rescue", "enable_backup", "disable_backup", "create_image", "attach_iso", "detach_iso",
		"request_console", "reset_password",
	} {
		t.post("/servers/{id}/actions/"+name, func(r *request) (reply, error) {
			if _, err := find(r.Servers, "server", r.id); err != nil {
				return reply{}, err
			}
			return reply{}, errUnprocessable("unsupported_error", "the simulated cloud cannot do %s", name)
		})
	}
}

// serverView is schema.Server with the public network's halves nullable, as on the wire.
type serverView struct {
	schema.Server
	PublicNet publicNetView `json:"public_net"`
}

type publicNetView struct {
	IPv4        *schema.ServerPublicNetIPv4 `json:"ipv4"`
	IPv6        *schema.ServerPublicNetIPv6 `json:"ipv6"`
	FloatingIPs []int64                     `json:"floating_ips"`
	Firewalls   []schema.ServerFirewall     `json:"firewalls"`
}

func (r *request) renderServer(s *server) serverView {
	cat := r.api.catalog
	typ, _ := cat.serverType(schema.IDOrName{Name: s.Type})
	loc, _ := cat.location(schema.IDOrName{Name: s.Location})
	traffic := uint64(0)
	out := serverView{PublicNet: r.renderPublicNet(s), Server: schema.Server{
		ID: s.ID, Name: s.Name, Status: s.Status, Created: s.Created, PrivateNet: []schema.ServerPrivateNet{},
		ServerType: cat.renderType(typ), IncludedTraffic: typ.TrafficTB * terabyte, OutgoingTraffic: &traffic, IngoingTraffic: &traffic,
		Locked: s.locked(), Location: loc, Protection: schema.ServerProtection{Delete: s.Protected, Rebuild: s.Protected},
		Labels: s.Labels, Volumes: []int64{}, PrimaryDiskSize: s.DiskGB, LoadBalancers: []int64{},
	}}
	if img, ok := cat.image(schema.IDOrName{ID: s.Image}, ""); ok {
		rendered := cat.renderImage(img)
		out.Image = &rendered
	}
	if g, ok := r.PlacementGroups[s.Group]; ok {
		rendered := r.renderGroup(g)
		out.PlacementGroup = &rendered
	}
	for _, nic := range s.Private {
		out.PrivateNet = append(out.PrivateNet, schema.ServerPrivateNet{
			Network: nic.Network, IP: nic.IP.String(), AliasIPs: addrStrings(nic.Alias), MACAddress: nic.mac(),
		})
	}
	return out
}

func (r *request) renderPublicNet(s *server) publicNetView {
	out := publicNetView{FloatingIPs: []int64{}, Firewalls: []schema.ServerFirewall{}}
	if ip, ok := r.PrimaryIPs[s.IPv4]; ok {
		out.IPv4 = &schema.ServerPublicNetIPv4{ID: ip.ID, IP: ip.shown(), DNSPtr: ip.reverseEntries()[0].name}
	}
	if ip, ok := r.PrimaryIPs[s.IPv6]; ok {
		out.IPv6 = &schema.ServerPublicNetIPv6{ID: ip.ID, IP: ip.shown(), DNSPtr: []schema.ServerPublicNetIPv6DNSPtr{}}
		for _, e := range ip.reverseEntries() {
			out.IPv6.DNSPtr = append(out.IPv6.DNSPtr, schema.ServerPublicNetIPv6DNSPtr{IP: e.address, DNSPtr: e.name})
		}
	}
	for _, id := range r.firewallsOf(s) {
		status := "pending"
		if slices.Contains(s.Enforced, id) {
			status = "applied"
		}
		out.Firewalls = append(out.Firewalls, schema.ServerFirewall{ID: id, Status: status})
	}
	return out
}

// machineLocked is what the Runtime must know of a server.
func (s *Server) machineLocked(srv *server) Machine {
	typ, _ := s.catalog.serverType(schema.IDOrName{Name: srv.Type})
	img, _ := s.catalog.image(schema.IDOrName{ID: srv.Image}, "")
	m := Machine{
		ID: srv.ID, Name: srv.Name, UserData: srv.UserData, AuthorizedKeys: slices.Clone(srv.Keys), Image: img.Name,
		Cores: typ.Cores, MemoryMiB: int(typ.Memory * 1024),
	}
	if ip, ok := s.project.PrimaryIPs[srv.IPv4]; ok {
		m.IPv4 = ip.Prefix.Addr()
	}
	if ip, ok := s.project.PrimaryIPs[srv.IPv6]; ok {
		m.IPv6 = ip.Prefix
	}
	for _, nic := range srv.Private {
		m.Private = append(append(m.Private, nic.IP), nic.Alias...)
	}
	return m
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
