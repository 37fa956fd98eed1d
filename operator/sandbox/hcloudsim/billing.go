package hcloudsim

import (
	"cmp"
	"math/big"
	"slices"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// keptCharges is how many charges of resources that are gone are told one by one; older ones only count in the total. Our own bound.
const keptCharges = 10_000

// charge is what one resource costs from when it was made, or became what it is, until it was deleted or changed. The price is that of the
// beginning: at Hetzner, too, a server keeps its price until it is rescaled.
type charge struct {
	Kind     string     `json:"kind"` // server, primary_ip, snapshot
	ID       int64      `json:"id"`
	Type     string     `json:"type"` // for example "cpx22" or "ipv4"
	Location string     `json:"location,omitempty"`
	From     time.Time  `json:"from"`
	Until    *time.Time `json:"until,omitempty"` // nil: it still is
	Hour     string     `json:"hour"`            // price of a started hour, net
	Month    string     `json:"month"`           // the most for a calendar month, net
}

// ledger is what everything has cost. The zero value is empty. Guarded by Server.mu.
type ledger struct {
	Charges []*charge `json:"charges"` // in the order in which they began
	Carried string    `json:"carried"` // net, of charges that are no longer told one by one
}

type billed struct {
	kind string
	id   int64
}

// keep brings the ledger in line with what there is now: what is new begins to cost, what is gone or has changed ends.
func (l *ledger) keep(now time.Time, wanted []charge) {
	open := map[billed]*charge{}
	for _, c := range l.Charges {
		if c.Until == nil {
			open[billed{c.Kind, c.ID}] = c
		}
	}
	for _, w := range wanted {
		key := billed{w.Kind, w.ID}
		c, is := open[key]
		delete(open, key)
		if is && c.Type == w.Type {
			continue
		}
		if is {
			c.end(now)
			w.From = now
		}
		l.Charges = append(l.Charges, &w)
	}
	for _, c := range open {
		c.end(now)
	}
	l.carry()
}

func (c *charge) end(at time.Time) { c.Until = &at }

// carry forgets the oldest charges that have ended, but not their sum.
func (l *ledger) carry() {
	if len(l.Charges) <= 2*keptCharges {
		return
	}
	sum := amount(l.Carried)
	surplus := len(l.Charges) - keptCharges
	l.Charges = slices.DeleteFunc(l.Charges, func(c *charge) bool {
		if surplus <= 0 || c.Until == nil {
			return false
		}
		surplus--
		_, cost := c.cost(*c.Until)
		sum.Add(sum, cost)
		return true
	})
	l.Carried = sum.FloatString(10)
}

// cost is what the charge comes to at a time: every started hour, and for each calendar month (UTC) at most the price of a month. An hour
// belongs to the month in which it starts. Hetzner's documentation, "Billing".
func (c *charge) cost(now time.Time) (hours int64, net *big.Rat) {
	end := now
	if c.Until != nil && c.Until.Before(now) {
		end = *c.Until
	}
	hours = startedHours(end.Sub(c.From))
	net = new(big.Rat)
	month, hour := amount(c.Month), amount(c.Hour)
	for from := int64(0); from < hours; {
		start := c.From.Add(time.Duration(from) * time.Hour).UTC()
		next := time.Date(start.Year(), start.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		to := min(hours, from+startedHours(next.Sub(start)))
		part := new(big.Rat).Mul(hour, new(big.Rat).SetInt64(to-from))
		if part.Cmp(month) > 0 {
			part = month
		}
		net.Add(net, part)
		from = to
	}
	return hours, net
}

// startedHours is at least one: who creates pays.
func startedHours(d time.Duration) int64 { return max(1, int64((d+time.Hour-1)/time.Hour)) }

// amount reads a decimal; what is none is zero.
func amount(text string) *big.Rat {
	if r, ok := new(big.Rat).SetString(text); ok {
		return r
	}
	return new(big.Rat)
}

// costly are the charges of everything that costs something, by kind and ID.
func (p *project) costly(cat *catalog) []charge {
	var all []charge
	for id, s := range p.Servers {
		if typ, ok := cat.serverType(schema.IDOrName{Name: s.Type}); ok {
			all = append(all, charge{Kind: "server", ID: id, Type: s.Type, Location: s.Location, From: s.Created, Hour: typ.Hour, Month: typ.Month})
		}
	}
	for id, ip := range p.PrimaryIPs {
		if ip.Type == "ipv4" { // IPv6 is free
			all = append(all, charge{
				Kind: "primary_ip", ID: id, Type: ip.Type, Location: ip.Location, From: ip.Created,
				Hour: cat.PrimaryIPv4.Hour, Month: cat.PrimaryIPv4.Month,
			})
		}
	}
	slices.SortFunc(all, func(a, b charge) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	return all
}
