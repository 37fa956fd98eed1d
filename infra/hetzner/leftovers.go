package hetzner

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"golang.org/x/sync/errgroup"
)

// Resource is something of a county that exists at Hetzner.
type Resource struct {
	// Kind as in the API's singular: server, primary_ip, firewall, network, placement_group, ssh_key, volume, floating_ip,
	// load_balancer, image or rrset.
	Kind string
	// ID is 0 for an rrset, which has none; see Key.
	ID int64
	// Name as at Hetzner; of an rrset its zone, name and type, for example "kmz.example/jitsi/A".
	Name string
	// Location of servers and primary IPs.
	Location string
	// The rest is of servers only. Off says that it is switched off.
	Off        bool
	ServerType string
	// Created is when Hetzner began to bill it.
	Created time.Time

	// seen is hcloud-go's own object, see Seen.
	seen any
}

// Key tells a resource from all others of its kind: the ID in decimal, or the name of what has no ID.
func (r Resource) Key() string {
	if r.ID == 0 {
		return r.Name
	}
	return strconv.FormatInt(r.ID, 10)
}

// Seen is what the list said of the resource: *hcloud.Server, *hcloud.PrimaryIP, and so on. Nil if it was not listed by a Client.
func (r Resource) Seen() any { return r.seen }

// FreeAddress says whether the list had it as a primary IP that nothing holds.
func (r Resource) FreeAddress() bool {
	address, ok := r.seen.(*hcloud.PrimaryIP)
	return ok && address.AssigneeID == 0
}

// Leftovers lists every resource that is labelled as the county's, sorted by kind and name, with as many requests as there are kinds,
// and one more for each DNS zone of the project. After a `down` it must be empty.
func (c *Client) Leftovers(ctx context.Context, county string) ([]Resource, error) {
	return c.labelled(ctx, Selector(county), append(append(ourKinds(c.cloud), otherKinds(c.cloud)...), c.rrsets(nil)))
}

// Managed lists what the Pulumi program, or a command, ever made for the county: Leftovers with the label that says so.
func (c *Client) Managed(ctx context.Context, county string) ([]Resource, error) {
	return c.labelled(ctx, managed(county), append(append(ourKinds(c.cloud), otherKinds(c.cloud)...), c.rrsets(nil)))
}

// Inventory lists what the Pulumi program made for the county: of the kinds it makes and labelled as managed by it. Of DNS records only
// those in the zones named. Sorted by kind and name.
func (c *Client) Inventory(ctx context.Context, county string, zones ...string) ([]Resource, error) {
	kinds := ourKinds(c.cloud)
	if len(zones) > 0 {
		kinds = append(kinds, c.rrsets(zones))
	}
	return c.labelled(ctx, managed(county), kinds)
}

// Machines lists the county's servers and primary IPs, with two requests.
func (c *Client) Machines(ctx context.Context, county string) ([]Resource, error) {
	return c.labelled(ctx, managed(county), []lister{servers(c.cloud), primaryIPs(c.cloud)})
}

// Servers lists the county's servers, with one request for each fifty.
func (c *Client) Servers(ctx context.Context, county string) ([]Resource, error) {
	return c.labelled(ctx, Selector(county), []lister{servers(c.cloud)})
}

func managed(county string) string { return Selector(county) + "," + LabelManagedBy + "=" + ManagedBy }

