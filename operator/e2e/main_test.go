//go:build e2e

package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain runs each test in a process and a network namespace of its own, two at a time: machines stand on addresses of the loopback
// interface, and those of another test, or of a demo that runs meanwhile, are the same.
func TestMain(m *testing.M) {
	flag.Parse()
	if address := os.Getenv(scanTarget); address != "" {
		os.Exit(printScan(address))
	}
	switch {
	case os.Getenv(alone) != "":
		if err := loopbackUp(); err != nil {
			fmt.Fprintln(os.Stderr, "switch the loopback interface on:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	case flag.Lookup("test.list").Value.String() != "":
		os.Exit(m.Run())
	}
	os.Exit(apart())
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
