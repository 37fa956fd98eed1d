package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

// watchEvery is the time between two looks of --watch.
const watchEvery = 2 * time.Second

// shownStatus is a county's status with what is remembered of its capacity.
type shownStatus struct {
	county.Status
	Capacity serve.Remembered `json:"capacity"`
}

func (a *app) status() *cobra.Command {
	var watch bool
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "status <county> [--watch]",
		Short:       "Show what exists of a county and whether it answers",
		Long: `status shows what exists at Hetzner, whether the server answers, how many rooms and participants it has, its bridges and how busy they
are, its certificate, the proof of the last restart, and whether it has the register's accounts. Counts only; nobody's name is in it.`,
		Example: `  kreisraum status tuttlingen
  kreisraum status demo --sandbox --json
  kreisraum status tuttlingen --watch`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.open(cmd.Context(), args[0], need{config: true, cloud: true, world: true}, nil)
			if err != nil {
				return err
			}
			if err := a.showStatus(cmd.Context(), c); err != nil || !watch {
				return err
			}
			return a.watchStatus(cmd.Context(), c)
		},
	}
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again every two seconds until Ctrl-C")
	return cmd
}

// watchStatus shows the status until ctx ends, on a terminal always in the same place.
func (a *app) watchStatus(ctx context.Context, c *county.County) error {
	for {
		select {
		case <-ctx.Done():
			return nil // Ctrl-C is how a watch ends
		case <-time.After(watchEvery):
		}
		if a.terminal && !a.options.json() {
			fmt.Fprint(a.Out, clearScreen)
		}
		if err := a.showStatus(ctx, c); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
}

// clearScreen moves the cursor home and erases what is below (ECMA-48, CUP and ED).
const clearScreen = "\x1b[H\x1b[J"

func (a *app) showStatus(ctx context.Context, c *county.County) error {
	status, err := c.Status(ctx)
	if err != nil {
		return err
	}
	status.Problem = a.advice(status.Problem)
	capacity, err := serve.Remember(c.Home.Dir(), time.Now())
	if err != nil {
		return err
	}
	for i := range capacity.Alarms {
		capacity.Alarms[i].Text = a.advice(capacity.Alarms[i].Text)
	}
	zone, err := time.LoadLocation(c.Config.Restart.TimeZone)
	if err != nil {
		return err
	}
	return a.print(shownStatus{status, capacity}, statusText(status, zone)+capacityText(capacity, zone))
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
		row("certificate", "%s until %s", s.Server.Certificate.State, s.Server.Certificate.NotAfter.In(zone).Format(time.DateOnly))
	}
	row("accounts", "%d%s", s.Accounts, map[bool]string{true: "", false: ", not yet on the server (`up` sends them)"}[!s.Up || s.AccountsCurrent])
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
		row(id, "%s, %s in %s, %s", state, b.ServerType, b.Location, busyText(s.Load, id))
	}
	if s.Load != nil && s.Load.WaitingRooms > 0 {
		row("waiting", "%d rooms with %d people", s.Load.WaitingRooms, s.Load.WaitingPeople)
	}
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
