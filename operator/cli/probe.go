package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) probe() *cobra.Command {
	var media time.Duration
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "probe <county>",
		Short:       "Hold a call of two synthetic participants and show how it went",
		Long: `probe lets two synthetic participants meet in a room of their own on the running server and shows how long joining took, the round
trip and the loss. Lessons are not disturbed.`,
		Example: `  kreisraum probe tuttlingen --for 10s`,
		Args:    exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if media <= 0 {
				return &usageError{cmd.CommandPath(), fmt.Errorf("--for %s is no length of a call; give for example 10s", media)}
			}
			progress := a.progress()
			defer progress.Close()
			c, err := a.open(cmd.Context(), args[0], need{config: true, world: true}, progress)
			if err != nil {
				return err
			}
			report, err := c.Probe(cmd.Context(), media)
			progress.Close()
			if err != nil {
				return err
			}
			if a.options.json() {
				return a.print(map[string]any{"result": report}, "")
			}
			return nil
		},
	}
	cmd.Flags().DurationVar(&media, "for", 3*time.Second, "length of the call")
	return cmd
}
