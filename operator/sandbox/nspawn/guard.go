package nspawn

import (
	"fmt"
	"io"
	"os/exec"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// guard ends all machines when the sandbox ends without a word. nspawn dies with us (PR_SET_PDEATHSIG), but the machine in it does not. The guard
// is a shell that waits for the end of its input, which comes however we end, and then kills the machines' cgroup. It opened that when it
// started: a cgroup of the same name that the next sandbox makes is another one.
type guard struct {
	cmd *exec.Cmd
	in  io.Closer
}

func startGuard(c cgroup) (*guard, error) {
	cmd := exec.Command("sh", "-c", `exec 3>"$1" || exit 1; read -r line; echo 1 >&3`, "sh", filepath.Join(string(c), "cgroup.kill"))
	cmd.SysProcAttr = &unix.SysProcAttr{Setsid: true} // a signal to our process group is not meant for it
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("guard of the machines: %w", err)
	}
	return &guard{cmd, in}, nil
}

// close ends the guard, and with it what is left of the machines.
func (g *guard) close() {
	_ = g.in.Close()
	_ = g.cmd.Wait() // nothing depends on how it went
}
