package cli

import (
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

func (a *app) undrain() *cobra.Command {
	return &cobra.Command{
		Annotations: ofCounty,
		Use:         "undrain <county> <bridge>…",
		Short:       "Let drained bridges take rooms again",
		Long:        `undrain takes back what drain did, as long as the bridge exists.`,
		Example:     `  kreisraum undrain tuttlingen 2`,
		Args:        countyAndBridges,
		RunE: func(cmd *cobra.Command, args []string) error {
			numbers, err := bridgeNumbers(cmd, args[1:])
			if err != nil {
				return err
			}
			return a.order(cmd, args[0], serve.Order{Undrain: numbers}, audit.BridgesUndrained, strings.Join(args[1:], " "))
		},
	}
}
