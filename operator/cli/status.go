package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

// watchEvery is the time between two looks of --watch.
const watchEvery = 2 * time.Second

// askHetznerEvery is the least time between two looks of --watch at Hetzner: a look costs a dozen requests of the 3600 an hour that a project has.
const askHetznerEvery = 30 * time.Second

// shownStatus is a county's status with what is remembered of its capacity, and what it costs.
type shownStatus struct {
	county.Status
	Capacity serve.Remembered `json:"capacity"`
	// Cost is nil when the price list could not be had.
	Cost *county.Bill `json:"cost,omitempty"`
	// unknown: the county could not even be asked about, see Problem; it may well be up.
	unknown bool
}

func (a *app) status() *cobra.Command {
	var watch bool
	cmd := &cobra.Command{
		Annotations: ofCounties,
		Use:         "status [county] [--watch]",
		Short:       "Show what exists of a county and whether it answers, or of all counties in a table",
		Long: `status shows what exists at Hetzner, whether the server answers, how many rooms and participants it has, its bridges and how busy they
are, its certificate, the proof of the last restart, whether it has the register's accounts, and what it costs. Counts only; nobody's name is in
it. Without a county it shows all that are up in this home, a line each. It changes nothing but to close port 22 where a killed command
left it open. --watch asks the servers every two seconds, and Hetzner every thirty.

With --json a line for each county: {"county", "url", "up", "problem", "location", "ipv4", "ipv6", "resources", "server", "accounts",
"accounts_current", "bridges", "load", "last_restart", "next_restart", "capacity", "cost"}.`,
		Example: `  kreisraum status tuttlingen
  kreisraum status
  kreisraum status demo --sandbox --json
  kreisraum status tuttlingen --watch`,
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.watched(cmd.Context(), watch, a.statusOfAll())
			}
			c, err := a.open(cmd.Context(), args[0], need{config: true, cloud: true, world: true}, nil)
			if err != nil {
				return err
			}
			return a.watched(cmd.Context(), watch, a.statusOf(c))
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again every two seconds until Ctrl-C")
	return cmd
}

// watched shows once, or until ctx ends, on a terminal always in the same place.
func (a *app) watched(ctx context.Context, watch bool, show func(context.Context) (string, error)) error {
	for {
		text, err := show(ctx)
		if watch && ctx.Err() != nil {
			return nil // Ctrl-C is how a watch ends
		}
		if err != nil {
			return err
		}
		if watch && a.terminal && !a.options.json() {
			text = clearScreen + text
		}
		if _, err := fmt.Fprint(a.Out, text); err != nil || !watch {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchEvery):
		}
	}
}

// clearScreen moves the cursor home and erases what is below (ECMA-48, CUP and ED).
const clearScreen = "\x1b[H\x1b[J"

// hetznerLook remembers the last look at Hetzner.
type hetznerLook struct {
	project hetzner.Project
	at      time.Time
	prices  hetzner.PriceList
	priced  bool
}

// again looks if the last look is too old. Without prices there is a status all the same.
func (l *hetznerLook) again(ctx context.Context, cloud county.Looker, selector string) (err error) {
	if time.Since(l.at) < askHetznerEvery {
		return nil
	}
	if l.project, err = cloud.Project(ctx, selector); err != nil {
		return err
	}
	l.at = time.Now()
	if !l.priced {
		l.prices, err = cloud.Prices(ctx)
		l.priced = err == nil
	}
	return ctx.Err()
}

// statusOf shows one county.
func (a *app) statusOf(c *county.County) func(context.Context) (string, error) {
	var look hetznerLook
	return func(ctx context.Context) (string, error) {
		if err := look.again(ctx, c.World.Cloud, hetzner.Selector(c.Home.Name)); err != nil {
			return "", err
		}
		shown, err := a.shownStatus(ctx, c, look.project, look.prices, look.priced)
		if err != nil {
			return "", err
		}
		if a.options.json() {
			line, err := json.Marshal(shown)
			return string(line) + "\n", err
		}
		zone, err := time.LoadLocation(c.Config.Restart.TimeZone)
		if err != nil {
			return "", err
		}
		return statusText(shown.Status, zone) + costText(shown.Cost) + capacityText(shown.Capacity, zone), nil
	}
}

// shownStatus asks the county's servers and puts everything together.
func (a *app) shownStatus(ctx context.Context, c *county.County, p hetzner.Project, prices hetzner.PriceList, priced bool) (shownStatus, error) {
	status, err := c.StatusIn(ctx, county.FoundIn(p, c.Home.Name))
	if err != nil {
		return shownStatus{Status: status}, err
	}
	status.Problem = a.advice(status.Problem)
	shown := shownStatus{Status: status}
	if shown.Capacity, err = serve.Remember(c.Home.Dir(), time.Now()); err != nil {
		return shown, err
	}
	for i := range shown.Capacity.Alarms {
		shown.Capacity.Alarms[i].Text = a.advice(shown.Capacity.Alarms[i].Text)
	}
	if priced {
		bill := county.BillOf(c.Home.Name, p, prices, time.Now())
		shown.Cost = &bill
	}
	return shown, nil
}

