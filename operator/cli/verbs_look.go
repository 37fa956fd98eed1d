package cli

import "github.com/spf13/cobra"

// lookVerbs look at a county and at a project, and begin one: init, preview, doctor, cost, ssh, logs, adopt, orphans, completion.
func (a *app) lookVerbs() []*cobra.Command {
	return []*cobra.Command{a.init(), a.preview(), a.doctor(), a.cost(), a.ssh(), a.logs(), a.adopt(), a.orphans(), a.completion()}
}
