//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// alone says that this process is in a network namespace of its own.
const alone = "KREISRAUM_E2E_ALONE"

// TestMain runs the tests in a network namespace of their own: machines stand on addresses of the loopback interface, and those of a
// demo that runs meanwhile are the same.
func TestMain(m *testing.M) {
	if address := os.Getenv(scanTarget); address != "" {
		os.Exit(printScan(address))
	}
	if os.Getenv(alone) == "" {
		os.Exit(inNamespace())
	}
	if err := loopbackUp(); err != nil {
		fmt.Fprintln(os.Stderr, "switch the loopback interface on:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func inNamespace() int {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), alone+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode()
	case err != nil:
		fmt.Fprintln(os.Stderr, "run the tests in a network namespace of their own:", err)
		return 1
	}
	return 0
}

// loopbackUp is `ip link set lo up`, netdevice(7).
func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, request); err != nil {
		return err
	}
	request.SetUint16(request.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}
