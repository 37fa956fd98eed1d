package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/medienzentrenverbund/kreisraum/conference/config"
)

// checkConfig reports everything that is wrong with a configuration and opens nothing.
func checkConfig(_ context.Context, args []string, stdout, _ io.Writer) error {
	rest, err := parse(flag.NewFlagSet("check-config", flag.ContinueOnError), args, 1)
	if err != nil {
		return err
	}
	cfg, err := config.LoadFile(rest[0], "")
	if err != nil {
		return usageError{err}
	}
	fmt.Fprintf(stdout, "%s: good, county %s at https://%s\n", rest[0], cfg.County, cfg.Domain)
	return nil
}
