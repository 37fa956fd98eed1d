package hetzner

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"golang.org/x/sync/errgroup"
)

// Resource is something of a county that exists at Hetzner.
type Resource struct {
	// Kind as in the API's singular: server, primary_ip, firewall, network, placement_group, ssh_key, volume, floating_ip,
	// load_balancer or image.
	Kind string
	ID   int64
	Name string
	// The rest is of servers only. Off says that it is switched off.
	Off                  bool
	ServerType, Location string
	// Created is when Hetzner began to bill it.
	Created time.Time
}

// Leftovers lists every resource that is labelled as the county's, sorted by kind and name. After a `down` it must be empty.
func (c *Client) Leftovers(ctx context.Context, county string) ([]Resource, error) {
	return c.labelled(ctx, Selector(county), append(ourKinds(c.cloud), otherKinds(c.cloud)...))
}

// Inventory lists what the Pulumi program made for the county: of the kinds it makes and labelled as managed by it. Sorted
// by kind and name.
func (c *Client) Inventory(ctx context.Context, county string) ([]Resource, error) {
	return c.labelled(ctx, Selector(county)+","+LabelManagedBy+"="+ManagedBy, ourKinds(c.cloud))
}

func (c *Client) labelled(ctx context.Context, selector string, kinds []lister) ([]Resource, error) {
	const what = "list the county's resources"
	opts := hcloud.ListOpts{LabelSelector: selector, PerPage: 50}
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

func ourKinds(cloud *hcloud.Client) []lister {
	return []lister{
		func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
			all, err := cloud.Server.AllWithOpts(ctx, hcloud.ServerListOpts{ListOpts: o})
			return collect(all, err, func(s *hcloud.Server) Resource {
				return serverResource(s)
			})
		},
		func(ctx context.Context, o hcloud.ListOpts) ([]Resource, error) {
			all, err := cloud.PrimaryIP.AllWithOpts(ctx, hcloud.PrimaryIPListOpts{ListOpts: o})
			return collect(all, err, func(p *hcloud.PrimaryIP) Resource {
				return Resource{Kind: "primary_ip", ID: p.ID, Name: p.Name}
			})
		},
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

// otherKinds are never made by us, but somebody may have labelled one by hand, and it would go on costing money.
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
		found = append(found, as(one))
	}
	return found, err
}
