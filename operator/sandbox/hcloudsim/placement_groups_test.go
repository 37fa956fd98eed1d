package hcloudsim

import (
	"fmt"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestPlacementGroupHoldsTen(t *testing.T) {
	c := newCloud(t)
	res := must[hcloud.PlacementGroupCreateResult](t)(c.client.PlacementGroup.Create(c.ctx, hcloud.PlacementGroupCreateOpts{
		Name: "spread", Type: hcloud.PlacementGroupTypeSpread,
	}))
	for i := range 10 {
		opts := serverOpts(fmt.Sprintf("bridge-%d", i))
		opts.PlacementGroup, opts.StartAfterCreate = res.PlacementGroup, hcloud.Ptr(false)
		c.create(opts)
	}
	opts := serverOpts("bridge-10")
	opts.PlacementGroup = res.PlacementGroup
	_, _, err := c.client.Server.Create(c.ctx, opts)
	c.wantCode(err, "placement_group_member_limit_reached")

	s := c.createStopped("bridge-10")
	_, _, err = c.client.Server.AddToPlacementGroup(c.ctx, s, res.PlacementGroup)
	c.wantCode(err, "placement_group_member_limit_reached")
	_, err = c.client.PlacementGroup.Delete(c.ctx, res.PlacementGroup)
	c.wantCode(err, hcloud.ErrorCodeResourceInUse)

	first := must[*hcloud.Server](t)(c.client.Server.GetByName(c.ctx, "bridge-0"))
	if first.PlacementGroup == nil || len(first.PlacementGroup.Servers) != 10 {
		t.Errorf("embedded group: got %+v", first.PlacementGroup)
	}
	c.wait(must[*hcloud.Action](t)(c.client.Server.RemoveFromPlacementGroup(c.ctx, first)))
	c.wait(must[*hcloud.Action](t)(c.client.Server.AddToPlacementGroup(c.ctx, s, res.PlacementGroup)))
	_, _, err = c.client.Server.AddToPlacementGroup(c.ctx, s, res.PlacementGroup)
	c.wantCode(err, "already_in_placement_group")
	group := must[*hcloud.PlacementGroup](t)(c.client.PlacementGroup.GetByName(c.ctx, "spread"))
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s)).Action)
	if after := must[*hcloud.PlacementGroup](t)(c.client.PlacementGroup.GetByID(c.ctx, group.ID)); len(after.Servers) != 9 {
		t.Errorf("members after delete: got %d, want 9", len(after.Servers))
	}
}
