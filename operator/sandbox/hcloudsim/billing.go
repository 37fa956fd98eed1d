package hcloudsim

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"strconv"
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

// ledger sums up the project's charges. The zero value is empty. Guarded by Server.mu.
type ledger struct {
	Last    int64  `json:"last"`    // number of the newest charge
	Carried string `json:"carried"` // net, of charges that are no longer told one by one

	// open are the charges that go on, by what they are for; made from the charges when it is nil.
	open map[billed]*charge
}

// billed is what costs something.
type billed struct {
	kind string
	id   int64
}

// keep brings the ledger in line with what there is now: what is new begins to cost, what is gone or has changed ends. It is called at every
// change of the project, so what goes on as before must be cheap.
func (l *ledger) keep(now time.Time, p *project, cat *catalog) {
	if l.open == nil {
		l.open = map[billed]*charge{}
		for _, c := range p.Charges {
			if c.Until == nil {
				l.open[billed{c.Kind, c.ID}] = c
			}
		}
	}
	there, fresh, before := 0, []billed(nil), map[billed]bool{}
	p.costly(func(what billed, typ string) {
		c, is := l.open[what]
		if is && c.Type == typ {
			there++
		} else {
			fresh, before[what] = append(fresh, what), is
		}
	})
	if there < len(l.open) {
		l.endOthers(now, p)
	}
	slices.SortFunc(fresh, func(a, b billed) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) })
	for _, what := range fresh {
		c := p.charge(cat, what)
		if what.kind == billedBackup || before[what] {
			c.From = now // it was something else before
		}
		l.Last++
		p.Charges[l.Last] = c
		l.open[what] = c
	}
	l.carry(p)
}

// endOthers ends the charges of what is gone or has changed.
func (l *ledger) endOthers(now time.Time, p *project) {
	types := map[billed]string{}
	p.costly(func(what billed, typ string) { types[what] = typ })
	for what, c := range l.open {
		if typ, is := types[what]; !is || typ != c.Type {
			c.end(now)
			delete(l.open, what)
		}
	}
}

func (c *charge) end(at time.Time) { c.Until = &at }

// carry forgets the oldest charges that have ended, but not their sum.
func (l *ledger) carry(p *project) {
	if len(p.Charges) <= 2*keptCharges {
		return
	}
	sum := amount(l.Carried)
	for _, n := range slices.Sorted(maps.Keys(p.Charges)) {
		c := p.Charges[n]
		if len(p.Charges) <= keptCharges {
			break
		}
		if c.Until == nil {
			continue
		}
		_, cost := c.cost(*c.Until)
		sum.Add(sum, cost)
		delete(p.Charges, n)
	}
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

// The kinds of what costs something.
const (
	billedServer    = "server"
	billedBackup    = "backup" // the option, by its server's ID
	billedPrimaryIP = "primary_ip"
	billedSnapshot  = "snapshot"
)

// costly visits everything that costs something, with its type.
func (p *project) costly(visit func(what billed, typ string)) {
	for id, s := range p.Servers {
		visit(billed{billedServer, id}, s.Type)
		if s.Backup {
			visit(billed{billedBackup, id}, s.Type)
		}
	}
	for id, ip := range p.PrimaryIPs {
		if ip.Type == "ipv4" { // IPv6 is free
			visit(billed{billedPrimaryIP, id}, ip.Type)
		}
	}
	for id, snap := range p.Snapshots {
		if snap.Kind == "snapshot" { // backups are paid for with the option
			visit(billed{billedSnapshot, id}, snap.Kind)
		}
	}
}

// charge is what something that costly has visited begins to cost.
func (p *project) charge(cat *catalog, what billed) *charge {
	c := &charge{Kind: what.kind, ID: what.id}
	switch what.kind {
	case billedServer, billedBackup:
		s := p.Servers[what.id]
		typ, _ := cat.serverType(schema.IDOrName{Name: s.Type})
		c.Type, c.Location, c.From, c.Hour, c.Month = s.Type, s.Location, s.Created, typ.Hour, typ.Month
		if what.kind == billedBackup {
			share := new(big.Rat).Quo(amount(cat.BackupPercentage), big.NewRat(100, 1))
			c.Hour, c.Month = portion(typ.Hour, share), portion(typ.Month, share)
		}
	case billedPrimaryIP:
		ip := p.PrimaryIPs[what.id]
		c.Type, c.Location, c.From, c.Hour, c.Month = ip.Type, ip.Location, ip.Created, cat.PrimaryIPv4.Hour, cat.PrimaryIPv4.Month
	case billedSnapshot:
		snap := p.Snapshots[what.id]
		size := amount(strconv.FormatFloat(float64(snapshotGB), 'f', -1, 32))
		c.Type, c.From, c.Month = snap.Kind, snap.Created, portion(cat.ImageGB, size)
		c.Hour = portion(c.Month, big.NewRat(1, hoursOfMonth))
	}
	return c
}

// hoursOfMonth turns a price that Hetzner gives by month only into one by the hour: 365 × 24 / 12. Our reading.
const hoursOfMonth = 730

// portion multiplies a decimal.
func portion(of string, by *big.Rat) string { return new(big.Rat).Mul(amount(of), by).FloatString(10) }