func costText(b *county.Bill) string {
	if b == nil {
		return ""
	}
	return fmt.Sprintf("%-12s %s, this month so far %s %s, net\n", "cost", priceText(b.Total), b.SoFar.Cents(), b.Total.Currency)
}

// minute is how a status shows times, in the county's zone, as explain and the proofs do.
const minute = "2006-01-02 15:04"

// capacityText shows orders in force and alarms.
func capacityText(r serve.Remembered, zone *time.Location) string {
	var b strings.Builder
	if m := r.Manual; m != nil {
		until := "until `scale --auto`"
		if !m.Until.IsZero() {
			until = "until " + m.Until.In(zone).Format(minute)
		}
		fmt.Fprintf(&b, "%-12s bridges: %d %s\n", "by hand", m.Bridges, until)
	}
	if r.Frozen {
		fmt.Fprintf(&b, "%-12s only orders by hand change the bridges; `freeze --off` ends that\n", "frozen")
	}
	if r.Why != "" {
		fmt.Fprintf(&b, "%-12s %s (%s)\n", "decided", r.Why, r.At.In(zone).Format(minute))
	}
	for _, alarm := range r.Alarms {
		fmt.Fprintf(&b, "%-12s %s\n", "ALARM", alarm.Text)
	}
	return b.String()
}

func statusText(s county.Status, zone *time.Location) string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s "+format+"\n", append([]any{name}, args...)...)
	}
	row("county", "%s  %s", s.County, s.URL)
	row("state", "%s", map[bool]string{true: "up", false: "not up"}[s.Up])
	if s.Problem != "" {
		row("problem", "%s", s.Problem)
	}
	if s.IPv4 != "" {
		row("machine", "%s in %s", strings.TrimSpace(s.IPv4+" "+s.IPv6), s.Location)
	}
	row("at Hetzner", "%d resources", len(s.Resources))
	if s.Server != nil {
		row("server", "%s, running since %s", s.Server.Version, s.Server.Started.In(zone).Format(minute))
		rooms, participants := inUse(s)
		row("lessons", "%d rooms, %d participants", rooms, participants)
		bridgeRows(s, row)
		row("certificate", "%s", county.CertificateText(s.Server.Certificate, zone))
	}
	if s.AccountsElsewhere {
		row("accounts", "the register is on another computer")
	} else {
		row("accounts", "%d%s", s.Accounts, map[bool]string{true: "", false: ", not yet on the server (`up` sends them)"}[!s.Up || s.AccountsCurrent])
	}
	if r := s.LastRestart; r != nil {
		row("restart", "%s, %s", r.Started.In(zone).Format(minute), map[bool]string{true: "everything was forgotten", false: "without a good proof"}[r.Good()])
	}
	return b.String()
}

// inUse counts the lessons of the whole county; what the server says of itself is those of the portal's own bridge.
func inUse(s county.Status) (rooms, participants int) {
	if len(s.Bridges) == 0 || s.Load == nil {
		return s.Server.Rooms, s.Server.Participants
	}
	for _, b := range s.Load.Bridges {
		rooms, participants = rooms+b.Rooms, participants+b.Participants
	}
	return rooms, participants
}

// bridgeRows tell of the dedicated bridges and, once there are any, of the portal's own.
func bridgeRows(s county.Status, row func(name, format string, args ...any)) {
	if len(s.Bridges) == 0 {
		return
	}
	row("portal", "%s", busyText(s.Load, identity.Portal))
	for _, b := range s.Bridges {
		state := "being made"
		switch {
		case b.Draining:
			state = "draining"
		case b.Ready:
			state = "ready"
		}
		id := identity.Bridge(b.Number)
		row(id, "%s, %s in %s, %s%s", state, b.ServerType, b.Location, busyText(s.Load, id), otherRelease(s, id))
	}
	if s.Load != nil && s.Load.WaitingRooms > 0 {
		row("waiting", "%d rooms with %d people", s.Load.WaitingRooms, s.Load.WaitingPeople)
	}
}

// otherRelease names a bridge's release where it is not the portal's.
func otherRelease(s county.Status, id string) string {
	if s.Load != nil && s.Server != nil {
		for _, b := range s.Load.Bridges {
			if b.ID == id && b.Version != "" && b.Version != s.Server.Version {
				return ", release " + b.Version
			}
		}
	}
	return ""
}

func busyText(load *opsapi.Load, id string) string {
	if load != nil {
		for _, b := range load.Bridges {
			switch {
			case b.ID != id:
			case !b.Alive:
				return "does not answer"
			case !b.Known:
				return "load unknown"
			default:
				return fmt.Sprintf("%.0f %% busy, %d rooms, %d participants", 100*b.Stress, b.Rooms, b.Participants)
			}
		}
	}
	return "load unknown"
}
