package sandbox

import (
	"errors"

	"golang.org/x/sys/unix"
)

// process is a handle on one process, pidfd_open(2); its number may be given to another process, the handle is not. The nil handle is a process
// that has ended.
type process struct{ pid, fd int }

// openProcess returns nil for a number that no process has.
func openProcess(pid int) (*process, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &process{pid, fd}, nil
}

func (p *process) is(pid int) bool { return p != nil && p.pid == pid }

func (p *process) terminate() error {
	err := unix.PidfdSendSignal(p.fd, unix.SIGTERM, nil, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// ended reports whether the process has ended, also if nobody has collected it: the handle is readable then.
func (p *process) ended() bool {
	if p == nil {
		return true
	}
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(p.fd), Events: unix.POLLIN}}, 0)
	return err == nil && n == 1
}

func (p *process) close() {
	if p != nil {
		_ = unix.Close(p.fd)
	}
}
