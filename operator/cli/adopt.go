package cli

import (
	"fmt"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/spf13/cobra"
)

func (a *app) adopt() *cobra.Command {
	return &cobra.Command{
		Annotations: ofCounty,
		Use:         "adopt <county>",
		Short:       "Take over what exists at Hetzner when this computer's state is lost or wrong",
		Long: `adopt finds what exists of a county at Hetzner by its labels, sets the state that this computer has aside, and makes a new one of what is there. Lessons go on;
nothing is deployed and no machine is made anew. It needs the county's keys, because the machines know this computer by them, and refuses, before anything
is changed, when something has a name of the county's without its labels.

A lost state alone needs no adopt: up does the same by itself. adopt is for a state that is damaged or wrong, and to see what is there. With
--json the last line is {"result": {"county", "found", "set_aside", "machines"}}.`,
		Example: `  kreisraum adopt tuttlingen`,
		Args:    exactly("a county"),
		RunE: func(cmd *cobra.Command, args []string) error {
			progress := a.progress()
			defer progress.Close()
			c, err := a.open(cmd.Context(), args[0], need{config: true, cloud: true, world: true, begins: true, changes: true}, progress)
			if err != nil {
				return err
			}
			result, err := c.Adopt(cmd.Context())
			progress.Close()
			if err != nil {
				return err
			}
			return a.print(map[string]any{"result": result}, a.advice(adoptionText(result)))
		},
	}
}

func adoptionText(r county.Adoption) string {
	return fmt.Sprintf("\n%s is taken over: %s\n`kreisraum doctor %s` says whether everything is as it ought to be, `kreisraum up %s` mends what is not\n",
		r.County, strings.Join(r.Machines, ", "), r.County, r.County)
}
