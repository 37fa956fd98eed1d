package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) orphans() *cobra.Command {
	var remove, yes bool
	cmd := &cobra.Command{
		Use:   "orphans [--delete]",
		Short: "Show what costs money at Hetzner and nobody needs",
		Long: `orphans looks at the Hetzner projects of all counties that this computer knows (or of the token, if it knows none) for what is labelled as ours but
belongs to no county here, or is not needed by it any more, and for what is not ours, costs money, and is attached to nothing: look at that
yourself. Prices are a month's, net.

--delete deletes what carries our labels, after the name of each county was typed; nothing else is ever touched. A county with a file in
--config-dir but without keys here may be run by a colleague and is left alone. One line of JSON for each: {"orphan": {"kind", "name",
"id", "county", "ours", "why", "price_per_month", "currency"}}, and {"deleted": {…}} for what was deleted.`,
		Example: `  kreisraum orphans
  kreisraum orphans --delete`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runOrphans(cmd.Context(), remove, yes) },
	}
	cmd.Flags().BoolVar(&remove, "delete", false, "delete what carries our labels and nobody needs")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) runOrphans(ctx context.Context, remove, yes bool) error {
	here, err := a.countiesHere()
	if err != nil {
		return err
	}
	all, err := a.projects(ctx, here, "")
	if err != nil {
		return err
	}
	known := a.knownCounties(ctx)
	var deletable []county.Orphan
	for _, p := range all {
		prices, err := p.cloud.Prices(ctx)
		if err != nil {
			return err
		}
		orphans := county.Orphans(p.seen, prices, known)
		if err := a.showOrphans(p, orphans); err != nil {
			return err
		}
		deletable = append(deletable, county.Deletable(orphans, known)...)
	}
	switch {
	case len(deletable) == 0:
		return nil
	case !remove && !a.options.json():
		_, err := fmt.Fprintf(a.Out, "`kreisraum orphans --delete` deletes %d of them\n", len(deletable))
		return err
	case !remove:
		return nil
	}
	return a.deleteOrphans(ctx, deletable, yes)
}

// knownCounties remembers what was found out about each county.
func (a *app) knownCounties(ctx context.Context) county.Known {
	type entry struct {
		standing county.Standing
		needs    county.Needs
	}
	seen := map[string]entry{}
	here, _ := a.countiesHere()
	return func(name string) (county.Standing, county.Needs) {
		if e, ok := seen[name]; ok {
			return e.standing, e.needs
		}
		e := entry{}
		if slices.Contains(here, name) {
			e.standing = county.StandingHere
			if c, err := a.open(ctx, name, need{cloud: true, world: true}, nil); err == nil {
				e.needs = c.Needs(ctx)
			}
		} else if _, err := os.Stat(filepath.Join(a.options.configDir(), name+".yaml")); err == nil {
			e.standing = county.StandingFile
		}
		seen[name] = e
		return e.standing, e.needs
	}
}

func (a *app) showOrphans(p *project, orphans []county.Orphan) error {
	if a.options.json() {
		for _, o := range orphans {
			if err := a.print(map[string]any{"orphan": o}, ""); err != nil {
				return err
			}
		}
		return nil
	}
	if len(orphans) == 0 {
		return a.print(nil, p.title()+": nothing is left over\n")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:\n", p.title())
	total, currency := hetzner.Amount(0), ""
	for _, o := range orphans {
		whose := "not ours, look yourself"
		if o.Ours {
			whose = "of " + o.County
		}
		price := ""
		if o.Month > 0 {
			price = o.PricePerMonth + " " + o.Currency + "/month"
			total, currency = total+o.Month, o.Currency
		}
		fmt.Fprintf(&b, "  %-15s %-36s %16s  %s: %s\n", county.KindText(o.Kind), o.Name, price, whose, o.Why)
	}
	if total > 0 {
		fmt.Fprintf(&b, "  together %s %s a month, net\n", total.Cents(), currency)
	}
	return a.print(nil, b.String())
}

func (a *app) deleteOrphans(ctx context.Context, orphans []county.Orphan, yes bool) error {
	byCounty := map[string][]county.Orphan{}
	for _, o := range orphans {
		byCounty[o.County] = append(byCounty[o.County], o)
	}
	input := bufio.NewReader(io.LimitReader(a.In, 64<<10))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(byCounty)) {
		if !yes {
			if err := a.confirmOrphans(input, name, byCounty[name]); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		c, err := a.open(ctx, name, need{cloud: true, world: true, begins: true}, nil)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		gone, err := c.DeleteOrphans(ctx, byCounty[name])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w; run the command again", name, err))
			continue
		}
		for _, o := range gone {
			if err := a.print(map[string]any{"deleted": o}, fmt.Sprintf("deleted %s %s\n", county.KindText(o.Kind), o.Name)); err != nil {
				return err
			}
		}
	}
	return errors.Join(errs...)
}

// confirmOrphans lets the county's name be typed.
func (a *app) confirmOrphans(input *bufio.Reader, name string, orphans []county.Orphan) error {
	servers := 0
	for _, o := range orphans {
		if o.Kind == "server" {
			servers++
		}
	}
	fmt.Fprintf(a.Err, "This deletes %d things of %s, among them %d machines. Lessons on them end, and what was on them is gone.\n"+
		"If another computer runs %s, its lessons are among them.\nType the county's name to go on: ", len(orphans), name, servers, name)
	line, err := input.ReadString('\n')
	if strings.TrimSpace(line) == name {
		return nil
	}
	if err != nil && line == "" {
		return fmt.Errorf("nobody confirmed for %s; type its name when asked, or give --yes", name)
	}
	return fmt.Errorf("that is not the name of %s; nothing of it was deleted", name)
}
