package hcloudsim

import (
	"maps"
	"math/big"
	"slices"
	"time"
)

// Bill is what everything has cost so far, net, by the simulator's clock.
type Bill struct {
	Currency string     `json:"currency"`
	At       time.Time  `json:"at"`
	Lines    []BillLine `json:"lines"`
	// Net is the sum, with what is no longer told line by line.
	Net string `json:"net"`
	// PerHour is what the next hour of everything that exists costs, before caps.
	PerHour string `json:"per_hour"`
}

// BillLine is one resource, as long as it was what it is.
type BillLine struct {
	Kind     string     `json:"kind"` // server, primary_ip, snapshot
	ID       int64      `json:"id"`
	Type     string     `json:"type"`
	Location string     `json:"location,omitempty"`
	From     time.Time  `json:"from"`
	Until    *time.Time `json:"until,omitempty"` // absent: it still is
	Hours    int64      `json:"hours"`           // started
	Net      string     `json:"net"`
}

// Bill adds up.
func (s *Server) Bill() Bill {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Clock.Now().UTC()
	bill := Bill{Currency: s.catalog.Currency, At: now, Lines: []BillLine{}}
	sum, perHour := amount(s.project.Ledger.Carried), new(big.Rat)
	for _, n := range slices.Sorted(maps.Keys(s.project.Charges)) {
		c := s.project.Charges[n]
		hours, net := c.cost(now)
		sum.Add(sum, net)
		if c.Until == nil {
			perHour.Add(perHour, amount(c.Hour))
		}
		bill.Lines = append(bill.Lines, BillLine{
			Kind: c.Kind, ID: c.ID, Type: c.Type, Location: c.Location, From: c.From, Until: c.Until, Hours: hours, Net: money(net),
		})
	}
	bill.Net, bill.PerHour = money(sum), money(perHour)
	return bill
}

// money has four decimals, as Hetzner's hourly prices.
func money(r *big.Rat) string { return r.FloatString(4) }
