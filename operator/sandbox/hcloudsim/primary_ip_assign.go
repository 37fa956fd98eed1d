package hcloudsim

import (
	"net/netip"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// newAddress draws a free address of the type; it checks quota and support first.
func (r *request) newAddress(kind string, already int) (netip.Prefix, error) {
	if kind == "ipv6" && !r.api.cfg.IPv6Supported {
		return netip.Prefix{}, errNoIPv6
	}
	if len(r.PrimaryIPs)+already >= r.api.quotas.PrimaryIPs {
		return netip.Prefix{}, errLimit("Primary IP limit exceeded", "primary_ip_limit")
	}
	prefix, ok := r.freeIPv4(r.api.cfg.IPv4Pool)
	if kind == "ipv6" {
		prefix, ok = r.freeIPv6(r.api.cfg.IPv6Pool)
	}
	if !ok {
		return netip.Prefix{}, errPrecondition("resource_unavailable", "no free address is left")
	}
	return prefix, nil
}

// primaryIPPlace finds where a new primary IP goes: to a server, and so to its location, or to a location.
func (r *request) primaryIPPlace(ip *primaryIP, body primaryIPCreate, v *invalidInput) (*server, error) {
	if body.AssigneeID != nil && *body.AssigneeID != 0 {
		if body.AssigneeType != "" && body.AssigneeType != "server" {
			v.add("assignee_type", "must be server")
			return nil, nil
		}
		s, err := r.assignable(*body.AssigneeID, body.Type)
		if err == nil {
			ip.Location = s.Location
		}
		return s, err
	}
	if body.Location == nil {
		v.add("location", "location or assignee_id is required")
		return nil, nil
	}
	loc, ok := r.api.catalog.location(*body.Location)
	if !ok {
		v.add("location", "location not found")
	}
	ip.Location = loc.Name
	return nil, nil
}

// assignable is the server if it may get another primary IP of the type.
func (r *request) assignable(serverID int64, kind string) (*server, error) {
	s, err := find(r.Servers, "server", serverID)
	switch {
	case err != nil:
		return nil, err
	case s.locked():
		return nil, errLocked
	case s.Status != "off":
		return nil, errNotStopped
	case kind == "ipv4" && s.IPv4 != 0:
		return nil, errUnprocessable("server_has_ipv4", "server already has an IPv4 address")
	case kind == "ipv6" && s.IPv6 != 0:
		return nil, errUnprocessable("server_has_ipv6", "server already has an IPv6 network")
	}
	return s, nil
}

// assign gives the address to the server; its machine learns it at once, being off.
func (r *request) assign(ip *primaryIP, s *server) *action {
	ip.Server = s.ID
	if ip.Type == "ipv4" {
		s.IPv4 = ip.ID
	} else {
		s.IPv6 = ip.ID
	}
	a := r.lockingAction(s, "assign_primary_ip", ref("primary_ip", ip.ID))
	r.readdress(s, a)
	return a
}

func assignPrimaryIP(r *request) (reply, error) {
	body, err := decode[schema.PrimaryIPActionAssignRequest](r)
	if err != nil {
		return reply{}, err
	}
	ip, err := find(r.PrimaryIPs, "primary IP", r.id)
	if err != nil {
		return reply{}, err
	}
	if body.AssigneeType != "server" {
		return reply{}, errInvalid("assignee_type", "must be server")
	}
	if ip.Server != 0 {
		return reply{}, errConflict("primary_ip_assigned", "primary IP is already assigned")
	}
	s, err := r.assignable(body.AssigneeID, ip.Type)
	if err != nil {
		return reply{}, err
	}
	if s.Location != ip.Location {
		return reply{}, errPrecondition("primary_ip_datacenter_mismatch", "primary IP and server are at different locations")
	}
	return r.actionReply(r.assign(ip, s))
}

func unassignPrimaryIP(r *request) (reply, error) {
	ip, err := find(r.PrimaryIPs, "primary IP", r.id)
	if err != nil {
		return reply{}, err
	}
	s, ok := r.Servers[ip.Server]
	switch {
	case !ok:
		return reply{}, errUnprocessable("primary_ip_unassigned", "primary IP is not assigned")
	case s.locked():
		return reply{}, errLocked
	case s.Status != "off":
		return reply{}, errNotStopped
	}
	if ip.Type == "ipv4" {
		s.IPv4 = 0
	} else {
		s.IPv6 = 0
	}
	ip.Server = 0
	a := r.lockingAction(s, "unassign_primary_ip", ref("primary_ip", ip.ID))
	r.readdress(s, a)
	return r.actionReply(a)
}
