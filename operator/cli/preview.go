package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
	"github.com/spf13/cobra"
)

func (a *app) preview() *cobra.Command {
	return &cobra.Command{
		Annotations: ofCounty,
		Use:         "preview <county>",
		Short:       "Show what an up would change and what it would cost, and change nothing",
		Long: `preview shows what an up would do now: what is made, changed, replaced and deleted at Hetzner, which machines would be away for a while and
whether lessons run there, which DNS records the IT department has to set, and what the county costs now and afterwards, net of VAT. It
changes nothing, neither at Hetzner nor on this computer, and works before the first up.

With --json: {"preview": {"county", "first", "changes": [{"name", "kind", "op", "properties": [{"name", "old", "new", "replaces"}]}],
"machines": [{"machine", "effect", "known", "rooms", "participants"}], "records", "now", "after"}}.`,
		Example: `  kreisraum preview tuttlingen
  kreisraum preview demo --sandbox --json`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.open(cmd.Context(), args[0], need{config: true, cloud: true, world: true, begins: true}, nil)
			if err != nil {
				return err
			}
			p, err := c.Preview(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(map[string]any{"preview": p}, a.advice(previewText(p)))
		},
	}
}

// signs of operations, and the words for them.
var operations = map[string]struct{ sign, word string }{
	stack.OpCreate: {"+", "make"}, stack.OpUpdate: {"~", "change"}, stack.OpReplace: {"±", "REPLACE"}, stack.OpDelete: {"-", "DELETE"},
}

// telling are the properties of something new that are worth a look; all others say what people can think of.
var telling = []string{"serverType", "location", "image", "type", "ipRange", "records", "ttl"}

func previewText(p county.Preview) string {
	var b strings.Builder
	switch {
	case !p.Changed():
		fmt.Fprintf(&b, "%s: nothing would change\n", p.County)
	case p.First:
		fmt.Fprintf(&b, "%s is not up yet; `kreisraum up %s` would do this:\n", p.County, p.County)
	default:
		fmt.Fprintf(&b, "`kreisraum up %s` would do this:\n", p.County)
	}
	for _, c := range p.Changes {
		o := operations[c.Op]
		fmt.Fprintf(&b, "  %s %-8s %-15s %s\n", o.sign, o.word, c.Kind, c.Name)
		for _, x := range c.Properties {
			b.WriteString(propertyText(c.Op, x))
		}
	}
	for _, m := range p.Machines {
		fmt.Fprintf(&b, "  ! %s: %s; %s%s\n", m.Machine, m.Effect, m.InUse(), whatOfLessons(m))
	}
	if len(p.Records) > 0 {
		b.WriteString("these DNS records are missing or wrong, for the IT department:\n")
		for _, r := range p.Records {
			fmt.Fprintf(&b, "  %s\n", r)
		}
	}
	b.WriteString(priceChange(p))
	return b.String()
}

// whatOfLessons says what an up does about lessons on a machine that it would touch.
func whatOfLessons(m county.Touched) string {
	switch {
	case m.Known && m.Rooms == 0:
		return ""
	case m.Effect == county.EffectRestarted:
		return ": they keep the machine as it is until the night"
	}
	return ": up stops and says so"
}

func propertyText(op string, x stack.PropertyChange) string {
	if op == stack.OpCreate {
		if !slices.Contains(telling, x.Name) {
			return ""
		}
		return fmt.Sprintf("      %s: %s\n", x.Name, x.New)
	}
	if x.Name == "running" { // no input of a server, but what it shall be
		x.New = "true"
	}
	mark := ""
	if x.Replaces {
		mark = "  (cannot be changed in place)"
	}
	return fmt.Sprintf("      %s: %s → %s%s\n", x.Name, orNone(valueText(x.Old)), orNone(valueText(x.New)), mark)
}

// valueText makes lists of firewall rules and labels readable; everything else stays as it is.
func valueText(value string) string {
	var rules []struct{ Protocol, Port string }
	if json.Unmarshal([]byte(value), &rules) == nil {
		words := make([]string, len(rules))
		for i, r := range rules {
			words[i] = strings.TrimSpace(strings.ToUpper(r.Protocol) + " " + r.Port)
		}
		return strings.Join(words, ", ")
	}
	var labels map[string]string
	if json.Unmarshal([]byte(value), &labels) == nil && labels != nil {
		var words []string
		for _, key := range slices.Sorted(maps.Keys(labels)) {
			words = append(words, key+"="+labels[key])
		}
		return strings.Join(words, ", ")
	}
	return value
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

func priceChange(p county.Preview) string {
	var b strings.Builder
	for _, x := range []struct {
		when  string
		price *county.Priced
	}{{"now", p.Now}, {"afterwards", p.After}} {
		if x.price != nil {
			fmt.Fprintf(&b, "%-11s %s %s/hour, %s %s/month, net of VAT\n", x.when, x.price.PricePerHour, x.price.Currency, x.price.PricePerMonth, x.price.Currency)
		}
	}
	if b.Len() == 0 {
		return "prices could not be had\n"
	}
	return b.String()
}
