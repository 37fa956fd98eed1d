package cli

import "github.com/spf13/cobra"

// releaseVerbs change which release a county runs, and bring machines back to it: deploy, upgrade, rollback, rebuild.
func (a *app) releaseVerbs() []*cobra.Command {
	return []*cobra.Command{a.deploy(), a.upgrade(), a.rollback(), a.rebuild()}
}
