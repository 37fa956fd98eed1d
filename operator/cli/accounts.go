package cli

import "github.com/spf13/cobra"

func (a *app) accounts() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "accounts",
		Short: "Make, list, disable and reset organisers' accounts",
		Long: `accounts keeps the county's register. Names say nothing about people; what an account was made for is noted as its label, which
never leaves this computer. The server gets names and password hashes.`,
		Example: `  kreisraum accounts create tuttlingen --label "Schule am Beispielweg"
  kreisraum accounts list tuttlingen`,
	})
	cmd.AddCommand(a.accountsCreate(), a.accountsList(), a.accountsDisable(), a.accountsReset())
	return cmd
}
