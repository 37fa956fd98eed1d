package cli

import (
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

func (a *app) freeze() *cobra.Command {
	var off bool
	cmd := &cobra.Command{
		Annotations: ofCounty,
		Use:         "freeze <county> [--off]",
		Short:       "Let nothing change a county's bridges but orders by hand",
		Long: `freeze keeps the load from making or removing bridges: for an examination, or while somebody looks for a fault. scale, drain and undrain
work as before, but without an order of scale a drained bridge stays. It stands until --off.`,
		Example: `  kreisraum freeze tuttlingen
  kreisraum freeze tuttlingen --off`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			on, action := !off, audit.CapacityFrozen
			if off {
				action = audit.CapacityThawed
			}
			return a.order(cmd, args[0], serve.Order{Freeze: &on}, action, "")
		},
	}
	cmd.Flags().BoolVar(&off, "off", false, "let the load decide again")
	return cmd
}
