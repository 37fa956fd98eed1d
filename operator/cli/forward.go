package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

// forwarded marks verbs about a county, named by their first argument: where a daemon looks after that county, it runs them.
const forwarded = "forwarded"

// ofCounty is the annotation of such a verb.
var ofCounty = map[string]string{forwarded: "yes"}

// ofCounties is that of a verb that takes several; each is then forwarded by itself.
var ofCounties = map[string]string{forwarded: "one by one"}

// exitCode is the end of a verb that has said everything already.
type exitCode int

func (c exitCode) Error() string { return "exit code " + strconv.Itoa(int(c)) }

// forwardAll lets the daemon run what is marked. Inside the daemon it sees to it that what a verb holds is given back.
func (a *app) forwardAll(cmd *cobra.Command) {
	for _, child := range cmd.Commands() {
		a.forwardAll(child)
	}
	if cmd.Annotations[forwarded] == "" {
		return
	}
	here := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if a.daemon != nil {
			defer a.leaveCounty()
			return here(cmd, args)
		}
		if cmd.Annotations[forwarded] == ofCounties[forwarded] && len(args) != 1 {
			return here(cmd, args)
		}
		code, err := a.call(cmd.Context(), args[0])
		switch {
		case errors.Is(err, serve.ErrNoDaemon):
			return here(cmd, args)
		case err != nil:
			return err
		case code != exitOK:
			return exitCode(code)
		}
		return nil
	}
}

// call lets the daemon of this home run the command.
func (a *app) call(ctx context.Context, county string) (int, error) {
	dir, err := a.countiesHome()
	if err != nil {
		return 0, err
	}
	wd, err := os.Getwd()
	if err != nil {
		return 0, fmt.Errorf("find the working directory: %w", err)
	}
	request := serve.Request{Version: a.version, County: county, Args: a.args, Dir: wd, Terminal: a.terminal, Options: a.options.told(wd)}
	return serve.Call(ctx, dir, request, serve.Streams{In: a.In, Out: a.Out, Err: a.Err})
}

// countiesHome is the home that the counties of this command are in: another one in the sandbox.
func (a *app) countiesHome() (string, error) {
	dir, err := a.options.homeDir()
	if err != nil || !a.options.sandbox() {
		return dir, err
	}
	return home.InSandbox(dir), nil
}

// path is a file that the command names, as whoever gave the command means it.
func (a *app) path(name string) string {
	if name == "" || a.dir == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.dir, name)
}

// patience is how long a command waits for another without a word.
const patience = time.Second

// enter waits in the daemon until nothing else changes the county; the command's end lets others in again.
func (a *app) enter(ctx context.Context, county string) error {
	if a.daemon == nil {
		return nil
	}
	told := time.AfterFunc(patience, func() {
		if !a.options.json() {
			fmt.Fprintf(a.Err, "waiting until another change of %s has ended\n", county)
		}
	})
	defer told.Stop()
	leave, err := a.daemon.core.Enter(ctx, county)
	if err == nil {
		a.leave = leave
	}
	return err
}

func (a *app) leaveCounty() {
	if a.leave != nil {
		a.leave()
		a.leave = nil
	}
}
