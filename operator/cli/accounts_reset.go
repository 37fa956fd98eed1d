package cli

import (
	"errors"

	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/register"
	"github.com/spf13/cobra"
)

func (a *app) accountsReset() *cobra.Command {
	return &cobra.Command{
		Annotations: ofCounty,
		Use:         "reset <county> <name>",
		Short:       "Give an account another password and show it once",
		Long:        `reset gives an account another password. The old one works no more.`,
		Example:     `  kreisraum accounts reset tuttlingen ahorn-4827`,
		Args:        exactly("a county", "an account's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.open(cmd.Context(), args[0], need{config: true, world: true, changes: true}, nil)
			if err != nil {
				return err
			}
			made, err := c.ResetAccount(cmd.Context(), strings.ToLower(args[1]))
			if made.Name == "" {
				return err
			}
			return errors.Join(err, a.hand(createFlags{}, nil, []register.Credential{made}))
		},
	}
}
