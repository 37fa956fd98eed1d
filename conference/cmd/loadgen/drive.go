package main

import (
	"context"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/drive"
)

// maxPassword bounds a password file, in bytes.
const maxPassword = 4096

// driveLessons holds lessons in a live county and prints what they go through. Losing somebody for good, or never having been complete, is an
// error: the command's exit code says whether the county carried it.
func driveLessons(ctx context.Context, out io.Writer, args []string) error {
	flags := flag.NewFlagSet("drive", flag.ContinueOnError)
	var (
		site     = flags.String("site", "", "the county's site, https://domain")
		address  = flags.String("address", "", "host:port that is really dialled; empty: the site's")
		roots    = flags.String("roots", "", "PEM file with the roots of the site's certificate; empty: the system's")
		account  = flags.String("account", "", "the organiser's account")
		password = flags.String("password-file", "", "file with the organiser's password")
		rooms    = flags.Int("rooms", 1, "how many lessons")
		people   = flags.Int("people", 5, "how many people in each, the organiser included")
		length   = flags.Duration("for", time.Minute, "how long")
		camera   = flags.Bool("camera", false, "everybody sends and shows cameras")
		joins    = flags.Int("joins", 8, "how many come in at once")
		prefix   = flags.String("prefix", "", "how the rooms' names begin; empty: at random")
	)
	if err := flags.Parse(args); err != nil {
		return err
	}
	c := drive.Config{
		Target:  client.Target{URL: strings.TrimSuffix(*site, "/"), DialAddress: *address},
		Account: *account, Rooms: *rooms, People: *people, Camera: *camera, Joins: *joins, Prefix: *prefix,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	var err error
	if c.Target.Roots, err = readRoots(*roots); err != nil {
		return err
	}
	if c.Password, err = readPassword(*password); err != nil {
		return err
	}
	fmt.Fprintf(out, "seconds %s\n", drive.Header)
	began := time.Now()
	complete := 0
	c.Report = func(r drive.Report) {
		if r.Inside == *rooms**people {
			complete++
		}
		fmt.Fprintf(out, "%7.0f %s\n", time.Since(began).Seconds(), r)
	}
	ctx, cancel := context.WithTimeout(ctx, *length)
	defer cancel()
	last, err := drive.Run(ctx, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d packets, %.3f %% lost; worst gap of a voice or picture %d ms; longest outage %d ms; %d reconnects, %d with media kept; %d had to come in anew\n",
		last.Total, 100*(1-float64(last.Total)/float64(max(last.Expected, 1))), last.Gap.Milliseconds(), last.Outage.Milliseconds(),
		last.Reconnects, last.Kept, last.Lost)
	if complete == 0 {
		return fmt.Errorf("the %d lessons were never complete; at the end %d of %d people were inside", *rooms, last.Inside, *rooms**people)
	}
	return nil
}

// readRoots returns the certificates in a PEM file, nil for no file.
func readRoots(path string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read roots: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("read roots: %s has no certificate in PEM", path)
	}
	return pool, nil
}

// readPassword returns a file's first line.
func readPassword(path string) (string, error) {
	if path == "" {
		return "", fmt.Errorf("give the organiser's password in a file: -password-file")
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPassword))
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimRight(line, "\r"), nil
}
