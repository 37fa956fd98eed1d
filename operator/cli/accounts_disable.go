package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) accountsDisable() *cobra.Command {
	return &cobra.Command{
		Annotations: ofCounty,
		Use:         "disable <county> <name>",
		Short:       "End an account at once",
		Long:        `disable ends an account for good. Whoever organises a lesson with it at this moment loses the room.`,
		Example:     `  kreisraum accounts disable tuttlingen ahorn-4827`,
		Args:        exactly("a county", "an account's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.open(cmd.Context(), args[0], need{config: true, world: true, changes: true}, nil)
			if err != nil {
				return err
			}
			account := strings.ToLower(args[1])
			if err := c.DisableAccount(cmd.Context(), account); err != nil {
				return err
			}
			return a.print(map[string]string{"disabled": account}, fmt.Sprintf("%s is disabled\n", account))
		},
	}
}
