package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

// statusAtOnce is how many counties are asked at the same time; each costs a few TLS handshakes.
const statusAtOnce = 16

// atMostOne takes a county or none.
func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) <= 1 {
		return nil
	}
	return &usageError{cmd.CommandPath(), fmt.Errorf("expected a county or none, got %d arguments", len(args))}
}

// statusOfAll shows all counties of this home. Each Hetzner project is looked at once for all of its counties.
func (a *app) statusOfAll() func(context.Context) (string, error) {
	var all []*project
	var names []string
	var prices hetzner.PriceList
	var at time.Time
	priced := false
	counties := map[string]*county.County{}
	return func(ctx context.Context) (string, error) {
		if time.Since(at) >= askHetznerEvery {
			var err error
			if names, err = a.countiesHere(); err != nil {
				return "", err
			}
			if len(names) == 0 {
				return a.nothingUp()
			}
			if all, err = a.projects(ctx, names, hetzner.LabelManagedBy); err != nil {
				return "", err
			}
			if at = time.Now(); !priced {
				prices, err = all[0].cloud.Prices(ctx)
				priced = err == nil
			}
		}
		lines := a.askAll(ctx, names, counties, func(ctx context.Context, c *county.County) (shownStatus, error) {
			return a.shownStatus(ctx, c, projectOf(all, c.Home.Name).seen, prices, priced)
		})
		return a.statusTable(lines)
	}
}

func (a *app) nothingUp() (string, error) {
	if a.options.json() {
		return "", nil
	}
	return "no county is up in this home; `kreisraum up <county>` puts up the first\n", nil
}

// askAll asks some counties at the same time. What cannot be told is a county's problem. Counties stay open for the next time.
func (a *app) askAll(ctx context.Context, names []string, open map[string]*county.County, ask func(context.Context, *county.County) (shownStatus, error)) []shownStatus {
	lines := make([]shownStatus, len(names))
	var mu sync.Mutex // guards open
	var wait sync.WaitGroup
	places := make(chan struct{}, statusAtOnce)
	for i, name := range names {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			mu.Lock()
			c := open[name]
			mu.Unlock()
			var err error
			if c == nil {
				if c, err = a.open(ctx, name, need{config: true, cloud: true, world: true}, nil); err == nil {
					mu.Lock()
					open[name] = c
					mu.Unlock()
				}
			}
			if err == nil {
				lines[i], err = ask(ctx, c)
			}
			if err != nil {
				lines[i] = shownStatus{Status: county.Status{County: name, Problem: err.Error()}, unknown: true}
			}
		})
	}
	wait.Wait()
	return lines
}

func (a *app) statusTable(lines []shownStatus) (string, error) {
	var b strings.Builder
	if a.options.json() {
		for _, s := range lines {
			line, err := json.Marshal(s)
			if err != nil {
				return "", err
			}
			b.Write(append(line, '\n'))
		}
		return b.String(), nil
	}
	fmt.Fprintf(&b, "%-20s %-7s %8s %6s %7s  %-11s %14s  %s\n", "county", "state", "machines", "rooms", "people", "certificate", "per month", "release")
	total, without := hetzner.Price{}, ""
	for _, s := range lines {
		b.WriteString(statusRow(s))
		if s.Cost == nil {
			without = "; not all prices are known"
			continue
		}
		total = total.Plus(s.Cost.Total)
	}
	if len(lines) > 1 && total.Currency != "" {
		fmt.Fprintf(&b, "%d counties, %s, net of VAT%s\n", len(lines), priceText(total), without)
	}
	return b.String(), nil
}

func serversOf(s shownStatus) int {
	n := 0
	for _, r := range s.Resources {
		if r.Kind == "server" {
			n++
		}
	}
	return n
}

func statusRow(s shownStatus) string {
	machines, rooms, people, certificate, price, release := "", "", "", "", "", ""
	state := "unknown"
	if !s.unknown {
		state, machines = "not up", fmt.Sprint(serversOf(s))
	}
	if s.Server != nil {
		state = "up"
		r, p := inUse(s.Status)
		rooms, people, release = fmt.Sprint(r), fmt.Sprint(p), s.Server.Version
		if end := s.Server.Certificate.NotAfter; !end.IsZero() {
			certificate = fmt.Sprintf("%d days", int(time.Until(end)/(24*time.Hour)))
		}
	}
	if s.Cost != nil {
		price = s.Cost.Total.Month.Cents() + " " + s.Cost.Total.Currency
	}
	row := strings.TrimRight(fmt.Sprintf("%-20s %-7s %8s %6s %7s  %-11s %14s  %s", s.County, state, machines, rooms, people, certificate, price, release), " ") + "\n"
	problems := []string{}
	if s.Problem != "" {
		problems = append(problems, strings.ReplaceAll(s.Problem, "\n", " "))
	}
	for _, alarm := range s.Capacity.Alarms {
		problems = append(problems, "ALARM "+alarm.Text)
	}
	for _, p := range problems {
		row += "  ! " + p + "\n"
	}
	return row
}
