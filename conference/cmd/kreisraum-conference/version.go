package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime"

	"github.com/medienzentrenverbund/kreisraum/conference/web"
)

// printVersion says what this binary is and whether it holds the web client.
func printVersion(_ context.Context, args []string, stdout, _ io.Writer) error {
	if _, err := parse(flag.NewFlagSet("version", flag.ContinueOnError), args, 0); err != nil {
		return err
	}
	page, err := web.New()
	if err != nil {
		return err
	}
	client := "with the web client"
	if !page.Built() {
		client = "WITHOUT the web client (make web builds it)"
	}
	fmt.Fprintf(stdout, "kreisraum-conference %s %s/%s %s, %s\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version(), client)
	return nil
}
