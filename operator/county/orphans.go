package county

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
)

// Orphan is something at Hetzner that nobody here needs.
type Orphan struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	ID   int64  `json:"id,omitempty"`
	// County is what its label says; empty without one.
	County string `json:"county,omitempty"`
	// Ours: it carries our labels, so that it may be deleted.
	Ours bool `json:"ours"`
	// Why it counts as an orphan.
	Why string `json:"why"`
	// PricePerMonth is net, empty if unknown; Currency its unit.
	PricePerMonth string `json:"price_per_month,omitempty"`
	Currency      string `json:"currency,omitempty"`
	// Month is the same as a number.
	Month hetzner.Amount `json:"-"`
	item  hetzner.Item
}

// Standing says what is known here of a county.
type Standing int

// Standings.
const (
	// StandingUnknown: neither keys nor a file of the county are here.
	StandingUnknown Standing = iota
	// StandingFile: there is a file, but no keys and state; somebody else may run the county.
	StandingFile
	// StandingHere: keys and state are here.
	StandingHere
)

// Needs are the names of a county's machines, the only part of it that comes and goes. Nil: all of them are needed.
type Needs map[string]bool

// Known says what is known of a county, and what it needs if that is known.
type Known func(county string) (Standing, Needs)

// Orphans are what nobody needs in a project: what is labelled as ours for a county that is not known here or that does not need it any more, and
// what costs money without being of use to anybody, whoever made it.
func Orphans(p hetzner.Project, prices hetzner.PriceList, known Known) []Orphan {
	all := []Orphan{}
	for _, i := range p.Items() {
		o := Orphan{Kind: i.Kind, Name: i.Name, ID: i.ID, item: i}
		o.County, o.Ours = i.County()
		if o.Ours {
			o.Why = unneeded(i, o.County, known)
		} else {
			o.Why = idle(i)
		}
		if o.Why == "" {
			continue
		}
		if price, ok := prices.Of(i); ok {
			o.Month, o.PricePerMonth, o.Currency = price.Month, price.Month.Cents(), price.Currency
		}
		all = append(all, o)
	}
	return all
}

// unneeded says why a county has no use for something of its own; empty if it has.
func unneeded(i hetzner.Item, county string, known Known) string {
	standing, needs := known(county)
	switch {
	case standing == StandingUnknown:
		return "this home knows no county " + county
	case standing == StandingFile:
		return fmt.Sprintf("this home has no keys of %s; if nobody else runs it, `kreisraum adopt %s` or `kreisraum down %s`", county, county, county)
	case i.Kind == "image":
		return "a snapshot of a machine, with the county's keys in it"
	case i.Kind == "volume" || i.Kind == "floating_ip" || i.Kind == "load_balancer":
		return "no county uses any"
	case needs == nil || i.Kind != "server" && i.Kind != "primary_ip":
		return ""
	}
	machine := strings.TrimSuffix(strings.TrimSuffix(i.Name, "-ipv4"), "-ipv6")
	if needs[machine] {
		return ""
	}
	return county + " does not need it any more"
}

// idle says why something that is not ours costs money for nothing; empty if it may well be of use.
func idle(i hetzner.Item) string {
	switch {
	case i.Kind == "image":
		return "a " + i.Type + ", which costs money for as long as it is kept"
	case i.Used:
		return ""
	case i.Kind == "primary_ip" && i.Type == "ipv4":
		return "an address that no server uses"
	case i.Kind == "volume", i.Kind == "floating_ip":
		return "attached to no server"
	case i.Kind == "load_balancer":
		return "without a target"
	}
	return ""
}

// Deletable are those that may be deleted from here: ours, and of a county that nobody runs or that does not need them any more.
func Deletable(orphans []Orphan, known Known) []Orphan {
	return slices.DeleteFunc(slices.Clone(orphans), func(o Orphan) bool {
		standing, _ := known(o.County)
		return !o.Ours || standing == StandingFile
	})
}

// Needs are what this county needs. Nil when that is not known, so that all counts as needed.
func (c *County) Needs(ctx context.Context) Needs {
	l, err := c.remembered()
	if err != nil {
		return nil
	}
	passphrase, err := openPassphrase(c.Home)
	if err != nil {
		return nil
	}
	stack, err := c.World.OpenStack(ctx, c.Home.Dir(), passphrase)
	if err != nil {
		return nil
	}
	desired, set, err := stack.DesiredBridges(ctx)
	if err != nil || !set {
		return nil
	}
	needs := Needs{}
	for _, name := range infra.MachineNames(c.Home.Name, desired) {
		needs[name] = true
	}
	for _, m := range l.Outputs.Machines {
		needs[m.Name] = true
	}
	return needs
}

// DeleteOrphans deletes what of these still is an orphan of this county, under its lock: a command may have taken it in meanwhile. It returns what
// is gone.
func (c *County) DeleteOrphans(ctx context.Context, orphans []Orphan) ([]Orphan, error) {
	unlock, err := c.Home.Lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	p, err := c.World.Cloud.Project(ctx, hetzner.Selector(c.Home.Name))
	if err != nil {
		return nil, err
	}
	standing, needs := StandingUnknown, Needs(nil)
	if c.Home.Exists() {
		standing, needs = StandingHere, c.Needs(ctx)
	}
	still := Orphans(p, hetzner.PriceList{}, func(string) (Standing, Needs) { return standing, needs })
	var gone []Orphan
	var items []hetzner.Item
	for _, o := range still {
		asked := slices.ContainsFunc(orphans, func(x Orphan) bool { return x.Kind == o.Kind && x.ID == o.ID && x.Name == o.Name })
		if asked && o.Ours && o.County == c.Home.Name {
			gone, items = append(gone, o), append(items, o.item)
		}
	}
	if len(items) == 0 {
		return nil, nil
	}
	if err := c.Ledger.Write(audit.OrphansDeleted, fmt.Sprint(len(items))); err != nil {
		return nil, err
	}
	return gone, c.World.Purge(ctx, items)
}
