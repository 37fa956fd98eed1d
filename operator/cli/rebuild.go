package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) rebuild() *cobra.Command {
	var flags lessonFlags
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "rebuild <county> [machine]",
		Short:       "Make a machine anew from its image, with today's cloud-config, at the same addresses",
		Long: `rebuild is for a machine that is broken, or that was first booted with an older image or cloud-config than today's: neither changes by itself.
Everything on its disk is made anew, then up finishes: release, certificate, accounts, test call. Addresses stay, so no DNS record
changes. A county of several machines needs the machine's name: portal, or bridge-2. The portal's lessons are over after that.
` + lessonsRespected,
		Example: `  kreisraum rebuild demo --sandbox
  kreisraum rebuild tuttlingen bridge-2`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 || len(args) == 2 {
				return nil
			}
			return &usageError{cmd.CommandPath(), fmt.Errorf("expected a county and perhaps a machine, got %d arguments", len(args))}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			machine := ""
			if len(args) == 2 {
				if machine = args[1]; machine == "" {
					return &usageError{cmd.CommandPath(), errors.New("the machine's name is empty")}
				}
			}
			return a.runRelease(cmd, args[0], flags, need{config: true, cloud: true, world: true},
				func(c *county.County, ctx context.Context, o county.ReleaseOptions) (county.ReleaseResult, error) {
					return c.Rebuild(ctx, machine, o)
				})
		},
	}
	flags.declare(cmd)
	return cmd
}
