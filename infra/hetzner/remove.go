package hetzner

import (
	"context"
	"fmt"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// Remove deletes something that the provider never makes and so cannot delete: a snapshot, volume, floating IP, load balancer or a set of DNS
// records. What is gone is fine.
func (c *Client) Remove(ctx context.Context, i Item) error {
	what := fmt.Sprintf("delete %s %s", i.Kind, i.Name)
	var action *hcloud.Action
	err := c.Do(ctx, what, func(ctx context.Context) (err error) {
		switch i.Kind {
		case "image":
			_, err = c.cloud.Image.Delete(ctx, &hcloud.Image{ID: i.ID})
		case "volume":
			_, err = c.cloud.Volume.Delete(ctx, &hcloud.Volume{ID: i.ID})
		case "floating_ip":
			_, err = c.cloud.FloatingIP.Delete(ctx, &hcloud.FloatingIP{ID: i.ID})
		case "load_balancer":
			var done hcloud.LoadBalancerDeleteResult
			done, _, err = c.cloud.LoadBalancer.DeleteWithResult(ctx, &hcloud.LoadBalancer{ID: i.ID})
			action = done.Action
		case "rrset":
			var done hcloud.ZoneRRSetDeleteResult
			done, _, err = c.cloud.Zone.DeleteRRSet(ctx, &hcloud.ZoneRRSet{
				Zone: &hcloud.Zone{Name: i.Zone}, Name: strings.TrimSuffix(strings.TrimSuffix(i.Name, i.Zone), "."), Type: hcloud.ZoneRRSetType(i.Type),
			})
			action = done.Action
		default:
			return fmt.Errorf("%s: nobody knows how", what)
		}
		return err
	}, InUse)
	if Classify(err) == Gone {
		return nil
	}
	if err != nil {
		return err
	}
	return c.Wait(ctx, what, action)
}
