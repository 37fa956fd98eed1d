package sandbox

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrRunning means that a sandbox is running in this home already.
var ErrRunning = errors.New("a sandbox is running in this home already")

// acquire takes the home's lock and writes our process number into it. The lock ends with the process, however it ends. It is one on the open file
// description, fcntl_locking(2): others can ask about it without taking it.
func acquire(home string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(home, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &whole)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		err = ErrRunning
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("sandbox: lock %s: %w", f.Name(), err)
	}
	return f, nil
}

// holder asks who holds the home's lock. A pid of 0 with held means that it has not been written yet.
func holder(home string) (pid int, held bool, err error) {
	f, err := os.Open(filepath.Join(home, lockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("sandbox: %w", err)
	}
	defer f.Close()
	whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &whole); err != nil {
		return 0, false, fmt.Errorf("sandbox: ask about the lock %s: %w", f.Name(), err)
	}
	if whole.Type == unix.F_UNLCK {
		return 0, false, nil
	}
	data, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return 0, true, fmt.Errorf("sandbox: %w", err)
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(string(data)))
	return pid, true, nil
}
