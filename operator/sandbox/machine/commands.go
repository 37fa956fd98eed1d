package machine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// commandResult is what a command printed and how it ended.
type commandResult struct {
	stdout, stderr string
	code           int
}

// exitNotAllowed is a shell's exit code for a command that does not exist.
const exitNotAllowed = 127

func refused(what string) commandResult {
	return commandResult{
		stderr: what + ": not available: this machine runs the deployment's commands and nothing else\n",
		code:   exitNotAllowed,
	}
}

// shell stands where a shell would: it runs exactly the deployment's commands.
type shell struct {
	units   *supervisor
	init    *cloudInit
	restart func() error // restarts the SSH endpoint: the host key is read again
}

// run runs one line. The context ends the wait for a job, not the job.
func (s *shell) run(ctx context.Context, line string) commandResult {
	if !deploy.Allowed(line) {
		return refused("command")
	}
	result := make(chan commandResult, 1)
	go func() { result <- s.dispatch(line) }()
	select {
	case r := <-result:
		return r
	case <-ctx.Done():
		return commandResult{stderr: "interrupted\n", code: 130}
	}
}

func (s *shell) dispatch(line string) commandResult {
	words := strings.Fields(line)
	switch {
	case line == deploy.CmdCloudInitStatus:
		return s.cloudInitStatus()
	case line == deploy.CmdUnpack:
		return s.unpack()
	case line == deploy.CmdMeasure:
		return s.measure()
	case words[0] == "journalctl":
		return s.journalctl(words[1:])
	case words[0] == "systemctl" && len(words) >= 2:
		return s.systemctl(words[1], words[2:])
	}
	return refused("command")
}

// cloudInitStatus prints what cloud-init's status command prints; its exit code is 1 after an error.
func (s *shell) cloudInitStatus() commandResult {
	status := *s.init.status.Load()
	r := commandResult{stdout: "status: " + status + "\n"}
	if status == "error" {
		r.code = 1
	}
	return r
}

func (s *shell) journalctl(args []string) commandResult {
	lines, unit := 10, ""
	for _, a := range args {
		if v, ok := strings.CutPrefix(a, "--lines="); ok {
			if n, err := strconv.Atoi(v); err == nil {
				lines = n
			}
		}
		if v, ok := strings.CutPrefix(a, "--unit="); ok {
			unit = v
		}
	}
	var out strings.Builder
	for _, line := range s.units.journal(unit, lines) {
		out.WriteString(line + "\n")
	}
	return commandResult{stdout: out.String()}
}

// Exit codes of systemctl(1), which are those of LSB init scripts.
const (
	exitNotRunning = 3
	exitNoUnit     = 5
)

func (s *shell) systemctl(verb string, args []string) commandResult {
	if verb == "daemon-reload" {
		return fromError("Reload daemon", s.units.reload())
	}
	unit := args[len(args)-1]
	switch verb {
	case "enable":
		return fromError("Enable "+unit, s.units.enable(unit))
	case "restart":
		if unit == deploy.SSHUnit {
			return fromError("Restart "+unit, s.restart())
		}
		return fromError("Job for "+unit, s.units.do(verbRestart, unit))
	case "start":
		return fromError("Job for "+unit, s.units.do(verbStart, unit))
	case "stop":
		return fromError("Job for "+unit, s.units.do(verbStop, unit))
	case "is-active":
		status := s.units.status(unit)
		r := commandResult{stdout: status.active + "\n"}
		if status.active != "active" {
			r.code = exitNotRunning
		}
		return r
	case "show":
		return s.show(unit, args[:len(args)-1])
	}
	return refused("command")
}

func (s *shell) show(unit string, args []string) commandResult {
	status := s.units.status(unit)
	properties := map[string]string{
		"ActiveState": status.active, "SubState": status.sub, "NRestarts": strconv.Itoa(status.restarts),
		"ExecMainStatus": strconv.Itoa(status.status), "MainPID": strconv.Itoa(status.pid),
	}
	var out strings.Builder
	for _, a := range args {
		names, ok := strings.CutPrefix(a, "--property=")
		if !ok {
			continue
		}
		for name := range strings.SplitSeq(names, ",") {
			fmt.Fprintf(&out, "%s=%s\n", name, properties[name])
		}
	}
	return commandResult{stdout: out.String()}
}

func fromError(what string, err error) commandResult {
	switch {
	case err == nil:
		return commandResult{}
	case errors.Is(err, errNoUnit):
		return commandResult{stderr: fmt.Sprintf("%s failed: %s\n", what, err), code: exitNoUnit}
	}
	return commandResult{stderr: fmt.Sprintf("%s failed: %s\n", what, err), code: 1}
}
