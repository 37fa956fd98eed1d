package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) status() *cobra.Command {
	return &cobra.Command{
		Annotations: ofCounty,
		Use:         "status <county>",
		Short:       "Show what exists of a county and whether it answers",
		Long: `status shows what exists at Hetzner, whether the server answers, how many rooms and participants it has, its certificate and
whether it has the register's accounts. Counts only; nobody's name is in it.`,
		Example: `  kreisraum status tuttlingen
  kreisraum status demo --sandbox --json`,
		Args: exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.open(cmd.Context(), args[0], need{config: true, cloud: true, world: true}, nil)
			if err != nil {
				return err
			}
			status, err := c.Status(cmd.Context())
			if err != nil {
				return err
			}
			status.Problem = a.advice(status.Problem)
			return a.print(status, statusText(status))
		},
	}
}

func statusText(s county.Status) string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s "+format+"\n", append([]any{name}, args...)...)
	}
	row("county", "%s  %s", s.County, s.URL)
	row("state", "%s", map[bool]string{true: "up", false: "not up"}[s.Up])
	if s.Problem != "" {
		row("problem", "%s", s.Problem)
	}
	if s.IPv4 != "" {
		row("machine", "%s in %s", strings.TrimSpace(s.IPv4+" "+s.IPv6), s.Location)
	}
	row("at Hetzner", "%d resources", len(s.Resources))
	if s.Server != nil {
		row("server", "%s, running since %s", s.Server.Version, s.Server.Started.Local().Format("2006-01-02 15:04"))
		row("lessons", "%d rooms, %d participants", s.Server.Rooms, s.Server.Participants)
		row("certificate", "%s until %s", s.Server.Certificate.State, s.Server.Certificate.NotAfter.Format(time.DateOnly))
	}
	row("accounts", "%d%s", s.Accounts, map[bool]string{true: "", false: ", not yet on the server (`up` sends them)"}[!s.Up || s.AccountsCurrent])
	return b.String()
}
