package hcloudsim

import (
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

func primaryIPRoutes(t *table) {
	t.get("/primary_ips", listPrimaryIPs)
	t.post("/primary_ips", createPrimaryIP)
	actionRoutes(t, "/primary_ips", "primary_ip")
	t.get("/primary_ips/{id}", getPrimaryIP)
	t.put("/primary_ips/{id}", updatePrimaryIP)
	t.delete("/primary_ips/{id}", deletePrimaryIP)
	t.post("/primary_ips/{id}/actions/assign", assignPrimaryIP)
	t.post("/primary_ips/{id}/actions/unassign", unassignPrimaryIP)
	t.post("/primary_ips/{id}/actions/change_dns_ptr", changePrimaryIPReverse)
	t.post("/primary_ips/{id}/actions/change_protection", changePrimaryIPProtection)
}

// shown is the address as the API writes it: an IPv4 address, or a /64 in CIDR notation.
func (ip *primaryIP) shown() string {
	if ip.Type == "ipv4" {
		return ip.Prefix.Addr().String()
	}
	return ip.Prefix.String()
}

func (r *request) renderPrimaryIP(ip *primaryIP) schema.PrimaryIP {
	loc, _ := r.api.catalog.location(schema.IDOrName{Name: ip.Location})
	out := schema.PrimaryIP{
		ID: ip.ID, IP: ip.shown(), Labels: ip.Labels, Name: ip.Name, Type: ip.Type,
		Protection: schema.PrimaryIPProtection{Delete: ip.Protected}, DNSPtr: []schema.PrimaryIPDNSPTR{},
		AssigneeType: "unassigned", AutoDelete: ip.AutoDelete, Created: ip.Created, Location: loc,
	}
	for _, e := range ip.reverseEntries() {
		out.DNSPtr = append(out.DNSPtr, schema.PrimaryIPDNSPTR{DNSPtr: e.name, IP: e.address})
	}
	if ip.Server != 0 {
		id := ip.Server
		out.AssigneeID, out.AssigneeType = &id, "server"
	}
	return out
}

func listPrimaryIPs(r *request) (reply, error) {
	return listResources(r, r.PrimaryIPs, "primary_ips", func(ip *primaryIP) any { return r.renderPrimaryIP(ip) },
		keep(r, "ip", (*primaryIP).shown))
}

func getPrimaryIP(r *request) (reply, error) {
	ip, err := find(r.PrimaryIPs, "primary IP", r.id)
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.PrimaryIPGetResponse{PrimaryIP: r.renderPrimaryIP(ip)}}, nil
}

type primaryIPCreate struct {
	Name         string             `json:"name"`
	Type         string             `json:"type"`
	AssigneeType string             `json:"assignee_type"`
	AssigneeID   *int64             `json:"assignee_id"`
	Labels       *map[string]string `json:"labels"`
	AutoDelete   bool               `json:"auto_delete"`
	Location     *schema.IDOrName   `json:"location"`
}

func createPrimaryIP(r *request) (reply, error) {
	body, err := decode[primaryIPCreate](r)
	if err != nil {
		return reply{}, err
	}
	ip := &primaryIP{Type: body.Type, AutoDelete: body.AutoDelete}
	var v invalidInput
	if body.Type != "ipv4" && body.Type != "ipv6" {
		v.add("type", "must be ipv4 or ipv6")
	}
	assignee, err := r.primaryIPPlace(ip, body, &v)
	if err != nil {
		return reply{}, err
	}
	if len(v.fields) == 0 {
		if ip.Prefix, err = r.newAddress(body.Type, 0); err != nil {
			return reply{}, err
		}
	}
	ip.meta, err = newMeta(r, "primary IP", r.PrimaryIPs, body.Name, body.Labels, &v)
	if err != nil {
		return reply{}, err
	}
	r.PrimaryIPs[ip.ID] = ip
	var out struct {
		PrimaryIP schema.PrimaryIP `json:"primary_ip"`
		Action    *schema.Action   `json:"action,omitempty"` // none without an assignee
	}
	if assignee != nil {
		a := r.assign(ip, assignee).render(r.now)
		out.Action = &a
	}
	out.PrimaryIP = r.renderPrimaryIP(ip)
	return reply{status: http.StatusCreated, body: out}, nil
}

func updatePrimaryIP(r *request) (reply, error) {
	body, err := decode[struct {
		metaUpdate
		AutoDelete *bool `json:"auto_delete"`
	}](r)
	if err != nil {
		return reply{}, err
	}
	ip, err := find(r.PrimaryIPs, "primary IP", r.id)
	if err != nil {
		return reply{}, err
	}
	if err := updateMeta(r, "primary IP", r.PrimaryIPs, ip, body.metaUpdate); err != nil {
		return reply{}, err
	}
	if body.AutoDelete != nil {
		ip.AutoDelete = *body.AutoDelete
	}
	return reply{status: http.StatusOK, body: schema.PrimaryIPUpdateResponse{PrimaryIP: r.renderPrimaryIP(ip)}}, nil
}

func deletePrimaryIP(r *request) (reply, error) {
	ip, err := find(r.PrimaryIPs, "primary IP", r.id)
	switch {
	case err != nil:
		return reply{}, err
	case ip.Protected:
		return reply{}, errProtected
	case ip.Server != 0:
		return reply{}, errUnprocessable("must_be_unassigned", "primary IP must be unassigned")
	}
	delete(r.PrimaryIPs, ip.ID)
	return reply{status: http.StatusNoContent}, nil
}

type changeReverse struct {
	IP     string  `json:"ip"`
	DNSPtr *string `json:"dns_ptr"`
}

func changePrimaryIPReverse(r *request) (reply, error) {
	body, err := decode[changeReverse](r)
	if err != nil {
		return reply{}, err
	}
	ip, err := find(r.PrimaryIPs, "primary IP", r.id)
	if err != nil {
		return reply{}, err
	}
	if err := ip.setReverse(body.IP, body.DNSPtr); err != nil {
		return reply{}, err
	}
	return r.actionReply(r.quick("change_dns_ptr", ref("primary_ip", ip.ID)))
}

func changePrimaryIPProtection(r *request) (reply, error) {
	body, err := decode[schema.PrimaryIPActionChangeProtectionRequest](r)
	if err != nil {
		return reply{}, err
	}
	ip, err := find(r.PrimaryIPs, "primary IP", r.id)
	if err != nil {
		return reply{}, err
	}
	ip.Protected = body.Delete
	return r.actionReply(r.quick("change_protection", ref("primary_ip", ip.ID)))
}
