// Command loadgen fills rooms of the SFU with headless participants and measures what the server spends.
//
//	loadgen run [-seconds 20] [-only class] [-doc docs/performance.md] [-profile dir]
//	                                                      all scenarios, each against a server process of its own
//	loadgen server                                        the SFU behind a minimal HTTP offer/answer endpoint, on loopback
//	loadgen unit                                          the price of encrypting and sending alone
//
// run starts server and unit itself, pinned to the first core, and stays on the others.
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
		return fmt.Errorf("say what to do: run, server or unit")
	}
	switch args[0] {
	case "run":
		return run(ctx, args[1:])
	case "server":
		return serve(ctx, os.Stdout, args[1:])
	case "unit":
		return unit(os.Stdout)
	}
	return fmt.Errorf("unknown command %q: run, server or unit", args[0])
}
