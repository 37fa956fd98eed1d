package county

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Bill is what a county costs at Hetzner, net of VAT.
type Bill struct {
	County string
	// Lines, the dearest first; what is free is not in it.
	Lines []BillLine
	// Total of the lines now, and what they have cost since Since, the beginning of the month. What is gone already is not in it.
	Total  hetzner.Price
	SoFar  hetzner.Amount
	Since  time.Time
	Priced bool
}

// BillLine is one thing that costs money: a machine with its address, or something else.
type BillLine struct {
	Name, Kind, Type, Location string
	Created                    time.Time
	Price                      hetzner.Price
	SoFar                      hetzner.Amount
	// Priced is false if Hetzner's list does not say what it costs.
	Priced bool
}

// BillOf prices everything of a county in the project. Hetzner bills each hour that has begun, up to the price of a month.
func BillOf(county string, p hetzner.Project, prices hetzner.PriceList, now time.Time) Bill {
	since := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
	b := Bill{County: county, Since: since, Priced: true, Total: hetzner.Price{Currency: prices.Currency()}}
	for _, i := range p.Items() {
		if label, has := i.Labels[hetzner.LabelCounty]; label != county && (has || !ofName(i.Name, county)) {
			continue // what has lost its labels still costs money
		}
		price, known := prices.Of(i)
		if known && price.Hour == 0 && price.Month == 0 {
			continue
		}
		b.Priced = b.Priced && known
		line := BillLine{Name: i.Name, Kind: i.Kind, Type: i.Type, Location: i.Location, Created: i.Created, Price: price, Priced: known, SoFar: soFar(price, i.Created, since, now)}
		b.Total, b.SoFar = b.Total.Plus(price), b.SoFar+line.SoFar
		b.Lines = append(b.Lines, line)
	}
	slices.SortStableFunc(b.Lines, func(x, y BillLine) int { return int(y.Price.Month - x.Price.Month) })
	return b
}

// soFar is what something has cost in a month that began at since.
func soFar(p hetzner.Price, created, since, now time.Time) hetzner.Amount {
	from := created
	if from.Before(since) {
		from = since
	}
	if !from.Before(now) {
		return 0
	}
	begun := hetzner.Amount((now.Sub(from) + time.Hour - 1) / time.Hour)
	if p.Hour == 0 { // billed by the month, which is as good as by its hours
		month := hetzner.Amount(since.AddDate(0, 1, 0).Sub(since) / time.Hour)
		return p.Month * min(begun, month) / month
	}
	return min(p.Hour*begun, p.Month)
}

// MarshalJSON writes amounts as decimal texts.
func (b Bill) MarshalJSON() ([]byte, error) {
	type line struct {
		Name          string    `json:"name"`
		Kind          string    `json:"kind"`
		Type          string    `json:"type,omitempty"`
		Location      string    `json:"location,omitempty"`
		Created       time.Time `json:"created,omitzero"`
		PricePerHour  string    `json:"price_per_hour,omitempty"`
		PricePerMonth string    `json:"price_per_month,omitempty"`
		SoFar         string    `json:"this_month,omitempty"`
	}
	lines := []line{}
	for _, l := range b.Lines {
		one := line{Name: l.Name, Kind: l.Kind, Type: l.Type, Location: l.Location, Created: l.Created}
		if l.Priced {
			one.PricePerHour, one.PricePerMonth, one.SoFar = l.Price.Hour.String(), l.Price.Month.Cents(), l.SoFar.Cents()
		}
		lines = append(lines, one)
	}
	return json.Marshal(map[string]any{
		"county": b.County, "currency": b.Total.Currency, "net": true, "price_per_hour": b.Total.Hour.String(), "price_per_month": b.Total.Month.Cents(),
		"this_month": b.SoFar.Cents(), "since": b.Since, "complete": b.Priced, "lines": lines,
	})
}

// KindText is a kind of resource for people.
func KindText(kind string) string {
	switch kind {
	case "primary_ip":
		return "address"
	case "image":
		return "snapshot"
	case "rrset":
		return "DNS record"
	}
	return strings.ReplaceAll(kind, "_", " ")
}
