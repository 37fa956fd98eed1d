package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) doctor() *cobra.Command {
	var media time.Duration
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "doctor <county>",
		Short:       "Name everything that is not as it ought to be, and what mends it",
		Long: `doctor compares the county's file, this computer's keys and state, what is at Hetzner, the DNS and what the servers say, and names every
difference: what somebody changed or deleted in the Hetzner Console, machines that are off or run something else, addresses, firewall,
certificate, accounts, the proof of the last restart, clocks and disks. It holds a short test call with two synthetic participants, and changes
nothing.

Each finding has a level: an error is noticed by schools or costs privacy, a warning will be or costs money, a note is good to know. The exit
code is 1 if there are errors. With --json: {"diagnosis": {"county", "at", "findings": [{"level", "check", "where", "what", "mend"}], "looked"}}.`,
		Example: `  kreisraum doctor tuttlingen
  kreisraum doctor tuttlingen --probe 0s --json`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notNegative(cmd, "probe"); err != nil {
				return err
			}
			return a.runDoctor(cmd, args[0], media)
		},
	}
	cmd.Flags().DurationVar(&media, "probe", time.Second, "length of the test call; 0s: none")
	return cmd
}

func (a *app) runDoctor(cmd *cobra.Command, name string, media time.Duration) error {
	c, err := a.open(cmd.Context(), name, need{config: true, cloud: true, world: true, begins: true}, nil)
	if err != nil {
		return err
	}
	d, err := c.Doctor(cmd.Context(), county.DoctorOptions{Media: media})
	if err != nil {
		return err
	}
	for i := range d.Findings {
		d.Findings[i].What, d.Findings[i].Mend = a.advice(d.Findings[i].What), a.advice(d.Findings[i].Mend)
	}
	if err := a.print(map[string]any{"diagnosis": d}, diagnosisText(d)); err != nil {
		return err
	}
	if d.Errors() > 0 {
		return exitCode(exitFailure)
	}
	return nil
}

// marks of levels.
var marks = map[county.Level]string{county.LevelError: "✗", county.LevelWarning: "!", county.LevelNote: "·"}

func diagnosisText(d county.Diagnosis) string {
	var b strings.Builder
	counts := map[county.Level]int{}
	for _, f := range d.Findings {
		counts[f.Level]++
		fmt.Fprintf(&b, "%s %-7s  %s: %s\n", marks[f.Level], f.Level, f.Where, f.What)
		if f.Mend != "" {
			fmt.Fprintf(&b, "             → %s\n", f.Mend)
		}
	}
	fmt.Fprintf(&b, "%s: %s; looked at %s\n", d.County, verdict(counts), strings.Join(d.Looked, ", "))
	return b.String()
}

func verdict(counts map[county.Level]int) string {
	var parts []string
	for _, level := range []county.Level{county.LevelError, county.LevelWarning, county.LevelNote} {
		if n := counts[level]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s%s", n, level, plural(n)))
		}
	}
	if len(parts) == 0 {
		return "everything is as it ought to be"
	}
	return strings.Join(parts, ", ")
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
