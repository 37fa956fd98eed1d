package hetzner

import (
	"context"
	"slices"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"golang.org/x/sync/errgroup"
)

// zonesAtOnce bounds how many zones are searched for records at the same time.
const zonesAtOnce = 8

// ZoneFor returns the DNS zone of the project that domain lies in, the longest if there are several. A secondary zone, whose records
// are written elsewhere, is none. It says nothing about who is asked for the domain: the zone need not be delegated to Hetzner.
func (c *Client) ZoneFor(ctx context.Context, domain string) (name string, found bool, err error) {
	zones, err := c.zones(ctx)
	if err != nil {
		return "", false, err
	}
	for _, z := range zones {
		if _, inside := RecordName(domain, z.Name); inside && len(z.Name) > len(name) {
			name = z.Name
		}
	}
	return name, name != "", nil
}

// RecordName is the name of domain within a zone, "@" for the zone's own; false if it does not lie in it.
func RecordName(domain, zone string) (name string, inside bool) {
	domain, zone = plainName(domain), plainName(zone)
	if zone == "" {
		return "", false
	}
	if domain == zone {
		return "@", true
	}
	return strings.CutSuffix(domain, "."+zone)
}

// plainName is a host name in lower case and without the final dot.
func plainName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// zones are the project's primary zones, with one request for each fifty.
func (c *Client) zones(ctx context.Context) ([]*hcloud.Zone, error) {
	var all []*hcloud.Zone
	err := c.Do(ctx, "list the DNS zones", func(ctx context.Context) (err error) {
		all, err = c.cloud.Zone.AllWithOpts(ctx, hcloud.ZoneListOpts{Mode: hcloud.ZoneModePrimary, ListOpts: hcloud.ListOpts{PerPage: pageSize}})
		return err
	})
	return slices.DeleteFunc(all, func(z *hcloud.Zone) bool { return z.Mode != hcloud.ZoneModePrimary }), err
}

// rrsets lists labelled records in the zones named, nil: in all zones of the project. A zone that does not exist has none.
func (c *Client) rrsets(names []string) lister {
	return func(ctx context.Context, opts hcloud.ListOpts) ([]Resource, error) {
		if names == nil {
			zones, err := c.zones(ctx)
			if err != nil {
				return nil, err
			}
			for _, z := range zones {
				names = append(names, z.Name)
			}
		}
		found := make([][]Resource, len(names))
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(zonesAtOnce)
		for i, name := range names {
			group.Go(func() (err error) {
				found[i], err = c.rrsetsIn(ctx, name, opts)
				return err
			})
		}
		err := group.Wait()
		return slices.Concat(found...), err
	}
}

func (c *Client) rrsetsIn(ctx context.Context, zone string, opts hcloud.ListOpts) ([]Resource, error) {
	all, err := c.cloud.Zone.AllRRSetsWithOpts(ctx, &hcloud.Zone{Name: zone}, hcloud.ZoneRRSetListOpts{ListOpts: opts})
	if hcloud.IsError(err, hcloud.ErrorCodeNotFound) {
		return nil, nil
	}
	return collect(all, err, func(s *hcloud.ZoneRRSet) Resource {
		return Resource{Kind: "rrset", Name: RRSetKey(zone, s.Name, string(s.Type))}
	})
}

// RRSetKey is how a set of records is called: zone, name within it and type, for example "kmz.example/jitsi/A". None of them can hold a
// slash.
func RRSetKey(zone, name, kind string) string { return zone + "/" + name + "/" + kind }

// ParseRRSetKey reads what RRSetKey wrote.
func ParseRRSetKey(key string) (zone, name, kind string, ok bool) {
	parts := strings.Split(key, "/")
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return "", "", "", false
	}
	return parts[0], parts[1], parts[2], true
}
