package cli

import (
	"fmt"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) logs() *cobra.Command {
	options := county.LogOptions{}
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "logs <county> [machine] [--lines 100] [--follow]",
		Short:       "Show what a machine's server has written to its journal",
		Long: `logs shows the last lines that the server on a machine (portal, bridge-1 and so on; the portal if none is named) has written. They hold no
names, addresses, rooms or chat. Port 22 is open for the county's ssh.sources while the command runs, and closed when it ends.

With --json each line is an object: {"machine": "portal", "line": "…"}.`,
		Example: `  kreisraum logs tuttlingen
  kreisraum logs tuttlingen bridge-1 --lines 500
  kreisraum logs tuttlingen --follow`,
		Args:              machineOf,
		ValidArgsFunction: a.completeMachines,
		RunE: func(cmd *cobra.Command, args []string) error {
			if options.Lines < 1 || options.Lines > county.MaxLogLines {
				return &usageError{cmd.CommandPath(), fmt.Errorf("--lines %d is not between 1 and %d", options.Lines, county.MaxLogLines)}
			}
			if len(args) > 1 {
				options.Machine = args[1]
			}
			return a.runLogs(cmd, args[0], options)
		},
	}
	cmd.Flags().IntVar(&options.Lines, "lines", 100, "how many lines")
	cmd.Flags().BoolVar(&options.Follow, "follow", false, "go on with what comes, until Ctrl-C")
	return cmd
}

// machineOf demands a county and perhaps a machine of it.
func machineOf(cmd *cobra.Command, args []string) error {
	if len(args) == 1 || len(args) == 2 {
		return nil
	}
	return &usageError{cmd.CommandPath(), fmt.Errorf("expected a county and perhaps a machine of it, got %d arguments", len(args))}
}

func (a *app) runLogs(cmd *cobra.Command, name string, options county.LogOptions) error {
	c, err := a.open(cmd.Context(), name, need{config: true, cloud: true, world: true}, nil)
	if err != nil {
		return err
	}
	options.Waiting = func() { a.waitingFor(name) }
	machine := options.Machine
	if machine == "" {
		machine = "portal"
	}
	return c.Logs(cmd.Context(), options, func(lines []string) error {
		for _, line := range lines {
			if err := a.print(map[string]string{"machine": machine, "line": line}, strings.TrimRight(line, "\n")+"\n"); err != nil {
				return err
			}
		}
		return nil
	})
}

// waitingFor says that another command has the county.
func (a *app) waitingFor(county string) {
	if !a.options.json() {
		fmt.Fprintf(a.Err, "waiting until another change of %s has ended\n", county)
	}
}
