package hetzner

import (
	"context"
	"math/big"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// PriceList is Hetzner's, net of VAT, in the account's currency. The zero value knows no price.
type PriceList struct{ pricing hcloud.Pricing }

// Prices asks for the list.
func (c *Client) Prices(ctx context.Context) (PriceList, error) {
	var l PriceList
	err := c.Do(ctx, "get prices", func(ctx context.Context) (err error) {
		l.pricing, _, err = c.cloud.Pricing.Get(ctx)
		return err
	})
	return l, err
}

// Currency of all prices, for example "EUR".
func (l PriceList) Currency() string { return l.pricing.Currency }

// Of is what an item costs an hour and a month; known is false if the list does not say. What is free costs nothing.
func (l PriceList) Of(i Item) (price Price, known bool) {
	switch i.Kind {
	case "server":
		p, ok := serverPrice(l.pricing, MachineKind{ServerType: i.Type, Location: i.Location})
		return l.price(p, ok, 1)
	case "primary_ip":
		if i.Type != string(hcloud.PrimaryIPTypeIPv4) {
			return l.price(netPrice{"0", "0"}, true, 1)
		}
		p, ok := ipv4Price(l.pricing, i.Location)
		return l.price(p, ok, 1)
	case "volume":
		return l.price(monthly(l.pricing.Volume.PerGBMonthly), true, i.Gigabytes)
	case "image":
		return l.price(monthly(l.pricing.Image.PerGBMonth), true, i.Gigabytes)
	case "floating_ip":
		p, ok := l.floatingIP(i)
		return l.price(p, ok, 1)
	case "load_balancer":
		p, ok := l.loadBalancer(i)
		return l.price(p, ok, 1)
	}
	return l.price(netPrice{"0", "0"}, true, 1)
}

func (l PriceList) floatingIP(i Item) (netPrice, bool) {
	for _, t := range l.pricing.FloatingIPs {
		for _, p := range t.Pricings {
			if string(t.Type) == i.Type && nameOf(p.Location) == i.Location {
				return monthly(p.Monthly), true
			}
		}
	}
	return netPrice{}, false
}

func (l PriceList) loadBalancer(i Item) (netPrice, bool) {
	for _, t := range l.pricing.LoadBalancerTypes {
		for _, p := range t.Pricings {
			if t.LoadBalancerType != nil && t.LoadBalancerType.Name == i.Type && nameOf(p.Location) == i.Location {
				return netPrice{p.Hourly.Net, p.Monthly.Net}, true
			}
		}
	}
	return netPrice{}, false
}

// monthly is the price of what is billed by the month; an hour of it is not.
func monthly(p hcloud.Price) netPrice { return netPrice{"0", p.Net} }

func (l PriceList) price(p netPrice, ok bool, times float64) (Price, bool) {
	hour, hourOK := new(big.Rat).SetString(p.hour)
	month, monthOK := new(big.Rat).SetString(p.month)
	factor := new(big.Rat).SetFloat64(times)
	if !ok || !hourOK || !monthOK || factor == nil {
		return Price{Currency: l.pricing.Currency}, false
	}
	return Price{Currency: l.pricing.Currency, Hour: amount(hour.Mul(hour, factor)), Month: amount(month.Mul(month, factor))}, true
}

// Plus adds two prices of the same list.
func (p Price) Plus(q Price) Price {
	if p.Currency == "" {
		p.Currency = q.Currency
	}
	return Price{Currency: p.Currency, Hour: p.Hour + q.Hour, Month: p.Month + q.Month}
}
