package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

func (a *app) explain() *cobra.Command {
	var n int
	cmd := &cobra.Command{
		Use:   "explain <county> [-n 20]",
		Short: "Show the last decisions about bridges, and why",
		Long: `explain shows what was decided about a county's bridges in the last fortnight: when, how many there shall be, what was done for it,
and why. With --json each line is the whole record, which replay understands.`,
		Example: `  kreisraum explain tuttlingen
  kreisraum explain tuttlingen -n 100 --json > decisions.jsonl`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if n < 1 || n > maxDecisions {
				return &usageError{cmd.CommandPath(), fmt.Errorf("-n %d is not between 1 and %d", n, maxDecisions)}
			}
			return a.runExplain(cmd, args[0], n)
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", 20, "how many")
	return cmd
}

// maxDecisions of one explain: a record has about 20 KiB.
const maxDecisions = 10_000

func (a *app) runExplain(cmd *cobra.Command, name string, n int) error {
	c, err := a.open(cmd.Context(), name, need{config: true}, nil)
	if err != nil {
		return err
	}
	records, err := serve.Decisions(c.Home.Dir(), n)
	if err != nil {
		return err
	}
	if a.options.json() {
		for _, r := range records {
			line, err := r.Line()
			if err != nil {
				return err
			}
			if _, err := a.Out.Write(line); err != nil {
				return err
			}
		}
		return nil
	}
	zone, err := time.LoadLocation(c.Config.Restart.TimeZone)
	if err != nil {
		return err
	}
	return a.print(nil, explainText(records, zone))
}

func explainText(records []autoscale.Record, zone *time.Location) string {
	if len(records) == 0 {
		return "nothing was decided yet; `kreisraum serve` decides\n"
	}
	var b strings.Builder
	for _, r := range records {
		d := r.Decision
		fmt.Fprintf(&b, "%s  %d wanted%s\n    %s\n", d.At.In(zone).Format("2006-01-02 15:04:05"), d.Desired, actions(d), d.Why)
	}
	return b.String()
}

// actions says what a decision wanted to be done.
func actions(d autoscale.Decision) string {
	var b strings.Builder
	if d.Add > 0 {
		fmt.Fprintf(&b, ", make %d", d.Add)
	}
	for _, x := range []struct {
		word    string
		numbers []int
	}{{"drain", d.Drain}, {"undrain", d.Undrain}, {"remove", d.Remove}} {
		if len(x.numbers) > 0 {
			fmt.Fprintf(&b, ", %s %s", x.word, strings.Trim(fmt.Sprint(x.numbers), "[]"))
		}
	}
	return b.String()
}
