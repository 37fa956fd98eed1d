package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

// ordered is what a verb about capacity shows with --json.
type ordered struct {
	serve.Outcome
	County string `json:"county"`
	// Daemon says that a daemon goes on with what is left to do.
	Daemon bool `json:"daemon"`
}

// order gives an operator's word about capacity: to the daemon, or carried out here once.
func (a *app) order(cmd *cobra.Command, name string, o serve.Order, action audit.Action, detail string) error {
	ctx := cmd.Context()
	c, err := a.open(ctx, name, need{config: true, cloud: true, world: true}, nil)
	if err != nil {
		return err
	}
	if !c.Home.Exists() {
		return fmt.Errorf("%w: %s; `kreisraum up %s` starts it", county.ErrNotUp, name, name)
	}
	outcome, err := a.carryOut(ctx, c, name, o)
	if errors.Is(err, county.ErrNotUp) || errors.Is(err, home.ErrBusy) {
		return err
	}
	if bridges := len(o.Drain) + len(o.Undrain); err != nil && bridges > len(outcome.Drained)+len(outcome.Undrained) {
		return err // nothing came of it; other orders are remembered whatever follows
	}
	if noted := c.Ledger.Write(action, detail); noted != nil {
		err = errors.Join(err, noted)
	}
	if err != nil {
		return err
	}
	result := ordered{Outcome: outcome, County: name, Daemon: a.daemon != nil}
	return a.print(map[string]any{"result": result}, orderText(result))
}

// say shows a step of what is under way, unless the answer is to be JSON alone.
func (a *app) say(line string) {
	if !a.options.json() {
		fmt.Fprintf(a.Out, "  %s\n", line)
	}
}

func (a *app) carryOut(ctx context.Context, c *county.County, name string, o serve.Order) (serve.Outcome, error) {
	if a.daemon != nil {
		return a.daemon.core.Order(ctx, name, o, a.say)
	}
	settings, err := serve.SettingsOf(c.Config, c.Home.Dir(), c.Endpoints.HCloudToken)
	if err != nil {
		return serve.Outcome{}, err
	}
	return serve.Once(ctx, name, serve.Wire(c), settings, autoscale.Decide, o, a.say, c.Log)
}

func orderText(r ordered) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", r.County, r.Decision.Why)
	b.WriteString(bridgeText(r.Bridges))
	if left := leftToDo(r.Bridges); left != "" {
		b.WriteString(left)
		if r.Daemon {
			b.WriteString("; the daemon sees to it\n")
		} else {
			b.WriteString("; `kreisraum serve` would see to it, or run the command again later\n")
		}
	}
	return b.String()
}

// bridgeText is one line for each bridge.
func bridgeText(bridges []serve.BridgeLine) string {
	var b strings.Builder
	for _, x := range bridges {
		state := "takes rooms"
		switch {
		case x.Draining && x.ByHand:
			state = "drained by hand"
		case x.Draining:
			state = "drained"
		case !x.Ready:
			state = "is being made"
		}
		fmt.Fprintf(&b, "  bridge-%-3d %-8s %-5s %-16s %d rooms, %d participants\n", x.Number, x.ServerType, x.Location, state, x.Rooms, x.Participants)
	}
	return b.String()
}

// leftToDo says what an order leaves for later.
func leftToDo(bridges []serve.BridgeLine) string {
	drained, byHand, coming := 0, 0, 0
	for _, b := range bridges {
		switch {
		case b.Draining && b.ByHand:
			byHand++
		case b.Draining:
			drained++
		case !b.Ready:
			coming++
		}
	}
	var parts []string
	if coming > 0 {
		parts = append(parts, fmt.Sprintf("%d still to be finished", coming))
	}
	if byHand > 0 {
		parts = append(parts, fmt.Sprintf("%d to be removed once empty", byHand))
	}
	if drained > 0 {
		parts = append(parts, fmt.Sprintf("%d to be removed once empty and paid to the end of its hour", drained))
	}
	return strings.Join(parts, ", ")
}

// bridgeNumbers reads the numbers of bridges, "3" or "bridge-3".
func bridgeNumbers(cmd *cobra.Command, words []string) ([]int, error) {
	var numbers []int
	for _, word := range words {
		n, ok := identity.BridgeNumber("bridge-" + strings.TrimPrefix(word, "bridge-"))
		if !ok {
			return nil, &usageError{cmd.CommandPath(), fmt.Errorf("%q is no bridge; give its number, 1 to %d", word, identity.MaxBridges)}
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}

// countyAndBridges demands a county and at least one bridge.
func countyAndBridges(cmd *cobra.Command, args []string) error {
	if len(args) < 2 {
		return &usageError{cmd.CommandPath(), fmt.Errorf("expected a county and numbers of bridges, got %d arguments", len(args))}
	}
	_, err := bridgeNumbers(cmd, args[1:])
	return err
}
