package hetzner

import (
	"context"
	"fmt"
	"math/big"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// MachineKind is a machine to be priced.
type MachineKind struct {
	ServerType string
	Location   string
	// Count of such machines. 0 means 1.
	Count int
	// IPv4 says whether each has a primary IPv4, which costs extra. IPv6 is free.
	IPv4 bool
}

// Price of machines, net. What an older server is really billed can be less: prices rise for new orders only.
type Price struct {
	// Currency of the account, for example "EUR".
	Currency string
	// Hour is billed per started hour, Month is its cap.
	Hour, Month Amount
}

// Amount of money in ten-thousandths of the currency's unit: 312 is 0.0312.
type Amount int64

// String has four decimals, for example "0.0320".
func (a Amount) String() string { return fmt.Sprintf("%d.%04d", a/10000, a%10000) }

// Cents has two decimals, rounded half up, for example "19.99".
func (a Amount) Cents() string {
	c := (a + 50) / 100
	return fmt.Sprintf("%d.%02d", c/100, c%100)
}

// Hourly asks Hetzner's price list what the machines cost together, per hour and per month.
func (c *Client) Hourly(ctx context.Context, machines []MachineKind) (Price, error) {
	var pricing hcloud.Pricing
	err := c.Do(ctx, "get prices", func(ctx context.Context) (err error) {
		pricing, _, err = c.cloud.Pricing.Get(ctx)
		return err
	})
	if err != nil {
		return Price{}, err
	}
	return total(pricing, machines)
}

// total adds up exactly and rounds once.
func total(pricing hcloud.Pricing, machines []MachineKind) (Price, error) {
	hour, month := new(big.Rat), new(big.Rat)
	for _, m := range machines {
		count := new(big.Rat).SetInt64(int64(max(m.Count, 1)))
		parts, err := prices(pricing, m)
		if err != nil {
			return Price{}, err
		}
		for _, p := range parts {
			if err := addTimes(hour, p.hour, count); err != nil {
				return Price{}, err
			}
			if err := addTimes(month, p.month, count); err != nil {
				return Price{}, err
			}
		}
	}
	return Price{Currency: pricing.Currency, Hour: amount(hour), Month: amount(month)}, nil
}

// netPrice is a pair of decimal strings as the API writes them.
type netPrice struct{ hour, month string }

func prices(pricing hcloud.Pricing, m MachineKind) ([]netPrice, error) {
	server, ok := serverPrice(pricing, m)
	if !ok {
		return nil, &Error{What: "get prices", Class: Capacity, Cause: fmt.Sprintf("Hetzner offers no %s in %s", m.ServerType, m.Location),
			Next: "choose another server type or location in the county's file"}
	}
	if !m.IPv4 {
		return []netPrice{server}, nil
	}
	ip, ok := ipv4Price(pricing, m.Location)
	if !ok {
		return nil, &Error{What: "get prices", Class: Capacity, Cause: "Hetzner's price list has no IPv4 address in " + m.Location,
			Next: "choose another location in the county's file"}
	}
	return []netPrice{server, ip}, nil
}

func serverPrice(pricing hcloud.Pricing, m MachineKind) (netPrice, bool) {
	for _, t := range pricing.ServerTypes {
		if t.ServerType.Name != m.ServerType {
			continue
		}
		for _, p := range t.Pricings {
			// A price of zero means "not offered there".
			if p.Location.Name == m.Location && !isZero(p.Hourly.Net) {
				return netPrice{p.Hourly.Net, p.Monthly.Net}, true
			}
		}
	}
	return netPrice{}, false
}

func ipv4Price(pricing hcloud.Pricing, location string) (netPrice, bool) {
	for _, t := range pricing.PrimaryIPs {
		if t.Type != string(hcloud.PrimaryIPTypeIPv4) {
			continue
		}
		for _, p := range t.Pricings {
			if p.Location == location {
				return netPrice{p.Hourly.Net, p.Monthly.Net}, true
			}
		}
	}
	return netPrice{}, false
}

func isZero(decimal string) bool {
	r, ok := new(big.Rat).SetString(decimal)
	return !ok || r.Sign() == 0
}

func addTimes(sum *big.Rat, decimal string, count *big.Rat) error {
	r, ok := new(big.Rat).SetString(decimal)
	if !ok {
		return fmt.Errorf("get prices: %q is no price", decimal)
	}
	sum.Add(sum, r.Mul(r, count))
	return nil
}

// amount rounds half up.
func amount(r *big.Rat) Amount {
	scaled := new(big.Rat).Mul(r, big.NewRat(10000, 1))
	scaled.Add(scaled, big.NewRat(1, 2))
	return Amount(new(big.Int).Div(scaled.Num(), scaled.Denom()).Int64())
}
