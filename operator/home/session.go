package home

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Session notes that somebody is logged in to the county's machines until leave is called or the process ends, however it ends: as long as
// there is one, nobody closes port 22. There may be several. Call it under the county's lock, so that nobody closes the port meanwhile.
func (c County) Session() (leave func(), err error) {
	f, err := c.sessions()
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("note a session on %s: %w", c.Name, err)
	}
	return func() { _ = f.Close() }, nil
}

// InSession reports whether somebody is logged in, by flock(2): a killed session counts no longer.
func (c County) InSession() (bool, error) {
	f, err := c.sessions()
	if err != nil {
		return false, err
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for sessions on %s: %w", c.Name, err)
	}
	return false, nil
}

func (c County) sessions() (*os.File, error) {
	f, err := os.OpenFile(c.home.path("locks", c.Name+".sessions"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("look for sessions on %s: %w", c.Name, err)
	}
	return f, nil
}
