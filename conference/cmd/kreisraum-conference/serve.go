package main

import (
	"context"
	"flag"
	"io"
	"log/slog"
	"os"

	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/night"
	"github.com/medienzentrenverbund/kreisraum/conference/server"
)

// defaultConfig is where the operator puts the file.
const defaultConfig = "/etc/kreisraum/server.yaml"

// serve runs the server until ctx ends. Logs are JSON lines on stderr, without personal data.
func serve(ctx context.Context, args []string, _, stderr io.Writer) error {
	set := flag.NewFlagSet("serve", flag.ContinueOnError)
	file := set.String("config", defaultConfig, "")
	role := set.String("role", "", "")
	if _, err := parse(set, args, 0); err != nil {
		return err
	}
	cfg, err := config.LoadFile(*file, *role)
	if err != nil {
		return usageError{err}
	}
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	slog.SetDefault(log)
	limitMemory()
	if err := night.Forgetful(); err != nil {
		log.Error("a crash could write memory to disk; the next restart's proof says so too", "error", err)
	}
	s, err := server.New(cfg, server.Options{Log: log, Version: version, Deployment: os.Getenv("KREISRAUM_DEPLOYMENT")})
	if err != nil {
		return err
	}
	return s.Run(ctx)
}
