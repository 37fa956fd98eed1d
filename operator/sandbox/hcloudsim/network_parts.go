package hcloudsim

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

var privateRanges = []netip.Prefix{ // RFC 1918 §3
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
}

func parseNetworkRange(text string, v *invalidInput) netip.Prefix {
	p, err := netip.ParsePrefix(text)
	private := slices.ContainsFunc(privateRanges, func(r netip.Prefix) bool { return within(r, p) })
	if err != nil || !private || p != p.Masked() || p.Bits() > 24 {
		v.add("ip_range", "must be a private IPv4 network of RFC 1918 with at most 24 bits and without host bits")
	}
	return p
}

// within says whether inner is a part of outer.
func within(outer, inner netip.Prefix) bool {
	return inner.IsValid() && inner.Bits() >= outer.Bits() && outer.Contains(inner.Addr())
}

// newSubnet checks a subnet to be added; without a range it is the next free /24.
func (r *request) newSubnet(n *network, kind, ipRange, zone string) (subnet, error) {
	var v invalidInput
	if kind != "cloud" && kind != "server" {
		v.add("type", "must be cloud; the simulated cloud has no vSwitches")
	}
	if !r.api.catalog.zone(zone) {
		v.add("network_zone", "must be a network zone")
	}
	sub := subnet{Type: kind, Zone: zone}
	if ipRange == "" {
		sub.Range = n.freeSubnet()
		if !sub.Range.IsValid() && len(v.fields) == 0 {
			return sub, errPrecondition("no_subnet_available", "network has no free subnet")
		}
		return sub, v.err()
	}
	p, err := netip.ParsePrefix(ipRange)
	sub.Range = p
	switch {
	case err != nil || p != p.Masked() || p.Bits() > 30:
		v.add("ip_range", "must be an IPv4 network with at most 30 bits and without host bits")
	case !within(n.Range, p):
		v.add("ip_range", "must be a part of the network's range")
	case n.overlaps(p):
		v.add("ip_range", "must not overlap with an existing subnet")
	}
	return sub, v.err()
}

func (n *network) overlaps(p netip.Prefix) bool {
	return slices.ContainsFunc(n.Subnets, func(s subnet) bool { return s.Range.Overlaps(p) })
}

// freeSubnet is the lowest free /24, invalid if there is none.
func (n *network) freeSubnet() netip.Prefix {
	for a := n.Range.Addr(); n.Range.Contains(a); a = lastAddr(netip.PrefixFrom(a, 24)).Next() {
		if p := netip.PrefixFrom(a, 24); !n.overlaps(p) {
			return p
		}
	}
	return netip.Prefix{}
}

func (n *network) newRoute(destination, gateway string) (route, error) {
	var v invalidInput
	dst, err := netip.ParsePrefix(destination)
	if err != nil || dst != dst.Masked() || !dst.Addr().Is4() {
		v.add("destination", "must be an IPv4 network without host bits")
	}
	gw, err := netip.ParseAddr(gateway)
	if err != nil || !n.Range.Contains(gw) || gw == n.gateway() {
		v.add("gateway", "must be an address of the network other than its gateway")
	}
	rt := route{dst, gw}
	if slices.Contains(n.Routes, rt) {
		v.add("destination", "route exists already")
	}
	return rt, v.err()
}

func (n *network) subnetOf(a netip.Addr) string {
	for _, sub := range n.Subnets {
		if sub.Range.Contains(a) {
			return sub.Range.String()
		}
	}
	return ""
}

func addSubnet(r *request) (reply, error) {
	body, err := decode[schema.NetworkActionAddSubnetRequest](r)
	if err != nil {
		return reply{}, err
	}
	n, err := find(r.Networks, "network", r.id)
	if err != nil {
		return reply{}, err
	}
	sub, err := r.newSubnet(n, body.Type, body.IPRange, body.NetworkZone)
	if err != nil {
		return reply{}, err
	}
	n.Subnets = append(n.Subnets, sub)
	return r.actionReply(r.quick("add_subnet", ref("network", n.ID)))
}

func deleteSubnet(r *request) (reply, error) {
	body, err := decode[schema.NetworkActionDeleteSubnetRequest](r)
	if err != nil {
		return reply{}, err
	}
	n, err := find(r.Networks, "network", r.id)
	if err != nil {
		return reply{}, err
	}
	i := slices.IndexFunc(n.Subnets, func(s subnet) bool { return s.Range.String() == body.IPRange })
	if i < 0 {
		return reply{}, &apiError{http.StatusNotFound, "not_found", "subnet not found", nil}
	}
	for _, id := range r.attached(n.ID) {
		if s := r.Servers[id]; n.Subnets[i].Range.Contains(s.Private[s.inNetwork(n.ID)].IP) {
			return reply{}, errUnprocessable("resource_in_use", "subnet still has servers")
		}
	}
	n.Subnets = slices.Delete(n.Subnets, i, i+1)
	return r.actionReply(r.quick("delete_subnet", ref("network", n.ID)))
}

func addRoute(r *request) (reply, error) {
	body, err := decode[schema.NetworkActionAddRouteRequest](r)
	if err != nil {
		return reply{}, err
	}
	n, err := find(r.Networks, "network", r.id)
	if err != nil {
		return reply{}, err
	}
	rt, err := n.newRoute(body.Destination, body.Gateway)
	if err != nil {
		return reply{}, err
	}
	n.Routes = append(n.Routes, rt)
	return r.actionReply(r.quick("add_route", ref("network", n.ID)))
}

func deleteRoute(r *request) (reply, error) {
	body, err := decode[schema.NetworkActionDeleteRouteRequest](r)
	if err != nil {
		return reply{}, err
	}
	n, err := find(r.Networks, "network", r.id)
	if err != nil {
		return reply{}, err
	}
	i := slices.IndexFunc(n.Routes, func(rt route) bool {
		return rt.Destination.String() == body.Destination && rt.Gateway.String() == body.Gateway
	})
	if i < 0 {
		return reply{}, &apiError{http.StatusNotFound, "not_found", "route not found", nil}
	}
	n.Routes = slices.Delete(n.Routes, i, i+1)
	return r.actionReply(r.quick("delete_route", ref("network", n.ID)))
}

// changeIPRange can only grow a network.
func changeIPRange(r *request) (reply, error) {
	body, err := decode[schema.NetworkActionChangeIPRangeRequest](r)
	if err != nil {
		return reply{}, err
	}
	n, err := find(r.Networks, "network", r.id)
	if err != nil {
		return reply{}, err
	}
	var v invalidInput
	p := parseNetworkRange(body.IPRange, &v)
	if len(v.fields) == 0 && !within(p, n.Range) {
		v.add("ip_range", "must contain the current range")
	}
	if err := v.err(); err != nil {
		return reply{}, err
	}
	n.Range = p
	return r.actionReply(r.quick("change_ip_range", ref("network", n.ID)))
}
