package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) cost() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "cost <county> | --all",
		Short: "Show what a county costs now, and has cost this month",
		Long: `cost asks Hetzner what exists under the county's label and prices it with Hetzner's current price list, net of VAT, in the account's currency: an hour,
a month, and this month so far. Machines that are gone already are not in it, and machines ordered before a rise of prices may cost less:
Hetzner's invoice is what counts. It works from any computer with the token; --all takes all counties of this home.

With --json one line for each county: {"cost": {"county", "currency", "net", "price_per_hour", "price_per_month", "this_month", "since",
"complete", "lines": [{"name", "kind", "type", "location", "created", "price_per_hour", "price_per_month", "this_month"}]}}.`,
		Example: `  kreisraum cost tuttlingen
  kreisraum cost --all --json`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return &usageError{cmd.CommandPath(), errors.New("expected a county or --all")}
			}
			return a.runCost(cmd.Context(), args)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all counties that have keys and state in this home")
	return cmd
}

func (a *app) runCost(ctx context.Context, names []string) error {
	for _, name := range names {
		if err := config.CheckName(name); err != nil {
			return err
		}
		if err := a.rightWorld(name, need{}); err != nil {
			return err
		}
	}
	if len(names) == 0 {
		var err error
		if names, err = a.countiesHere(); err != nil {
			return err
		}
		if len(names) == 0 {
			return errors.New("no county is up in this home; `kreisraum up <county>` puts up the first")
		}
	}
	all, err := a.projects(ctx, names, hetzner.LabelManagedBy)
	if err != nil {
		return err
	}
	prices, err := all[0].cloud.Prices(ctx) // one list for all: prices are the same in every project of an account
	if err != nil {
		return err
	}
	now := time.Now()
	total, soFar := hetzner.Price{Currency: prices.Currency()}, hetzner.Amount(0)
	for _, name := range names {
		bill := county.BillOf(name, projectOf(all, name).seen, prices, now)
		total, soFar = total.Plus(bill.Total), soFar+bill.SoFar
		if err := a.print(map[string]any{"cost": bill}, billText(bill)); err != nil {
			return err
		}
	}
	if len(names) > 1 && !a.options.json() {
		fmt.Fprintf(a.Out, "%-44s %s, this month so far %s %s\n", fmt.Sprintf("all %d counties", len(names)), priceText(total), soFar.Cents(), total.Currency)
	}
	return nil
}

func priceText(p hetzner.Price) string {
	return fmt.Sprintf("%s %s/hour, %s %s/month", p.Hour, p.Currency, p.Month.Cents(), p.Currency)
}

func billText(b county.Bill) string {
	var t strings.Builder
	for _, l := range b.Lines {
		what := strings.TrimSpace(county.KindText(l.Kind) + " " + l.Type)
		price := "price unknown"
		if l.Priced {
			price = fmt.Sprintf("%9s/hour  %8s/month  %8s so far", l.Price.Hour, l.Price.Month.Cents(), l.SoFar.Cents())
		}
		fmt.Fprintf(&t, "  %-36s %-18s %-5s %s\n", l.Name, what, l.Location, price)
	}
	incomplete := ""
	if !b.Priced {
		incomplete = ", without what Hetzner's list does not price"
	}
	if len(b.Lines) == 0 {
		return fmt.Sprintf("%s: nothing at Hetzner costs money\n", b.County)
	}
	return fmt.Sprintf("%s: %s, this month so far %s %s, net of VAT%s\n%s", b.County, priceText(b.Total), b.SoFar.Cents(), b.Total.Currency, incomplete, t.String())
}