func (c *Client) labelled(ctx context.Context, selector string, kinds []lister) ([]Resource, error) {
	const what = "list the county's resources"
	opts := hcloud.ListOpts{LabelSelector: selector, PerPage: pageSize}
	found := make([][]Resource, len(kinds))
	group, ctx := errgroup.WithContext(ctx)
	for i, list := range kinds {
		group.Go(func() error {
			return c.Do(ctx, what, func(ctx context.Context) (err error) {
				found[i], err = list(ctx, opts)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := slices.Concat(found...)
	slices.SortFunc(all, func(a, b Resource) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// lister lists one kind of resource.
type lister func(context.Context, hcloud.ListOpts) ([]Resource, error)

func servers(cloud *hcloud.Client) lister {
	return func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
		all, err := cloud.Server.AllWithOpts(ctx, hcloud.ServerListOpts{ListOpts: o})
		return collect(all, err, serverResource)
	}
}

func primaryIPs(cloud *hcloud.Client) lister {
	return func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
		all, err := cloud.PrimaryIP.AllWithOpts(ctx, hcloud.PrimaryIPListOpts{ListOpts: o})
		return collect(all, err, func(p *hcloud.PrimaryIP) Resource {
			r := Resource{Kind: "primary_ip", ID: p.ID, Name: p.Name, Created: p.Created}
			if p.Location != nil {
				r.Location = p.Location.Name
			}
			return r
		})
	}
}

func ourKinds(cloud *hcloud.Client) []lister {
	return []lister{
		servers(cloud),
		primaryIPs(cloud),
		func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
			all, err := cloud.Firewall.AllWithOpts(ctx, hcloud.FirewallListOpts{ListOpts: o})
			return collect(all, err, func(f *hcloud.Firewall) Resource {
				return Resource{Kind: "firewall", ID: f.ID, Name: f.Name}
			})
		},
		func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
			all, err := cloud.Network.AllWithOpts(ctx, hcloud.NetworkListOpts{ListOpts: o})
			return collect(all, err, func(n *hcloud.Network) Resource {
				return Resource{Kind: "network", ID: n.ID, Name: n.Name}
			})
		},
		func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
			all, err := cloud.PlacementGroup.AllWithOpts(ctx, hcloud.PlacementGroupListOpts{ListOpts: o})
			return collect(all, err, func(p *hcloud.PlacementGroup) Resource {
				return Resource{Kind: "placement_group", ID: p.ID, Name: p.Name}
			})
		},
		func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
			all, err := cloud.SSHKey.AllWithOpts(ctx, hcloud.SSHKeyListOpts{ListOpts: o})
			return collect(all, err, func(k *hcloud.SSHKey) Resource {
				return Resource{Kind: "ssh_key", ID: k.ID, Name: k.Name}
			})
		},
	}
}

// otherKinds are never made by the program, but somebody may have labelled one by hand, and it would go on costing money.
func otherKinds(cloud *hcloud.Client) []lister {
	return []lister{
		func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
			all, err := cloud.Volume.AllWithOpts(ctx, hcloud.VolumeListOpts{ListOpts: o})
			return collect(all, err, func(v *hcloud.Volume) Resource { return Resource{Kind: "volume", ID: v.ID, Name: v.Name} })
		},
		func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
			all, err := cloud.FloatingIP.AllWithOpts(ctx, hcloud.FloatingIPListOpts{ListOpts: o})
			return collect(all, err, func(f *hcloud.FloatingIP) Resource {
				return Resource{Kind: "floating_ip", ID: f.ID, Name: f.Name}
			})
		},
		func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
			all, err := cloud.LoadBalancer.AllWithOpts(ctx, hcloud.LoadBalancerListOpts{ListOpts: o})
			return collect(all, err, func(l *hcloud.LoadBalancer) Resource {
				return Resource{Kind: "load_balancer", ID: l.ID, Name: l.Name}
			})
		},
		func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
			all, err := cloud.Image.AllWithOpts(ctx, hcloud.ImageListOpts{ListOpts: o})
			return collect(all, err, func(i *hcloud.Image) Resource {
				return Resource{Kind: "image", ID: i.ID, Name: cmp.Or(i.Name, i.Description)}
			})
		},
	}
}

func serverResource(s *hcloud.Server) Resource {
	r := Resource{Kind: "server", ID: s.ID, Name: s.Name, Off: s.Status == hcloud.ServerStatusOff, Created: s.Created}
	if s.ServerType != nil {
		r.ServerType = s.ServerType.Name
	}
	if s.Location != nil {
		r.Location = s.Location.Name
	}
	return r
}

func collect[T any](all []*T, err error, as func(*T) Resource) ([]Resource, error) {
	found := make([]Resource, 0, len(all))
	for _, one := range all {
		r := as(one)
		r.seen = one
		found = append(found, r)
	}
	return found, err
}
