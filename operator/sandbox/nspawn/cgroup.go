package nspawn

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cgroup is a folder of the cgroup2 hierarchy. nspawn makes "supervisor" and "payload" below the one it is started in, so each machine has its
// own.
type cgroup string

// settle bounds the wait for killed processes: those in a system call that cannot be interrupted take their time.
const settle = 30 * time.Second

// kill ends every process in the group and below.
func (c cgroup) kill() error {
	err := os.WriteFile(filepath.Join(string(c), "cgroup.kill"), []byte("1"), 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil // there is no such group
	}
	return err
}

// remove ends every process in the group and takes the group away, with those below it. One that is not there is fine.
func (c cgroup) remove() error {
	for deadline := time.Now().Add(settle); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(string(c)); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		err := c.kill()
		if err == nil {
			err = c.removeFolders()
		}
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("remove cgroup %s: %w", string(c), err)
		}
	}
}

func (c cgroup) removeFolders() error {
	var folders []string
	err := filepath.WalkDir(string(c), func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && d.IsDir() {
			folders = append(folders, name)
		}
		return err
	})
	for i := len(folders) - 1; i >= 0 && err == nil; i-- {
		if err = unix.Rmdir(folders[i]); errors.Is(err, unix.ENOENT) {
			err = nil
		}
	}
	return err
}

// processes are those of the group itself, by this computer's numbers.
func (c cgroup) processes() []int {
	data, err := os.ReadFile(filepath.Join(string(c), "cgroup.procs"))
	if err != nil {
		return nil
	}
	var pids []int
	for _, line := range strings.Fields(string(data)) {
		if pid, err := strconv.Atoi(line); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	return pids
}

// below is the group at a path as the machine sees it.
func (c cgroup) below(path string) cgroup { return cgroup(filepath.Join(string(c), "payload", path)) }

// leader is the number of the machine's systemd, 0: there is none.
func (c cgroup) leader() int { return numbered(c.below("init.scope").processes(), 1) }

// numbered finds the process that has a number in its own PID namespace, 0: none has it.
func numbered(pids []int, inside int) int {
	for _, pid := range pids {
		if innermost(pid) == inside {
			return pid
		}
	}
	return 0
}

// innermost is a process's number in its own PID namespace, proc_pid_status(5) NSpid.
func innermost(pid int) int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(data) {
		if rest, ok := bytes.CutPrefix(line, []byte("NSpid:")); ok {
			fields := strings.Fields(string(rest))
			n, _ := strconv.Atoi(fields[len(fields)-1])
			return n
		}
	}
	return 0
}
