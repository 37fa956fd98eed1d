package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/spf13/cobra"
)

// maxNotice is what a server takes.
const maxNotice = time.Hour

func (a *app) restart() *cobra.Command {
	var notice time.Duration
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "restart <county> [--notice 5m]",
		Short:       "Restart a county now as at night, and show the proof of what was forgotten",
		Long: `restart does at once what a county does every night: lessons in use are told and have --notice time, then they end; bridges restart
first, the portal last; what was known is gone. It waits for the proof and shows it. The exit code is 1 if the proof is not good.`,
		Example: `  kreisraum restart tuttlingen
  kreisraum restart tuttlingen --notice 0s`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if notice < 0 || notice > maxNotice {
				return &usageError{cmd.CommandPath(), fmt.Errorf("--notice %s is not between 0s and %s", notice, maxNotice)}
			}
			return a.runRestart(cmd, args[0], notice)
		},
	}
	cmd.Flags().DurationVar(&notice, "notice", 5*time.Minute, "how long lessons in use are told before they end")
	return cmd
}

func (a *app) runRestart(cmd *cobra.Command, name string, notice time.Duration) error {
	c, err := a.open(cmd.Context(), name, need{config: true, world: true}, nil)
	if err != nil {
		return err
	}
	if _, err := c.Info(cmd.Context()); err != nil {
		return err
	}
	if err := c.Ledger.Write(audit.CountyRestarted, notice.String()); err != nil {
		return err
	}
	proof, err := a.restartIdle(cmd.Context(), c, notice)
	if err != nil {
		return err
	}
	if err := a.print(map[string]any{"proof": proof, "good": proof.Good()}, proofText(proof)); err != nil {
		return err
	}
	if !proof.Good() {
		return errors.New("the proof is not good: a check above does not hold; what to do stands beside it")
	}
	return nil
}

// restartIdle orders the restart when nothing else changes the county: in the daemon, bridges may be coming or going.
func (a *app) restartIdle(ctx context.Context, c *county.County, notice time.Duration) (opsapi.Proof, error) {
	for {
		proof, err := c.Restart(ctx, notice, a.say)
		if a.daemon == nil || !errors.Is(err, home.ErrBusy) {
			return proof, err
		}
		select {
		case <-ctx.Done():
			return proof, context.Cause(ctx)
		case <-time.After(patience):
		}
	}
}

// proofText is a proof for people.
func proofText(p opsapi.Proof) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s restarted on %s (%s), away for %s\n", p.Machine, p.Day, p.Reason, p.Started.Sub(p.Stopped).Round(time.Millisecond))
	fmt.Fprintf(&b, "  forgotten: %d rooms, %d participants, %d messages; %d rooms were ended\n", p.Rooms, p.Participants, p.Messages, p.RoomsEnded)
	fmt.Fprintf(&b, "  version %s, before %s\n", p.NewVersion, p.OldVersion)
	for _, c := range p.Checks {
		fmt.Fprintf(&b, "  %s %s%s\n", map[bool]string{true: "✓", false: "✗"}[c.OK], c.Name, prefixed(": ", c.Detail))
	}
	for _, bridge := range p.Bridges {
		b.WriteString(proofText(bridge))
	}
	return b.String()
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}
