package cli

import (
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

func (a *app) drain() *cobra.Command {
	return &cobra.Command{
		Annotations: ofCounty,
		Use:         "drain <county> <bridge>…",
		Short:       "Give bridges no new rooms, and remove them when they are empty",
		Long: `drain keeps new lessons away from bridges. Lessons that run there go on undisturbed; when the last has ended, the bridge is removed.
undrain takes it back. The load may make another bridge in its place.`,
		Example: `  kreisraum drain tuttlingen 2`,
		Args:    countyAndBridges,
		RunE: func(cmd *cobra.Command, args []string) error {
			numbers, err := bridgeNumbers(cmd, args[1:])
			if err != nil {
				return err
			}
			return a.order(cmd, args[0], serve.Order{Drain: numbers}, audit.BridgesDrained, strings.Join(args[1:], " "))
		},
	}
}
