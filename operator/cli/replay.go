package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
	"github.com/spf13/cobra"
)

func (a *app) replay() *cobra.Command {
	return &cobra.Command{
		Use:   "replay <file>",
		Short: "Decide recorded decisions again and compare",
		Long: `replay reads records as explain --json prints them and as they are kept in <home>/counties/<county>/decisions.jsonl, decides each again
and shows what would come out otherwise now. The exit code is 1 if anything would. It asks nobody and changes nothing.`,
		Example: `  kreisraum replay decisions.jsonl`,
		Args:    exactly("a file"),
		RunE:    func(_ *cobra.Command, args []string) error { return a.runReplay(args[0]) },
	}
}

func (a *app) runReplay(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the decisions: %w", err)
	}
	defer f.Close()
	n, differences, err := autoscale.Replay(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if differences == nil {
		differences = []autoscale.Difference{}
	}
	if err := a.print(map[string]any{"decisions": n, "differences": differences}, replayText(n, differences)); err != nil {
		return err
	}
	if len(differences) > 0 {
		return exitCode(exitFailure)
	}
	return nil
}

func replayText(n int, differences []autoscale.Difference) string {
	var b strings.Builder
	for _, d := range differences {
		fmt.Fprintf(&b, "line %d\n  then: %d wanted%s: %s\n  now:  %d wanted%s: %s\n", d.Line,
			d.Recorded.Desired, actions(d.Recorded), d.Recorded.Why, d.Decided.Desired, actions(d.Decided), d.Decided.Why)
	}
	fmt.Fprintf(&b, "%d decisions, %d would be others now\n", n, len(differences))
	return b.String()
}
