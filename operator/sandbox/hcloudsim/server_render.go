package hcloudsim

import (
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

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
	if from, ok := r.source(cat, schema.IDOrName{ID: s.Image}, ""); ok && from.snapshot != nil {
		out.Image = ptr(from.snapshot.render(cat))
	} else if ok {
		out.Image = ptr(cat.renderImage(from.system))
	}
	if s.Backup {
		out.BackupWindow = ptr(backupWindow)
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
	from, _ := s.project.source(s.catalog, schema.IDOrName{ID: srv.Image}, "")
	loc, _ := s.catalog.location(schema.IDOrName{Name: srv.Location})
	m := Machine{
		ID: srv.ID, Name: srv.Name, Created: srv.Created, UserData: srv.UserData, AuthorizedKeys: slices.Clone(srv.Keys), Image: from.system.Name,
		Cores: typ.Cores, MemoryMiB: int(typ.Memory * 1024), DiskGB: srv.DiskGB, Location: srv.Location, Region: loc.NetworkZone,
	}
	if ip, ok := s.project.PrimaryIPs[srv.IPv4]; ok {
		m.IPv4 = ip.Prefix.Addr()
	}
	if ip, ok := s.project.PrimaryIPs[srv.IPv6]; ok {
		m.IPv6 = ip.Prefix
	}
	if from.snapshot != nil {
		m.Snapshot = from.id
	}
	for _, nic := range srv.Private {
		m.Private = append(append(m.Private, nic.IP), nic.Alias...)
		m.Networks = append(m.Networks, s.project.interfaceOf(nic))
	}
	return m
}

// interfaceOf is what a machine must know of its interface in a private network.
func (p *project) interfaceOf(nic privateNet) PrivateNetwork {
	out := PrivateNetwork{ID: nic.Network, IP: nic.IP, Alias: slices.Clone(nic.Alias), MAC: nic.mac()}
	if n, ok := p.Networks[nic.Network]; ok {
		out.Name, out.Range, out.Gateway = n.Name, n.Range, n.gateway()
		if i := slices.IndexFunc(n.Subnets, func(sub subnet) bool { return sub.Range.Contains(nic.IP) }); i >= 0 {
			out.Subnet = n.Subnets[i].Range
		}
	}
	return out
}
