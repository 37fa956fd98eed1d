package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/cli/quietterm"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitOK = iota
	exitFailure
	exitUsage
)

// Streams are the program's input and output.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// app is what all verbs share.
type app struct {
	Streams
	version string
	options *options
	// rootsFile holds the roots of the sandbox's certificates; empty outside it.
	rootsFile string
	// asJSON says that --json is among the arguments; a mistake before it keeps the flag from being read.
	asJSON bool
	// args is the command line without the program's name.
	args []string
	// dir is the working directory of whoever gave the command; empty: this process's own.
	dir string
	// terminal says that Out is one.
	terminal bool
	// daemon is set when the command runs inside `kreisraum serve`.
	daemon *daemon
	// engines bounds the Pulumi engines of commands that run beside each other; nil: there are none.
	engines *serve.Engines
	// leave gives back what the command holds of its county in the daemon.
	leave func()
}

// Main runs the command line and returns the exit code. ctx ends on Ctrl-C.
func Main(ctx context.Context, args []string, streams Streams, version string) int {
	quietterm.Restore()
	a := &app{Streams: streams, version: version, options: newOptions(), args: args, terminal: isTerminal(streams.Out)}
	return a.execute(ctx)
}

// execute runs the command line and returns the exit code.
func (a *app) execute(ctx context.Context) int {
	a.asJSON = slices.Contains(a.args, "--json")
	root := a.root()
	root.SetArgs(a.args)
	root.SetIn(a.In)
	root.SetOut(a.Out)
	root.SetErr(a.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if code := exitCode(0); errors.As(err, &code) { // the daemon has said what there is to say
		return int(code)
	}
	a.report(ctx, err)
	var usage *usageError
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFailure
}

func (a *app) root() *cobra.Command {
	root := group(&cobra.Command{
		Use:   "kreisraum",
		Short: "Video classrooms for the schools of a county, on machines of its own",
		Long: `kreisraum puts up a county's video classrooms: machine, firewall, certificate, accounts, and a test call at the end.

A county is described by configs/<county>.yaml. Its Hetzner project's token comes from HCLOUD_TOKEN or, better, from a file
(--token-file). With --sandbox the same happens in a simulated cloud on this computer; no token is needed.

The exit code is 0 if all went well, 1 for a failure, and 2 for wrong usage; ssh returns that of the command it ran. With --json every
verb writes JSON, one object a line, and an error as {"error": "…"}; which objects, the verb's own help says.`,
		Example: `  kreisraum up demo --sandbox        try it, nothing to sign up for
  kreisraum init tuttlingen          write a county's file
  kreisraum preview tuttlingen       what would up do, and what would it cost
  kreisraum up tuttlingen            put up or update the county
  kreisraum status tuttlingen        what is there, and does it answer
  kreisraum doctor tuttlingen        what is wrong, and what mends it
  kreisraum serve                    look after all counties: bridges by load, alarms`,
		Version:       a.version,
		SilenceErrors: true,
		SilenceUsage:  true,
	})
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetVersionTemplate("kreisraum {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return &usageError{cmd.CommandPath(), err} })
	a.options.declare(root.PersistentFlags())
	root.AddCommand(a.up(), a.down(), a.status(), a.probe(), a.accounts(), a.scale(), a.drain(), a.undrain(), a.freeze(), a.restart(),
		a.explain(), a.replay(), a.serve(), a.sandbox(), a.versionCommand())
	root.AddCommand(slices.Concat(a.releaseVerbs(), a.lookVerbs(), a.stateVerbs())...)
	a.forwardAll(root)
	a.completeEverywhere(root)
	return root
}

// group makes a command that only holds others: alone it shows help, with an unknown word it complains.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		err := fmt.Errorf("unknown command %q", args[0])
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(near, " or "))
		}
		return &usageError{cmd.CommandPath(), err}
	}
	cmd.SuggestionsMinimumDistance = 2
	return cmd
}

// exactly demands arguments of the given names.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return &usageError{cmd.CommandPath(), fmt.Errorf("expected %s, got %d arguments", strings.Join(names, " and "), len(args))}
	}
}

// notNegative refuses durations below zero.
func notNegative(cmd *cobra.Command, flags ...string) error {
	for _, name := range flags {
		if d, err := cmd.Flags().GetDuration(name); err != nil || d < 0 {
			return &usageError{cmd.CommandPath(), fmt.Errorf("--%s %s is below zero", name, d)}
		}
	}
	return nil
}

// usageError says that the command line was wrong.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string {
	return fmt.Sprintf("%v\nrun `%s --help` to see how it goes", e.err, e.command)
}

func (e *usageError) Unwrap() error { return e.err }

// report prints an error, and after Ctrl-C how to go on.
func (a *app) report(ctx context.Context, err error) {
	text := err.Error()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		text = "stopped. Nothing is lost: run the same command again, it goes on from here"
	}
	text = a.advice(text)
	if a.options.json() || a.asJSON {
		_ = json.NewEncoder(a.Out).Encode(map[string]string{"error": text})
		return
	}
	fmt.Fprintf(a.Err, "kreisraum: %s\n", text)
}

// commandInText is a command with a county that a message advises.
var commandInText = regexp.MustCompile("`kreisraum (up|down|upgrade|rollback|deploy|rebuild|status|restart|scale|drain|undrain|freeze|explain|unlock|adopt|preview|doctor|cost|ssh|logs) " +
	"[a-z0-9][a-z0-9-]*|`kreisraum (serve|orphans)")

// advice completes the commands in a message that is about a county in the sandbox.
func (a *app) advice(text string) string {
	if !a.options.sandbox() {
		return text
	}
	return commandInText.ReplaceAllString(text, "$0 --sandbox")
}

// print writes v as a JSON line with --json, otherwise text.
func (a *app) print(v any, text string) error {
	if a.options.json() {
		return json.NewEncoder(a.Out).Encode(v)
	}
	_, err := io.WriteString(a.Out, text)
	return err
}

// executable is the running program's own path with links resolved.
func executable() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program's folder: %w", err)
	}
	return path, nil
}
