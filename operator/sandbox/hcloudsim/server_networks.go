package hcloudsim

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// Hetzner Cloud, "Networks", limits.
const (
	maxNetworksPerServer = 3
	maxNetworkMembers    = 100
	maxAliasIPs          = 5
)

// mac is made from the address, so that it stays the same over restarts.
func (n privateNet) mac() string {
	b := n.IP.As4()
	return fmt.Sprintf("86:00:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}

// planInterface finds a server's address in a network: the wanted one, or the lowest free one.
func (r *request) planInterface(s *server, networkID int64, ip *string, alias []*string, subnetRange netip.Prefix) (privateNet, error) {
	n, err := find(r.Networks, "network", networkID)
	if err != nil {
		return privateNet{}, err
	}
	if err := r.mayAttach(s, n); err != nil {
		return privateNet{}, err
	}
	nic := privateNet{Network: n.ID}
	if ip == nil || *ip == "" {
		var ok bool
		if nic.IP, ok = r.freePrivate(n, subnetRange); !ok {
			return nic, errPrecondition("no_subnet_available", "network has no subnet with a free address")
		}
	} else if nic.IP, err = r.wantedPrivate(n, "ip", *ip); err != nil {
		return nic, err
	}
	if len(alias) > maxAliasIPs {
		return nic, errInvalid("alias_ips", "must have at most %d addresses", maxAliasIPs)
	}
	for _, text := range alias {
		if text == nil {
			continue
		}
		a, err := r.wantedPrivate(n, "alias_ips", *text)
		if err != nil {
			return nic, err
		}
		if a == nic.IP || slices.Contains(nic.Alias, a) {
			return nic, errConflict("ip_not_available", "an address is wanted twice")
		}
		nic.Alias = append(nic.Alias, a)
	}
	return nic, nil
}

func (r *request) mayAttach(s *server, n *network) error {
	if s.inNetwork(n.ID) >= 0 {
		return errConflict("server_already_attached", "server is already attached to the network")
	}
	if len(s.Private) >= maxNetworksPerServer {
		return errLimit("network limit of the server exceeded", "server_network_limit")
	}
	if len(r.attached(n.ID)) >= maxNetworkMembers {
		return errLimit("server limit of the network exceeded", "network_server_limit")
	}
	loc, _ := r.api.catalog.location(schema.IDOrName{Name: s.Location})
	if !slices.ContainsFunc(n.Subnets, func(sub subnet) bool { return sub.Zone == loc.NetworkZone }) {
		return errPrecondition("no_subnet_available", "network has no subnet in the server's network zone")
	}
	for _, nic := range s.Private {
		if other, ok := r.Networks[nic.Network]; ok && other.Range.Overlaps(n.Range) {
			return errConflict("networks_overlap", "server is attached to a network with an overlapping range")
		}
	}
	return nil
}

func (r *request) wantedPrivate(n *network, field, text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil || !n.assignable(a) {
		return a, errInvalid(field, "must be an assignable address of a subnet of the network")
	}
	if r.privateTaken(n.ID, a) {
		return a, errConflict("ip_not_available", "IP is not available")
	}
	return a, nil
}

func attachToNetwork(r *request) (reply, error) {
	body, err := decode[schema.ServerActionAttachToNetworkRequest](r)
	if err != nil {
		return reply{}, err
	}
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	var within netip.Prefix
	if body.IPRange != nil && *body.IPRange != "" {
		if within, err = netip.ParsePrefix(*body.IPRange); err != nil {
			return reply{}, errInvalid("ip_range", "must be a subnet of the network")
		}
	}
	nic, err := r.planInterface(s, body.Network, body.IP, body.AliasIPs, within)
	if err != nil {
		return reply{}, err
	}
	s.Private = append(s.Private, nic)
	a := r.lockingAction(s, "attach_to_network", ref("network", body.Network))
	r.readdress(s, a)
	return r.actionReply(a)
}

func detachFromNetwork(r *request) (reply, error) {
	body, err := decode[schema.ServerActionDetachFromNetworkRequest](r)
	if err != nil {
		return reply{}, err
	}
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	i := s.inNetwork(body.Network)
	if i < 0 {
		return reply{}, errNotFound("network attachment", body.Network)
	}
	s.Private = slices.Delete(s.Private, i, i+1)
	a := r.lockingAction(s, "detach_from_network", ref("network", body.Network))
	r.readdress(s, a)
	return r.actionReply(a)
}

func changeAliasIPs(r *request) (reply, error) {
	body, err := decode[schema.ServerActionChangeAliasIPsRequest](r)
	if err != nil {
		return reply{}, err
	}
	s, err := r.freeServer()
	if err != nil {
		return reply{}, err
	}
	i := s.inNetwork(body.Network)
	if i < 0 {
		return reply{}, errNotFound("network attachment", body.Network)
	}
	if len(body.AliasIPs) > maxAliasIPs {
		return reply{}, errInvalid("alias_ips", "must have at most %d addresses", maxAliasIPs)
	}
	alias := []netip.Addr{}
	for _, text := range body.AliasIPs {
		a, err := netip.ParseAddr(text)
		if kept := err == nil && slices.Contains(s.Private[i].Alias, a); !kept {
			a, err = r.wantedPrivate(r.Networks[body.Network], "alias_ips", text)
		}
		if err == nil && slices.Contains(alias, a) {
			err = errConflict("ip_not_available", "an address is wanted twice")
		}
		if err != nil {
			return reply{}, err
		}
		alias = append(alias, a)
	}
	s.Private[i].Alias = alias
	a := r.lockingAction(s, "change_alias_ips", ref("network", body.Network))
	r.readdress(s, a)
	return r.actionReply(a)
}

// readdress tells the machine about its new addresses.
func (r *request) readdress(s *server, a *action) { r.do(s.ID, step{action: a.ID, effect: create}) }
