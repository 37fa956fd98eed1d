package hetzner

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"golang.org/x/sync/errgroup"
)

// Item is what everything in a project has.
type Item struct {
	// Kind as in Resource, or "rrset", a set of DNS records.
	Kind string
	// ID is 0 for record sets, which have none; Zone is theirs.
	ID     int64
	Name   string
	Labels map[string]string
	// Created is zero where Hetzner does not say.
	Created time.Time
	// Location is empty for what has none.
	Location string
	// Type of a server, floating IP, load balancer, image (snapshot, backup) or record set (A, AAAA, CAA).
	Type string
	// Gigabytes of a volume or image.
	Gigabytes float64
	// Protected against deletion.
	Protected bool
	// Used: something else is attached to it, so that it is of use to somebody.
	Used bool
	Zone string
	// Source is the server that an image was made of, 0 if unknown.
	Source int64
}

// County is the county whose label the item carries; ours is false if it is not labelled as managed by this program.
func (i Item) County() (name string, ours bool) {
	return i.Labels[LabelCounty], i.Labels[LabelManagedBy] == ManagedBy && i.Labels[LabelCounty] != ""
}

// Server is a machine as Hetzner sees it.
type Server struct {
	Item
	// Status as in the API: running, off, starting, deleting and so on.
	Status string
	// Image is the system image's name it was made from, empty if that is gone.
	Image string
	// IPv4 and IPv6 are primary IPs, 0 for none; Address is the IPv4 address.
	IPv4, IPv6 int64
	Address    string
	// Private addresses by network.
	Private map[int64]string
	// Firewalls that are in force or about to be.
	Firewalls []int64
	Group     int64
	// ProtectedRebuild: it cannot be rebuilt. Rescue: the next boot is into the rescue system. Backups: Hetzner keeps copies of its disk.
	ProtectedRebuild, Rescue, Backups bool
}

// PrimaryIP is an address.
type PrimaryIP struct {
	Item
	// Address is the IPv4 address, or the ::1 of the IPv6 network.
	Address string
	// Assignee is the server that has it, 0 for none.
	Assignee int64
	// AutoDelete: it is deleted with its server.
	AutoDelete bool
	// ReverseName of Address, as the API gives it.
	ReverseName string
	// Blocked by Hetzner.
	Blocked bool
}

// Firewall with its rules.
type Firewall struct {
	Item
	Rules []Rule
	// TemporarySSH: the rule that a command adds while it needs port 22 is there.
	TemporarySSH bool
}

// Rule of a firewall. The temporary one is none.
type Rule struct {
	// Direction is in or out, Protocol as in the API, Port empty for protocols without.
	Direction, Protocol, Port string
	// Networks are sources or destinations, sorted.
	Networks []string
}

// Network is a private network.
type Network struct {
	Item
	// Servers in it.
	Servers []int64
}

// Project is everything that exists in a Hetzner project, whoever made it, at the moment of asking.
type Project struct {
	Servers    []Server
	PrimaryIPs []PrimaryIP
	Firewalls  []Firewall
	Networks   []Network
	// Others are placement groups, SSH keys, volumes, floating IPs, load balancers, snapshots and backups, and sets of DNS records.
	Others []Item
}

