package infra

import (
	"fmt"
	"slices"

	"github.com/medienzentrenverbund/kreisraum/infra/provider"
)

// Consequence is what a plan does to a machine that exists, and what people who are on it would notice.
type Consequence struct {
	Machine Machine
	// ServerType and Location that the machine gets; empty: it is deleted.
	ServerType, Location string
	// Anew: the machine is deleted and another one made. Otherwise it is switched off and on again, if it is not deleted.
	Anew bool
	// Moves: its public addresses change, and what names them has to follow, above all DNS records.
	Moves bool
}

func (c Consequence) String() string {
	m := c.Machine
	switch {
	case c.ServerType == "":
		return m.Name + " is deleted"
	case c.Moves:
		return fmt.Sprintf("%s is made anew as %s in %s; its addresses change, and its DNS records must follow", m.Name, c.ServerType, c.Location)
	case c.Anew:
		return fmt.Sprintf("%s is made anew as %s, with the same addresses", m.Name, c.ServerType)
	case c.ServerType != m.ServerType:
		return fmt.Sprintf("%s is switched off, becomes %s instead of %s, and is switched on again", m.Name, c.ServerType, m.ServerType)
	}
	return m.Name + " is switched off and on again for another set of addresses"
}

// Consequences are what a plan does to the machines that there are, in their order. It follows the provider's rules and asks nobody; that
// a disk is too large for another type, so that the machine is made anew after all, only Hetzner knows.
func Consequences(have Outputs, want Spec) []Consequence {
	var all []Consequence
	plan := machines(want)
	for _, m := range have.Machines {
		i := slices.IndexFunc(plan, func(p machine) bool { return p.name == m.Name })
		if i < 0 {
			all = append(all, Consequence{Machine: m})
			continue
		}
		p := plan[i]
		c := Consequence{Machine: m, ServerType: p.serverType, Location: p.location, Moves: p.location != m.Location}
		c.Anew = c.Moves || !SameArchitecture(p.serverType, m.ServerType)
		if c.Anew || p.serverType != m.ServerType || want.IPv6 != (m.IPv6 != "") {
			all = append(all, c)
		}
	}
	return all
}

// SameArchitecture reports whether a machine can change from one server type to the other and keep its disk.
func SameArchitecture(a, b string) bool { return provider.Architecture(a) == provider.Architecture(b) }
