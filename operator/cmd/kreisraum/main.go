// Command kreisraum puts up and looks after a county's video classrooms.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // counties name their time zone; not every computer has the database

	"github.com/medienzentrenverbund/kreisraum/operator/cli"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "development"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	return cli.Main(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, version)
}
