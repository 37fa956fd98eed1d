package hetzner_test

import (
	"fmt"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

func TestLeftoversFindsTheCountysResourcesOnly(t *testing.T) {
	_, c := newClient(t)
	if found, err := c.Leftovers(t.Context(), "demo"); err != nil || len(found) != 0 {
		t.Fatalf("empty project: %v, %v", found, err)
	}
	newFirewall(t, c, "demo")
	newFirewall(t, c, "other")
	group, _, err := c.Cloud().PlacementGroup.Create(t.Context(), hcloud.PlacementGroupCreateOpts{
		Name: "kreisraum-demo-1", Type: hcloud.PlacementGroupTypeSpread, Labels: hetzner.Labels("demo", "county"),
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.Leftovers(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(kinds(found)), "[firewall kreisraum-demo placement_group kreisraum-demo-1]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if found[1].ID != group.PlacementGroup.ID {
		t.Errorf("ID %d, want %d", found[1].ID, group.PlacementGroup.ID)
	}
}

func TestInventoryFollowsPages(t *testing.T) {
	_, c := newClient(t)
	const n = 49 // the quota of placement groups is 50
	for i := range n {
		_, _, err := c.Cloud().PlacementGroup.Create(t.Context(), hcloud.PlacementGroupCreateOpts{
			Name: fmt.Sprintf("group-%d", i), Type: hcloud.PlacementGroupTypeSpread, Labels: hetzner.Labels("demo", "county"),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		if _, _, err := c.Cloud().Firewall.Create(t.Context(), hcloud.FirewallCreateOpts{
			Name: fmt.Sprintf("wall-%d", i), Labels: hetzner.Labels("demo", "county"),
		}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := c.Inventory(t.Context(), "demo")
	if err != nil || len(found) != 2*n {
		t.Errorf("found %d, want %d, err %v", len(found), 2*n, err)
	}
}

func kinds(found []hetzner.Resource) []string {
	var out []string
	for _, r := range found {
		out = append(out, r.Kind+" "+r.Name)
	}
	return out
}