// Items are all of them, sorted by kind and name.
func (p Project) Items() []Item {
	var all []Item
	for _, s := range p.Servers {
		all = append(all, s.Item)
	}
	for _, a := range p.PrimaryIPs {
		all = append(all, a.Item)
	}
	for _, f := range p.Firewalls {
		all = append(all, f.Item)
	}
	for _, n := range p.Networks {
		all = append(all, n.Item)
	}
	all = append(all, p.Others...)
	slices.SortFunc(all, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// Project lists everything that matches the label selector; empty: everything. It costs some eleven requests and one for each further fifty
// of a kind, whatever the number of counties.
func (c *Client) Project(ctx context.Context, selector string) (Project, error) {
	var p Project
	opts := hcloud.ListOpts{LabelSelector: selector, PerPage: 50}
	group, ctx := errgroup.WithContext(ctx)
	others := make([][]Item, 7)
	for i, list := range []func(context.Context, hcloud.ListOpts) ([]Item, error){
		c.placementGroups, c.sshKeys, c.volumes, c.floatingIPs, c.loadBalancers, c.snapshots, c.recordSets,
	} {
		group.Go(func() error {
			return c.Do(ctx, "list what is in the project", func(ctx context.Context) (err error) {
				others[i], err = list(ctx, opts)
				return err
			})
		})
	}
	for _, fill := range []func(context.Context, hcloud.ListOpts, *Project) error{c.fillServers, c.fillAddresses, c.fillFirewalls, c.fillNetworks} {
		group.Go(func() error {
			return c.Do(ctx, "list what is in the project", func(ctx context.Context) error { return fill(ctx, opts, &p) })
		})
	}
	if err := group.Wait(); err != nil {
		return Project{}, err
	}
	p.Others = slices.Concat(others...)
	return p, nil
}

func (c *Client) fillServers(ctx context.Context, o hcloud.ListOpts, p *Project) error {
	all, err := c.cloud.Server.AllWithOpts(ctx, hcloud.ServerListOpts{ListOpts: o})
	p.Servers = converted(all, asServer)
	return err
}

func (c *Client) fillAddresses(ctx context.Context, o hcloud.ListOpts, p *Project) error {
	all, err := c.cloud.PrimaryIP.AllWithOpts(ctx, hcloud.PrimaryIPListOpts{ListOpts: o})
	p.PrimaryIPs = converted(all, asPrimaryIP)
	return err
}

func (c *Client) fillFirewalls(ctx context.Context, o hcloud.ListOpts, p *Project) error {
	all, err := c.cloud.Firewall.AllWithOpts(ctx, hcloud.FirewallListOpts{ListOpts: o})
	p.Firewalls = converted(all, asFirewall)
	return err
}

func (c *Client) fillNetworks(ctx context.Context, o hcloud.ListOpts, p *Project) error {
	all, err := c.cloud.Network.AllWithOpts(ctx, hcloud.NetworkListOpts{ListOpts: o})
	p.Networks = converted(all, func(n *hcloud.Network) Network {
		out := Network{Item: Item{Kind: "network", ID: n.ID, Name: n.Name, Labels: n.Labels, Created: n.Created, Protected: n.Protection.Delete, Used: len(n.Servers) > 0}}
		for _, s := range n.Servers {
			out.Servers = append(out.Servers, s.ID)
		}
		return out
	})
	return err
}

func (c *Client) placementGroups(ctx context.Context, o hcloud.ListOpts) ([]Item, error) {
	all, err := c.cloud.PlacementGroup.AllWithOpts(ctx, hcloud.PlacementGroupListOpts{ListOpts: o})
	return converted(all, func(g *hcloud.PlacementGroup) Item {
		return Item{Kind: "placement_group", ID: g.ID, Name: g.Name, Labels: g.Labels, Created: g.Created, Used: len(g.Servers) > 0}
	}), err
}

func (c *Client) sshKeys(ctx context.Context, o hcloud.ListOpts) ([]Item, error) {
	all, err := c.cloud.SSHKey.AllWithOpts(ctx, hcloud.SSHKeyListOpts{ListOpts: o})
	return converted(all, func(k *hcloud.SSHKey) Item {
		return Item{Kind: "ssh_key", ID: k.ID, Name: k.Name, Labels: k.Labels, Created: k.Created}
	}), err
}

func (c *Client) volumes(ctx context.Context, o hcloud.ListOpts) ([]Item, error) {
	all, err := c.cloud.Volume.AllWithOpts(ctx, hcloud.VolumeListOpts{ListOpts: o})
	return converted(all, func(v *hcloud.Volume) Item {
		return Item{Kind: "volume", ID: v.ID, Name: v.Name, Labels: v.Labels, Created: v.Created, Location: nameOf(v.Location),
			Gigabytes: float64(v.Size), Protected: v.Protection.Delete, Used: v.Server != nil}
	}), err
}

func (c *Client) floatingIPs(ctx context.Context, o hcloud.ListOpts) ([]Item, error) {
	all, err := c.cloud.FloatingIP.AllWithOpts(ctx, hcloud.FloatingIPListOpts{ListOpts: o})
	return converted(all, func(f *hcloud.FloatingIP) Item {
		return Item{Kind: "floating_ip", ID: f.ID, Name: f.Name, Labels: f.Labels, Created: f.Created, Location: nameOf(f.HomeLocation),
			Type: string(f.Type), Protected: f.Protection.Delete, Used: f.Server != nil}
	}), err
}

func (c *Client) loadBalancers(ctx context.Context, o hcloud.ListOpts) ([]Item, error) {
	all, err := c.cloud.LoadBalancer.AllWithOpts(ctx, hcloud.LoadBalancerListOpts{ListOpts: o})
	return converted(all, func(l *hcloud.LoadBalancer) Item {
		out := Item{Kind: "load_balancer", ID: l.ID, Name: l.Name, Labels: l.Labels, Created: l.Created, Location: nameOf(l.Location),
			Protected: l.Protection.Delete, Used: len(l.Targets) > 0}
		if l.LoadBalancerType != nil {
			out.Type = l.LoadBalancerType.Name
		}
		return out
	}), err
}

// snapshots are images that cost money; Hetzner's own do not.
func (c *Client) snapshots(ctx context.Context, o hcloud.ListOpts) ([]Item, error) {
	all, err := c.cloud.Image.AllWithOpts(ctx, hcloud.ImageListOpts{
		ListOpts: o, Type: []hcloud.ImageType{hcloud.ImageTypeSnapshot, hcloud.ImageTypeBackup},
	})
	return converted(all, func(i *hcloud.Image) Item {
		out := Item{Kind: "image", ID: i.ID, Name: cmp.Or(i.Name, i.Description), Labels: i.Labels, Created: i.Created, Type: string(i.Type),
			Gigabytes: float64(i.ImageSize), Protected: i.Protection.Delete}
		if i.CreatedFrom != nil {
			out.Source = i.CreatedFrom.ID
		}
		return out
	}), err
}

// recordSets are those that carry a label of ours; everything else in a zone is the zone's owner's.
func (c *Client) recordSets(ctx context.Context, o hcloud.ListOpts) ([]Item, error) {
	zones, err := c.cloud.Zone.All(ctx)
	if Classify(err) == Gone {
		return nil, nil // a project without DNS
	}
	if err != nil {
		return nil, err
	}
	if o.LabelSelector == "" {
		o.LabelSelector = LabelManagedBy + "=" + ManagedBy
	}
	var all []Item
	for _, zone := range zones {
		sets, err := c.cloud.Zone.AllRRSetsWithOpts(ctx, zone, hcloud.ZoneRRSetListOpts{ListOpts: o})
		if err != nil {
			return nil, err
		}
		for _, s := range sets {
			all = append(all, Item{Kind: "rrset", Name: s.Name + "." + zone.Name, Labels: s.Labels, Type: string(s.Type), Protected: s.Protection.Change, Used: true, Zone: zone.Name})
		}
	}
	return all, nil
}

func asServer(s *hcloud.Server) Server {
	out := Server{
		Item: Item{Kind: "server", ID: s.ID, Name: s.Name, Labels: s.Labels, Created: s.Created, Location: nameOf(s.Location),
			Protected: s.Protection.Delete, Used: true},
		Status: string(s.Status), IPv4: s.PublicNet.IPv4.ID, IPv6: s.PublicNet.IPv6.ID, Private: map[int64]string{},
		ProtectedRebuild: s.Protection.Rebuild, Rescue: s.RescueEnabled, Backups: s.BackupWindow != "",
	}
	if s.ServerType != nil {
		out.Type = s.ServerType.Name
	}
	if s.Image != nil {
		out.Image = s.Image.Name
	}
	if s.PublicNet.IPv4.IP != nil {
		out.Address = s.PublicNet.IPv4.IP.String()
	}
	for _, n := range s.PrivateNet {
		out.Private[n.Network.ID] = n.IP.String()
	}
	for _, f := range s.PublicNet.Firewalls {
		out.Firewalls = append(out.Firewalls, f.Firewall.ID)
	}
	if s.PlacementGroup != nil {
		out.Group = s.PlacementGroup.ID
	}
	return out
}

func asPrimaryIP(a *hcloud.PrimaryIP) PrimaryIP {
	out := PrimaryIP{
		Item: Item{Kind: "primary_ip", ID: a.ID, Name: a.Name, Labels: a.Labels, Created: a.Created, Location: nameOf(a.Location), Type: string(a.Type),
			Protected: a.Protection.Delete, Used: a.AssigneeID != 0},
		Assignee: a.AssigneeID, AutoDelete: a.AutoDelete, Blocked: a.Blocked,
	}
	ip := a.IP
	if a.Type == hcloud.PrimaryIPTypeIPv6 && ip.To16() != nil {
		ip = slices.Clone(ip.To16())
		ip[15] = 1 // the machine's own address in its /64
	}
	out.Address = ip.String()
	out.ReverseName = a.DNSPtr[out.Address]
	return out
}

func asFirewall(f *hcloud.Firewall) Firewall {
	out := Firewall{Item: Item{Kind: "firewall", ID: f.ID, Name: f.Name, Labels: f.Labels, Created: f.Created, Used: len(f.AppliedTo) > 0}}
	for _, r := range f.Rules {
		if IsTemporarySSH(r) {
			out.TemporarySSH = true
			continue
		}
		rule := Rule{Direction: string(r.Direction), Protocol: string(r.Protocol)}
		if r.Port != nil {
			rule.Port = *r.Port
		}
		for _, n := range slices.Concat(r.SourceIPs, r.DestinationIPs) {
			rule.Networks = append(rule.Networks, n.String())
		}
		slices.Sort(rule.Networks)
		out.Rules = append(out.Rules, rule)
	}
	return out
}

func nameOf(l *hcloud.Location) string {
	if l == nil {
		return ""
	}
	return l.Name
}

func converted[T, U any](all []*T, as func(*T) U) []U {
	out := make([]U, 0, len(all))
	for _, one := range all {
		out = append(out, as(one))
	}
	return out
}
