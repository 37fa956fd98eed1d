package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/configs"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/spf13/cobra"
)

func (a *app) completion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish"}
	return &cobra.Command{
		Use:   "completion <bash|zsh|fish>",
		Short: "Write a script that lets the shell complete commands, counties and machines",
		Long: `completion writes the script to standard output. To have it in every new shell:

  bash  kreisraum completion bash > /etc/bash_completion.d/kreisraum
  zsh   kreisraum completion zsh > "${fpath[1]}/_kreisraum"
  fish  kreisraum completion fish > ~/.config/fish/completions/kreisraum.fish

Counties are those with a file in --config-dir and those that are up; machines are those that this computer knows. Nobody is asked for them.`,
		Example: `  kreisraum completion bash
  kreisraum completion zsh`,
		Args:      exactly("bash, zsh or fish"),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.Out, true)
			case "zsh":
				return root.GenZshCompletion(a.Out)
			case "fish":
				return root.GenFishCompletion(a.Out, true)
			}
			return &usageError{cmd.CommandPath(), fmt.Errorf("%q is none of %s", args[0], strings.Join(shells, ", "))}
		},
	}
}

// completeEverywhere lets all verbs about a county complete its name, unless they have something better.
func (a *app) completeEverywhere(cmd *cobra.Command) {
	for _, child := range cmd.Commands() {
		a.completeEverywhere(child)
	}
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 && strings.Contains(cmd.Use, "county") {
		cmd.ValidArgsFunction = a.completeCounties
	}
}

// completeCounties offers counties for the first argument.
func (a *app) completeCounties(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.countyNames(), cobra.ShellCompDirectiveNoFileComp
}

// completeMachines offers counties and then the county's machines.
func (a *app) completeMachines(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return a.completeCounties(cmd, args, typed)
	}
	dir, err := a.countiesHome()
	if err != nil || !home.Has(dir, args[0]) {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	h, err := home.Open(dir)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	c := county.County{Home: h.County(args[0])}
	return c.MachineIDs(), cobra.ShellCompDirectiveNoFileComp
}

// countyNames are the counties with a file, the samples, and those that are up, sorted. It makes nothing: completing must not make a home.
func (a *app) countyNames() []string {
	var names []string
	files, _ := filepath.Glob(filepath.Join(a.options.configDir(), "*.yaml"))
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".yaml"))
	}
	if len(files) == 0 {
		samples, _ := configs.Files.ReadDir(".")
		for _, e := range samples {
			names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
		}
	}
	if dir, err := a.countiesHome(); err == nil {
		entries, _ := os.ReadDir(filepath.Join(dir, "counties"))
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
