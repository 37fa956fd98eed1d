// Command loadgen fills rooms with headless participants: those of an SFU, to measure what the server spends, or those of a live county, to
// see what it carries.
//
//	loadgen drive -site https://… -account NAME -password-file FILE [-rooms 3] [-people 10] [-for 5m] [-camera]
//	                                                      holds lessons in a live county; prints every second how they fare
//	loadgen calibrate [-seconds 10] [-cores 2]            measures what a bridge carries on this machine: the capacity for server.yaml
//	loadgen run [-seconds 20] [-only class] [-doc docs/performance.md] [-profile dir]
//	                                                      all scenarios, each against a server process of its own
//	loadgen server                                        the SFU behind a minimal HTTP offer/answer endpoint, on loopback
//	loadgen unit                                          the price of encrypting and sending alone
//
// run and calibrate start server and unit themselves, pinned to the first core, and stay on the others.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := dispatch(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "loadgen:", err)
		os.Exit(1)
	}
}

func dispatch(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("say what to do: drive, calibrate, run, server or unit")
	}
	switch args[0] {
	case "drive":
		return driveLessons(ctx, os.Stdout, args[1:])
	case "calibrate":
		return calibrate(ctx, os.Stdout, args[1:])
	case "run":
		return run(ctx, args[1:])
	case "server":
		return serve(ctx, os.Stdout, args[1:])
	case "unit":
		return unit(os.Stdout)
	}
	return fmt.Errorf("unknown command %q: drive, calibrate, run, server or unit", args[0])
}
