package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3"
)

// command runs the engine's binary for the Automation API (auto.PulumiCommand). It differs from the API's own in that the
// engine inherits only what it needs of our environment, and that questions whose answers we read from the checkpoint
// anyway start no process.
type command struct {
	path string
	// needs are further variables that the engine inherits.
	needs []string
}

// grace is how long an interrupted engine may take to finish what it is doing and write its state.
const grace = 20 * time.Second

// Version is the engine's; the binary is built from the SDK's own module at the same version.
func (c *command) Version() semver.Version { return sdk.Version }

// Run starts the engine and returns what it printed and its exit code. When ctx ends, the engine is interrupted, and killed
// only after grace.
func (c *command) Run(ctx context.Context, dir string, stdin io.Reader, moreOut, moreErr []io.Writer, env []string, args ...string) (string, string, int, error) {
	if answer, known := known(args); known {
		return answer, "", 0, nil
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.path, append([]string{"--non-interactive"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(inherited(c.needs...), env...)
	cmd.Env = append(cmd.Env, "PULUMI_AUTOMATION_API=true")
	cmd.Stdin = stdin
	cmd.Stdout = io.MultiWriter(append(slices.Clone(moreOut), &stdout)...)
	cmd.Stderr = io.MultiWriter(append(slices.Clone(moreErr), &stderr)...)
	// Own process group: Ctrl-C in the terminal reaches us alone, and we pass it on once.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	return stdout.String(), stderr.String(), exitCode(err), c.explain(err)
}

// explain adds the binary's path to an error that means it could not be started at all.
func (c *command) explain(err error) error {
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) {
		return err
	}
	return fmt.Errorf("run %s: %w", c.path, err)
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// inherited is what the engine gets of our environment, with what more it needs: no token, no setting of another Pulumi.
func inherited(more ...string) []string {
	var env []string
	for _, name := range append([]string{"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "LC_ALL"}, more...) {
		if value, set := os.LookupEnv(name); set {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// known answers the questions that the Automation API asks around an update and whose answers nobody reads: which stack is
// selected (every command names its stack), the outputs (read from the checkpoint) and the history.
func known(args []string) (answer string, ok bool) {
	if len(args) < 2 || args[0] != "stack" {
		return "", false
	}
	switch args[1] {
	case "select":
		return "", true
	case "output":
		return "{}", true
	case "history":
		return "[]", true
	}
	return "", false
}
