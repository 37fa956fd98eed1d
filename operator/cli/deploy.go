package cli

import (
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) deploy() *cobra.Command {
	var flags lessonFlags
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "deploy <county>",
		Short:       "Bring release and configuration to the machines that lack them, and touch nothing else",
		Long: `deploy does what up does with machines that exist, and nothing at Hetzner: a changed county file or another release of this program comes
to each machine that runs something else. Bridges come first, then the portal, one at a time. ` + lessonsRespected,
		Example: `  kreisraum deploy tuttlingen
  kreisraum deploy tuttlingen --now --yes`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runRelease(cmd, args[0], flags, need{config: true, cloud: true, world: true}, (*county.County).Upgrade)
		},
	}
	flags.declare(cmd)
	return cmd
}
