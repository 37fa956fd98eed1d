// Command kreisraum-conference is the conference server of one county. It is put on the machine and started by `kreisraum up`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // the county names its time zone; a machine may lack the database
)

// version is set by the linker (-X main.version=…).
var version = "unknown"

// Exit codes.
const (
	exitOK    = 0
	exitError = 1 // something went wrong; the message says what to do
	exitUsage = 2 // the command line or the configuration is wrong; starting again will not help
)

// usageError leads to exitUsage.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const usage = `kreisraum-conference is the conference server of one county.

  kreisraum-conference serve --config FILE         run the server (default command); --role portal, bridge or both
                                                   takes the place of the file's role
  kreisraum-conference check-config FILE           report everything that is wrong with a configuration
  kreisraum-conference renew-host-key [--file F]   make this machine a new SSH host key
  kreisraum-conference version                     print the version and whether the page is inside
`

// run is main with everything it touches as arguments.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	commands := map[string]func(context.Context, []string, io.Writer, io.Writer) error{
		"serve":          serve,
		"check-config":   checkConfig,
		"renew-host-key": renewHostKey,
		"version":        printVersion,
	}
	name := "serve"
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		name, args = args[0], args[1:]
	}
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") || name == "help" {
		fmt.Fprint(stdout, usage)
		return exitOK
	}
	command, ok := commands[name]
	if !ok {
		fmt.Fprintf(stderr, "unknown command %q\n\n%s", name, usage)
		return exitUsage
	}
	err := command(ctx, args, stdout, stderr)
	if err == nil {
		return exitOK
	}
	fmt.Fprintf(stderr, "kreisraum-conference %s: %v\n", name, err)
	if errors.As(err, new(usageError)) {
		return exitUsage
	}
	return exitError
}

// parse reads flags into set and returns exactly want further arguments.
func parse(set *flag.FlagSet, args []string, want int) ([]string, error) {
	set.SetOutput(io.Discard)
	if err := set.Parse(args); err != nil {
		return nil, usageError{fmt.Errorf("%w; see --help", err)}
	}
	if set.NArg() != want {
		return nil, usageError{fmt.Errorf("%d arguments expected, got %d; see --help", want, set.NArg())}
	}
	return set.Args(), nil
}
