package cli

import "github.com/spf13/cobra"

// stateVerbs look after the Pulumi state: unlock.
func (a *app) stateVerbs() []*cobra.Command {
	return []*cobra.Command{a.unlock()}
}
