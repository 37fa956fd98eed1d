package hetzner_test

import (
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// TestProjectShowsWhoeverMadeIt: labelled or not, and what a selector leaves out.
func TestProjectShowsWhoeverMadeIt(t *testing.T) {
	_, c := newClient(t)
	newFirewall(t, c, "demo")
	made, _, err := c.Cloud().PrimaryIP.Create(t.Context(), hcloud.PrimaryIPCreateOpts{Name: "forgotten", Type: hcloud.PrimaryIPTypeIPv4, Location: "fsn1", AssigneeType: "server"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Project(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Firewalls) != 1 || len(all.PrimaryIPs) != 1 || all.PrimaryIPs[0].ID != made.PrimaryIP.ID || all.PrimaryIPs[0].Used || all.PrimaryIPs[0].Address == "" {
		t.Errorf("project %+v", all)
	}
	if county, ours := all.Firewalls[0].County(); county != "demo" || !ours {
		t.Errorf("county %q, ours %v", county, ours)
	}
	some, err := c.Project(t.Context(), hetzner.Selector("demo"))
	if err != nil || len(some.Items()) != 1 || some.Items()[0].Kind != "firewall" {
		t.Errorf("selected %+v, %v", some.Items(), err)
	}
	prices, err := c.Prices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		item  hetzner.Item
		known bool
		free  bool
	}{
		{all.PrimaryIPs[0].Item, true, false}, {all.Firewalls[0].Item, true, true}, {hetzner.Item{Kind: "server", Type: "cpx22", Location: "fsn1"}, true, false},
		{hetzner.Item{Kind: "server", Type: "cpx99", Location: "fsn1"}, false, true}, {hetzner.Item{Kind: "image", Gigabytes: 2}, true, false},
	} {
		price, known := prices.Of(x.item)
		if known != x.known || (price.Month == 0) != x.free || price.Currency == "" {
			t.Errorf("%+v: price %+v, known %v", x.item, price, known)
		}
	}
}
