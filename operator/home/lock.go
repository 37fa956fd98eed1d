package home

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrBusy is wrapped by Lock when another command works on the county.
var ErrBusy = errors.New("another command is at work on this county")

// Lock keeps all other commands away from the county until unlock is called or the process ends, however it ends (flock(2)).
func (c County) Lock() (unlock func(), err error) {
	path := c.home.path("locks", c.Name+".lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", c.Name, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s (process %s); wait until it has finished", ErrBusy, c.Name, holder(path))
		}
		return nil, fmt.Errorf("lock %s: %w", c.Name, err)
	}
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid()) // for people only; the lock itself is the kernel's
	}
	return func() { _ = f.Close() }, nil
}

func holder(path string) string {
	data, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(data)); err == nil && pid != "" {
		return pid
	}
	return "unknown"
}
