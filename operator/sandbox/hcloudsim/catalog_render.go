package hcloudsim

import (
	"strconv"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

const terabyte = 1 << 40 // bytes; included_traffic counts binary units

func (c *catalog) renderType(t serverType) schema.ServerType {
	out := schema.ServerType{
		ID: t.ID, Name: t.Name, Description: t.Name, Category: t.Category, Cores: t.Cores, Memory: t.Memory, Disk: t.Disk,
		StorageType: "local", CPUType: t.CPU, Architecture: t.Arch, Prices: c.typePrices(t), Locations: []schema.ServerTypeLocation{},
	}
	for _, name := range c.Priced {
		loc, _ := c.location(schema.IDOrName{Name: name})
		stock := c.shownInStock(t, name)
		out.Locations = append(out.Locations, schema.ServerTypeLocation{ID: loc.ID, Name: name, Available: stock, Recommended: stock})
	}
	return out
}

func (c *catalog) typePrices(t serverType) []schema.PricingServerTypePrice {
	prices := []schema.PricingServerTypePrice{}
	for _, name := range c.Priced {
		prices = append(prices, schema.PricingServerTypePrice{
			Location: name, PriceHourly: c.price(t.Hour), PriceMonthly: c.price(t.Month),
			IncludedTraffic: t.TrafficTB * terabyte, PricePerTBTraffic: c.price(c.TrafficTB),
		})
	}
	return prices
}

func (c *catalog) renderImage(i image) schema.Image {
	return schema.Image{
		ID: i.ID, Status: "available", Type: "system", Name: &i.Name, Description: i.Description, DiskSize: i.Disk,
		Created: &i.Created, OSFlavor: i.OSFlavor, OSVersion: &i.OSVersion, Architecture: i.Arch, RapidDeploy: true,
		Labels: map[string]string{},
	}
}

// renderPricing is GET /pricing.
func (c *catalog) renderPricing() schema.Pricing {
	p := schema.Pricing{
		Currency: c.Currency, VATRate: strconv.FormatInt(c.VATPercent, 10) + ".000000",
		Image:             schema.PricingImage{PricePerGBMonth: c.price(c.ImageGB)},
		FloatingIPs:       []schema.PricingFloatingIPType{},
		PrimaryIPs:        []schema.PricingPrimaryIP{},
		ServerBackup:      schema.PricingServerBackup{Percentage: c.BackupPercentage},
		ServerTypes:       []schema.PricingServerType{},
		LoadBalancerTypes: []schema.PricingLoadBalancerType{},
		Volume:            schema.PricingVolume{PricePerGBPerMonth: c.price(c.VolumeGB)},
	}
	for _, t := range c.Types {
		p.ServerTypes = append(p.ServerTypes, schema.PricingServerType{ID: t.ID, Name: t.Name, Prices: c.typePrices(t)})
	}
	free := hourMonth{"0", "0"}
	for _, kind := range []struct {
		name     string
		primary  hourMonth
		floating string
	}{{"ipv4", c.PrimaryIPv4, c.FloatingIPv4}, {"ipv6", free, c.FloatingIPv6}} {
		primary := schema.PricingPrimaryIP{Type: kind.name}
		floating := schema.PricingFloatingIPType{Type: kind.name}
		for _, name := range c.Priced {
			primary.Prices = append(primary.Prices, schema.PricingPrimaryIPTypePrice{
				Location: name, PriceHourly: c.price(kind.primary.Hour), PriceMonthly: c.price(kind.primary.Month),
			})
			floating.Prices = append(floating.Prices, schema.PricingFloatingIPTypePrice{Location: name, PriceMonthly: c.price(kind.floating)})
		}
		p.PrimaryIPs, p.FloatingIPs = append(p.PrimaryIPs, primary), append(p.FloatingIPs, floating)
	}
	return p
}
