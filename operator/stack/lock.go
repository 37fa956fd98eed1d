package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// LockedError says that another process is working on the county's state.
type LockedError struct {
	County, User, Host string
	PID                int
	Since              time.Time
	// File is the lock.
	File string
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("the state of %s is in use by process %d of %s on %s since %s; wait for it to end, or, if that computer is gone, delete %s",
		e.County, e.PID, e.User, e.Host, e.Since.Format("2006-01-02 15:04"), e.File)
}

// lockPatience is how long an engine of this host that has lost its parent may take to write its state and end.
const lockPatience = 15 * time.Second

// clearLock removes locks of processes that are gone from this host, waits a little for one that is ending, and returns a
// *LockedError for any other.
func (s *Stack) clearLock(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		held, err := s.layout.heldLock()
		if err != nil || held == nil {
			return err
		}
		if host, err := os.Hostname(); err != nil || held.Host != host {
			return held
		}
		select {
		case <-ctx.Done():
			return held
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// heldLock removes stale locks and returns the first that is held.
func (l layout) heldLock() (*LockedError, error) {
	if err := l.clearTorn(); err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(globEscape(l.locks()), "*.json"))
	if err != nil {
		return nil, fmt.Errorf("look for locks: %w", err)
	}
	for _, file := range files {
		lock, err := readLock(file)
		switch {
		case errors.Is(err, os.ErrNotExist): // its holder was faster
		case err != nil:
			return nil, fmt.Errorf("the lock %s cannot be read (%w); if no other command runs for this county, delete it", file, err)
		case lock.stale():
			if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
				return nil, fmt.Errorf("remove a stale lock: %w", err)
			}
		default:
			return &LockedError{County: l.county, User: lock.Username, Host: lock.Hostname, PID: lock.Pid, Since: lock.Timestamp, File: file}, nil
		}
	}
	return nil, nil
}

// clearTorn removes locks that were never finished, as a full disk or a kill leaves them. The engine takes them for locks and
// stumbles over them for ever. One that is just being written ends its engine, which is as good: we have the county's own lock.
func (l layout) clearTorn() error {
	files, err := filepath.Glob(filepath.Join(globEscape(l.locks()), "*.json.*.tmp"))
	if err != nil {
		return fmt.Errorf("look for locks: %w", err)
	}
	for _, file := range files {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove a stale lock: %w", err)
		}
	}
	return nil
}

// lockContent is what the file backend writes (pulumi/pkg/backend/diy/lock.go).
type lockContent struct {
	Pid       int       `json:"pid"`
	Username  string    `json:"username"`
	Hostname  string    `json:"hostname"`
	Timestamp time.Time `json:"timestamp"`
}

func readLock(file string) (lock lockContent, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return lock, err
	}
	return lock, json.Unmarshal(data, &lock)
}

// stale reports whether the process is gone, which can be known of this host only.
func (l lockContent) stale() bool {
	host, err := os.Hostname()
	return err == nil && host == l.Hostname && !alive(l.Pid)
}

// alive reports whether the process exists and is an engine; the number may have passed to another program.
func alive(pid int) bool {
	if pid <= 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	// proc(5): "pid (comm) state ..."; a zombie has ended. Where there is no /proc, the process counts as an engine.
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return true
	}
	name, rest, ok := strings.Cut(string(stat), ") ")
	return !ok || strings.HasSuffix(name, "(pulumi") && !strings.HasPrefix(rest, "Z")
}

// globEscape makes a path match only itself.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
