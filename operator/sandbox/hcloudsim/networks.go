package hcloudsim

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

func networkRoutes(t *table) {
	t.get("/networks", listNetworks)
	t.post("/networks", createNetwork)
	actionRoutes(t, "/networks", "network")
	t.get("/networks/{id}", getNetwork)
	t.put("/networks/{id}", updateNetwork)
	t.delete("/networks/{id}", deleteNetwork)
	t.get("/networks/{id}/members", listNetworkMembers)
	t.post("/networks/{id}/actions/add_subnet", addSubnet)
	t.post("/networks/{id}/actions/delete_subnet", deleteSubnet)
	t.post("/networks/{id}/actions/add_route", addRoute)
	t.post("/networks/{id}/actions/delete_route", deleteRoute)
	t.post("/networks/{id}/actions/change_ip_range", changeIPRange)
	t.post("/networks/{id}/actions/change_protection", changeNetworkProtection)
}

func (p *project) renderNetwork(n *network) schema.Network {
	out := schema.Network{
		ID: n.ID, Name: n.Name, Created: n.Created, IPRange: n.Range.String(), Subnets: []schema.NetworkSubnet{},
		Routes: []schema.NetworkRoute{}, Servers: p.attached(n.ID), LoadBalancers: []int64{},
		Protection: schema.NetworkProtection{Delete: n.Protected}, Labels: n.Labels, ExposeRoutesToVSwitch: n.Expose,
	}
	for _, sub := range n.Subnets {
		out.Subnets = append(out.Subnets, schema.NetworkSubnet{
			Type: sub.Type, IPRange: sub.Range.String(), NetworkZone: sub.Zone, Gateway: n.gateway().String(),
		})
	}
	for _, rt := range n.Routes {
		out.Routes = append(out.Routes, schema.NetworkRoute{Destination: rt.Destination.String(), Gateway: rt.Gateway.String()})
	}
	return out
}

func listNetworks(r *request) (reply, error) {
	return listResources(r, r.Networks, "networks", func(n *network) any { return r.renderNetwork(n) })
}

func getNetwork(r *request) (reply, error) {
	n, err := find(r.Networks, "network", r.id)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.NetworkGetResponse{Network: r.renderNetwork(n)}}, nil
}

func createNetwork(r *request) (reply, error) {
	body, err := decode[schema.NetworkCreateRequest](r)
	if err != nil {
		return reply{}, err
	}
	var v invalidInput
	n := &network{Range: parseNetworkRange(body.IPRange, &v), Expose: body.ExposeRoutesToVSwitch}
	if len(v.fields) == 0 {
		for _, sub := range body.Subnets {
			parsed, err := r.newSubnet(n, sub.Type, sub.IPRange, sub.NetworkZone)
			if err != nil {
				return reply{}, err
			}
			n.Subnets = append(n.Subnets, parsed)
		}
		for _, rt := range body.Routes {
			parsed, err := n.newRoute(rt.Destination, rt.Gateway)
			if err != nil {
				return reply{}, err
			}
			n.Routes = append(n.Routes, parsed)
		}
	}
	if v.err() == nil && len(r.Networks) >= r.api.quotas.Networks {
		return reply{}, errLimit("network limit exceeded", "network_limit")
	}
	n.meta, err = newMeta(r, "network", r.Networks, body.Name, body.Labels, &v)
	if err != nil {
		return reply{}, err
	}
	r.Networks[n.ID] = n
	return reply{status: http.StatusCreated, body: schema.NetworkCreateResponse{Network: r.renderNetwork(n)}}, nil
}

func updateNetwork(r *request) (reply, error) {
	body, err := decode[struct {
		metaUpdate
		Expose *bool `json:"expose_routes_to_vswitch"`
	}](r)
	if err != nil {
		return reply{}, err
	}
	n, err := find(r.Networks, "network", r.id)
	if err != nil {
		return reply{}, err
	}
	if err := updateMeta(r, "network", r.Networks, n, body.metaUpdate); err != nil {
		return reply{}, err
	}
	if body.Expose != nil {
		n.Expose = *body.Expose
	}
	return reply{status: http.StatusOK, body: schema.NetworkUpdateResponse{Network: r.renderNetwork(n)}}, nil
}

// deleteNetwork detaches the servers that are still in the network.
func deleteNetwork(r *request) (reply, error) {
	n, err := find(r.Networks, "network", r.id)
	if err != nil {
		return reply{}, err
	}
	if n.Protected {
		return reply{}, errProtected
	}
	for _, id := range r.attached(n.ID) {
		s := r.Servers[id]
		if s.locked() {
			return reply{}, errLocked
		}
	}
	for _, id := range r.attached(n.ID) {
		s := r.Servers[id]
		i := s.inNetwork(n.ID)
		s.Private = slices.Delete(s.Private, i, i+1)
		r.readdress(s, r.lockingAction(s, "detach_from_network", ref("network", n.ID)))
	}
	delete(r.Networks, n.ID)
	return reply{status: http.StatusNoContent}, nil
}

func listNetworkMembers(r *request) (reply, error) {
	n, err := find(r.Networks, "network", r.id)
	if err != nil {
		return reply{}, err
	}
	var members []*server
	for _, id := range r.attached(n.ID) {
		members = append(members, r.Servers[id])
	}
	return listPage(r, members, "members", byMeta[*server](), func(s *server) any {
		nic := s.Private[s.inNetwork(n.ID)]
		return schema.NetworkMember{
			Type: "server", ID: s.ID, IP: nic.IP.String(), Status: "ok", AliasIPs: addrStrings(nic.Alias), Subnet: n.subnetOf(nic.IP),
		}
	})
}

func changeNetworkProtection(r *request) (reply, error) {
	body, err := decode[schema.NetworkActionChangeProtectionRequest](r)
	if err != nil {
		return reply{}, err
	}
	n, err := find(r.Networks, "network", r.id)
	if err != nil {
		return reply{}, err
	}
	if body.Delete != nil {
		n.Protected = *body.Delete
	}
	return r.actionReply(r.quick("change_protection", ref("network", n.ID)))
}

func addrStrings(addrs []netip.Addr) []string {
	out := []string{}
	for _, a := range addrs {
		out = append(out, a.String())
	}
	return out
}
