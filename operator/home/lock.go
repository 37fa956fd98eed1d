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

// ErrServed is wrapped by LockDaemon when a daemon serves this home already.
var ErrServed = errors.New("a daemon looks after this home already")

// Lock keeps all other commands away from the county until unlock is called or the process ends, however it ends (flock(2)).
func (c County) Lock() (unlock func(), err error) {
	unlock, by, err := lock(c.home.path("locks", c.Name+".lock"))
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", c.Name, err)
	}
	if unlock == nil {
		return nil, fmt.Errorf("%w: %s (process %s); wait until it has finished", ErrBusy, c.Name, by)
	}
	return unlock, nil
}

// LockDaemon keeps a second daemon away from this home, as Lock does with commands of one county.
func (h Home) LockDaemon() (unlock func(), err error) {
	unlock, by, err := lock(h.path("locks", "serve")) // a county's ends in .lock
	if err != nil {
		return nil, fmt.Errorf("lock the home: %w", err)
	}
	if unlock == nil {
		return nil, fmt.Errorf("%w (process %s, home %s); stop that one first, or serve another home with --home", ErrServed, by, h.dir)
	}
	return unlock, nil
}

// lock takes the lock of a file and writes our process ID into it. A nil unlock says that somebody else has it, and who.
func lock(path string) (unlock func(), by string, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, "", err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, holder(path), nil
		}
		return nil, "", err
	}
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid()) // for people only; the lock itself is the kernel's
	}
	return func() { _ = f.Close() }, "", nil
}

func holder(path string) string {
	data, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(data)); err == nil && pid != "" {
		return pid
	}
	return "unknown"
}
