package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/stack/store"
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
	return fmt.Sprintf("the state of %s is in use by process %d of %s on %s since %s; wait for it to end. If that computer is gone, "+
		"`kreisraum unlock %s` shows whose lock it is and takes it away", e.County, e.PID, e.User, e.Host, e.Since.Local().Format("2006-01-02 15:04"), e.County)
}

// Lock is what keeps others away from a county's state.
type Lock struct {
	// Engine: Pulumi's engine has made it, otherwise one of our commands.
	Engine     bool
	User, Host string
	PID        int
	Since      time.Time
	// Here: the process is one of this computer, so that Alive is known. A lock whose maker is unknown, because it cannot be read, has no
	// PID.
	Here, Alive bool

	key string
}

// Locks are all locks of the county.
func (s *State) Locks(ctx context.Context) ([]Lock, error) {
	var locks []Lock
	for _, prefix := range []string{s.layout.lockPrefix(), s.layout.holdPrefix()} {
		keys, err := s.store.List(ctx, prefix)
		if err != nil {
			return nil, err
		}
		for _, key := range keys {
			value, err := s.store.Read(ctx, key)
			if errors.Is(err, store.ErrNotExist) {
				continue // its holder was faster
			}
			if err != nil {
				return nil, err
			}
			locks = append(locks, s.describe(key, value))
		}
	}
	return locks, nil
}

func (s *State) describe(key string, value []byte) Lock {
	if strings.HasPrefix(key, s.layout.holdPrefix()) {
		var h hold
		_ = json.Unmarshal(value, &h) // a lock that nobody can read has no maker
		here := h.PID != 0 && h.here()
		return Lock{User: h.User, Host: h.Host, PID: h.PID, Since: h.Since, Here: here, Alive: here && h.alive(), key: key}
	}
	var l lockContent
	_ = json.Unmarshal(value, &l)
	l.alike = s.Shared()
	running := l.ofThisHost() && alive(l.Pid)
	return Lock{Engine: true, User: l.Username, Host: l.Hostname, PID: l.Pid, Since: l.Timestamp, Here: l.ofThisHost() && !l.alike || running, Alive: running, key: key}
}

// ErrAlive says that the process that holds a lock is at work.
var ErrAlive = errors.New("the process that holds the lock is at work on this computer; wait for it to end, or end it")

// Unlock takes a lock away. Returns ErrAlive if its process lives on this computer. Whether one on another computer lives, the caller must
// know.
func (s *State) Unlock(ctx context.Context, l Lock) error {
	if l.Alive {
		return fmt.Errorf("%w (process %d)", ErrAlive, l.PID)
	}
	return s.store.Delete(ctx, l.key)
}

// lockPatience is how long an engine of this host that has lost its parent may take to write its state and end.
const lockPatience = 15 * time.Second

// clearLock removes locks of engines that are gone from this host, waits a little for one that is ending, and returns a *LockedError for
// any other.
func (s *State) clearLock(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		held, err := s.heldLock(ctx)
		if err != nil || held == nil {
			return err
		}
		if host, err := os.Hostname(); err != nil || held.Host != host {
			return held
		}
		select {
		case <-waiting.Done():
			return held
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// heldLock removes stale locks of engines and returns the first that is held.
func (s *State) heldLock(ctx context.Context) (*LockedError, error) {
	keys, err := s.store.List(ctx, s.layout.lockPrefix())
	if err != nil {
		return nil, fmt.Errorf("look for locks: %w", err)
	}
	if keys, err = s.clearTorn(ctx, keys); err != nil {
		return nil, err
	}
	for _, key := range keys {
		lock, err := s.readLock(ctx, key)
		switch {
		case errors.Is(err, store.ErrNotExist): // its holder was faster
		case err != nil:
			return nil, fmt.Errorf("the lock %s cannot be read (%w); if no other command runs for this county, `kreisraum unlock %s` takes it away",
				s.store.Place(key), err, s.layout.county)
		case lock.stale():
			if err := s.store.Delete(ctx, key); err != nil {
				return nil, fmt.Errorf("remove a stale lock: %w", err)
			}
		default:
			return &LockedError{County: s.layout.county, User: lock.Username, Host: lock.Hostname, PID: lock.Pid, Since: lock.Timestamp, File: s.store.Place(key)}, nil
		}
	}
	return nil, nil
}

// clearTorn removes locks that were never finished, as a full disk or a kill leaves them, and returns the others. The engine takes them
// for locks and stumbles over them for ever. One that is just being written ends its engine, which is as good: we have the county's own
// lock.
func (s *State) clearTorn(ctx context.Context, keys []string) (whole []string, err error) {
	for _, key := range keys {
		if !strings.HasSuffix(key, ".tmp") {
			whole = append(whole, key)
		} else if err := s.store.Delete(ctx, key); err != nil {
			return nil, fmt.Errorf("remove a stale lock: %w", err)
		}
	}
	return whole, nil
}

// lockContent is what the engine writes (pulumi/pkg/backend/diy/lock.go).
type lockContent struct {
	Pid       int       `json:"pid"`
	Username  string    `json:"username"`
	Hostname  string    `json:"hostname"`
	Timestamp time.Time `json:"timestamp"`

	// alike: another computer of the same name may use the same state.
	alike bool
}

func (s *State) readLock(ctx context.Context, key string) (lock lockContent, err error) {
	data, err := s.store.Read(ctx, key)
	if err != nil {
		return lock, err
	}
	// Who shares the state has its own lock, see Acquire, and that knows computers by more than a name. As long as we hold it, no engine of
	// another computer can be at work.
	lock.alike = s.Shared() && !holding(s.layout)
	return lock, json.Unmarshal(data, &lock)
}

func (l lockContent) ofThisHost() bool {
	host, err := os.Hostname()
	return err == nil && host == l.Hostname
}

// stale reports whether the process is gone, which can be known of this host only.
func (l lockContent) stale() bool { return l.ofThisHost() && !l.alike && !alive(l.Pid) }

// alive reports whether the process exists and is an engine; the number may have passed to another program.
func alive(pid int) bool {
	stat, known := processStat(pid)
	// proc(5): "pid (comm) state ..."; a zombie has ended. Where there is no /proc, the process counts as an engine.
	name, rest, ok := strings.Cut(stat, ") ")
	return known && (!ok || strings.HasSuffix(name, "(pulumi") && !strings.HasPrefix(rest, "Z"))
}

// processStat is a process's line in /proc, empty where there is no /proc; false if there is no such process.
func processStat(pid int) (stat string, exists bool) {
	if pid <= 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return "", false
	}
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", true
	}
	return string(data), true
}

// startOf is when a process began, in ticks since the computer did; 0 if that cannot be known.
func startOf(pid int) uint64 {
	stat, _ := processStat(pid)
	// proc(5): the 22nd field, the 20th after the name's parenthesis.
	_, rest, _ := strings.Cut(stat, ") ")
	fields := slices.Collect(strings.FieldsSeq(rest))
	if len(fields) < 20 {
		return 0
	}
	start, _ := strconv.ParseUint(fields[19], 10, 64)
	return start
}
