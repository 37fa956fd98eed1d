package hcloudsim

import (
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestCatalog(t *testing.T) {
	c := newCloud(t)
	typ := must[*hcloud.ServerType](t)(c.client.ServerType.GetByName(c.ctx, "cpx22"))
	if typ.ID != 109 || typ.Cores != 2 || typ.Memory != 4 || typ.Disk != 80 || len(typ.Pricings) != 3 || len(typ.Locations) != 3 {
		t.Errorf("cpx22: got %+v", typ)
	}
	if p := typ.Pricings[0]; p.Monthly.Net != "19.4900000000" || p.Monthly.Gross != "23.1931000000000000" || p.Hourly.Net != "0.0312000000" {
		t.Errorf("price of cpx22: got %+v", p)
	}
	if err := c.sim.SetStock("cpx22", "nbg1", false); err != nil {
		t.Fatal(err)
	}
	if err := c.sim.SetStock("cpx22", "sin", false); err == nil {
		t.Error("stock of a pair that is not offered: got no error")
	}
	typ = must[*hcloud.ServerType](t)(c.client.ServerType.GetByID(c.ctx, 109))
	for _, l := range typ.Locations {
		if l.Available != (l.Location.Name != "nbg1") {
			t.Errorf("cpx22 at %s: available %v", l.Location.Name, l.Available)
		}
	}
	pricing := must[hcloud.Pricing](t)(c.client.Pricing.Get(c.ctx))
	if pricing.Currency != "EUR" || len(pricing.ServerTypes) != 20 || len(pricing.PrimaryIPs) != 2 {
		t.Errorf("pricing: got %s, %d types, %d primary IPs", pricing.Currency, len(pricing.ServerTypes), len(pricing.PrimaryIPs))
	}
	locations, err := c.client.Location.All(c.ctx)
	if err != nil || len(locations) != 6 || locations[0].Name != "fsn1" || locations[0].NetworkZone != "eu-central" {
		t.Errorf("locations: got %d %v", len(locations), err)
	}
	for _, arch := range []hcloud.Architecture{hcloud.ArchitectureX86, hcloud.ArchitectureARM} {
		images, err := c.client.Image.AllWithOpts(c.ctx, hcloud.ImageListOpts{
			Name: "debian-12", Architecture: []hcloud.Architecture{arch}, Type: []hcloud.ImageType{hcloud.ImageTypeSystem}, IncludeDeprecated: true,
		})
		if err != nil || len(images) != 1 || images[0].Architecture != arch {
			t.Errorf("debian-12 for %s: got %d %v", arch, len(images), err)
		}
	}
	snapshots, err := c.client.Image.AllWithOpts(c.ctx, hcloud.ImageListOpts{Type: []hcloud.ImageType{hcloud.ImageTypeSnapshot}})
	if err != nil || len(snapshots) != 0 {
		t.Errorf("snapshots: got %d %v", len(snapshots), err)
	}
}

func TestEveryOfferedTypeHasAnImageAndAPrice(t *testing.T) {
	cat, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[int64]string{}
	for _, typ := range cat.Types {
		if other, taken := ids[typ.ID]; taken {
			t.Errorf("%s has the ID of %s", typ.Name, other)
		}
		ids[typ.ID] = typ.Name
		for _, p := range cat.typePrices(typ) {
			if strings.HasPrefix(p.PriceMonthly.Net, "0.00") || strings.HasPrefix(p.PriceHourly.Net, "0.0000") || p.IncludedTraffic == 0 {
				t.Errorf("%s at %s: price %+v", typ.Name, p.Location, p)
			}
		}
		images := 0
		for _, img := range cat.Images {
			if img.Arch == typ.Arch {
				images++
			}
		}
		if images != 3 || typ.Cores == 0 || typ.Memory == 0 || typ.Disk == 0 {
			t.Errorf("%s: %d images, %+v", typ.Name, images, typ)
		}
	}
}
