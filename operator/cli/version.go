package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Show the version",
		Long:    `version shows which release this is and what it was built with.`,
		Example: `  kreisraum version`,
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			return a.print(map[string]string{"version": a.version, "go": runtime.Version()}, fmt.Sprintf("kreisraum %s (%s)\n", a.version, runtime.Version()))
		},
	}
}
