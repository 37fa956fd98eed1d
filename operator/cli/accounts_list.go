package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/register"
	"github.com/spf13/cobra"
)

// listed is an account as `accounts list` shows it: never its hash.
type listed struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Label    string    `json:"label,omitempty"`
	Created  time.Time `json:"created"`
	Disabled time.Time `json:"disabled,omitzero"`
}

func (a *app) accountsList() *cobra.Command {
	return &cobra.Command{
		Annotations: ofCounty,
		Use:         "list <county>",
		Short:       "List the accounts of the register",
		Long:        `list shows the register: names, labels, when an account was made and whether it is disabled. It asks nobody, the register is here.`,
		Example: `  kreisraum accounts list tuttlingen
  kreisraum accounts list tuttlingen --json`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.open(cmd.Context(), args[0], need{}, nil)
			if err != nil {
				return err
			}
			accounts, err := c.Accounts()
			if err != nil {
				return err
			}
			return a.print(map[string]any{"accounts": list(accounts)}, listText(accounts))
		},
	}
}

func list(accounts []register.Account) []listed {
	out := make([]listed, len(accounts))
	for i, a := range accounts {
		out[i] = listed{a.ID, a.Name, a.Label, a.Created, a.Disabled}
	}
	return out
}

func listText(accounts []register.Account) string {
	if len(accounts) == 0 {
		return "the register is empty\n"
	}
	var b strings.Builder
	for _, a := range accounts {
		state := "active  "
		if !a.Disabled.IsZero() {
			state = "disabled"
		}
		fmt.Fprintf(&b, "%-20s %s  %s  %s\n", a.Name, state, a.Created.Format(time.DateOnly), a.Label)
	}
	return b.String()
}
