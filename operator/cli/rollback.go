package cli

import (
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) rollback() *cobra.Command {
	var flags lessonFlags
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "rollback <county>",
		Short:       "Take the last upgrade back: machines run what they ran before",
		Long: `rollback lets each machine that the last upgrade has reached run its release and configuration of before, which are still on it: nothing is
sent. up does not bring the release again; upgrade does. ` + lessonsRespected,
		Example: `  kreisraum rollback tuttlingen
  kreisraum rollback tuttlingen --now --yes`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.runRelease(cmd, args[0], flags, need{config: true, cloud: true, world: true}, (*county.County).Rollback)
		},
	}
	flags.declare(cmd)
	return cmd
}
