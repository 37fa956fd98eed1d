package cli

import (
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) upgrade() *cobra.Command {
	var flags lessonFlags
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "upgrade <county>",
		Short:       "Bring this program's release to a county, one machine at a time, around its lessons",
		Long: `upgrade brings the release that came with this program to each machine that runs another one: bridges first, then the portal. A machine
that is not healthy afterwards, or carries no call, goes back to its release at once; the rest is left alone. A killed upgrade is
finished by running it again. ` + lessonsRespected,
		Example: `  kreisraum upgrade tuttlingen
  kreisraum upgrade tuttlingen --now`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runRelease(cmd, args[0], flags, need{config: true, cloud: true, world: true}, (*county.County).Upgrade)
		},
	}
	flags.declare(cmd)
	return cmd
}
