package stack

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/user"
	"strings"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/stack/store"
)

// hold is our own lock on a county whose state is shared. The engine's keeps engines apart, but a command is more than its engine: it reads
// which bridges there shall be, changes that, runs the engine, and then deploys.
type hold struct {
	User  string    `json:"user"`
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
	// Computer is a hash of the computer's ID, Boot its current boot, Namespace that of process numbers. Two computers, or two containers
	// on one, may have the same name and the same process number.
	Computer  string `json:"computer"`
	Boot      string `json:"boot"`
	Namespace string `json:"namespace"`
	// Started is when the process began, in ticks: its number may be another's by now.
	Started uint64 `json:"started"`
}

func newHold(now time.Time) hold {
	h := self()
	h.PID, h.Since, h.Started = os.Getpid(), now, startOf(os.Getpid())
	h.User = "somebody"
	if u, err := user.Current(); err == nil {
		h.User = u.Username
	}
	return h
}

// self is this computer.
func self() (h hold) {
	h.Host, _ = os.Hostname()
	if id, err := os.ReadFile("/etc/machine-id"); err == nil {
		// machine-id(5): the ID itself is confidential.
		sum := sha256.Sum256(append([]byte("kreisraum lock "), id...))
		h.Computer = hex.EncodeToString(sum[:8])
	}
	if id, err := os.ReadFile("/proc/sys/kernel/random/boot_id"); err == nil {
		h.Boot = strings.TrimSpace(string(id))
	}
	h.Namespace, _ = os.Readlink("/proc/self/ns/pid")
	return h
}

// here reports whether the process is, or was, one of this computer that we could see. After a reboot there is no process of before.
func (h hold) here() bool {
	me := self()
	return h.Host == me.Host && h.Computer == me.Computer && (h.Namespace == me.Namespace || h.Boot != me.Boot)
}

// alive of a hold that is here.
func (h hold) alive() bool {
	if h.Boot != self().Boot {
		return false
	}
	stat, exists := processStat(h.PID)
	_, rest, _ := strings.Cut(stat, ") ")
	return exists && !strings.HasPrefix(rest, "Z") && (h.Started == 0 || startOf(h.PID) == h.Started)
}

// holds are those of this process, by the folder of the home that they are for. The home's own lock keeps two commands of one home apart,
// so that a second hold in the same process is the same command's.
var holds = struct {
	sync.Mutex
	count map[string]int
}{count: map[string]int{}}

func holding(l layout) bool {
	holds.Lock()
	defer holds.Unlock()
	return holds.count[l.root+" "+l.url] > 0
}

// enter counts a hold; first says that it is to be made.
func enter(l layout) (first bool) {
	holds.Lock()
	defer holds.Unlock()
	holds.count[l.root+" "+l.url]++
	return holds.count[l.root+" "+l.url] == 1
}

func leave(l layout) (last bool) {
	holds.Lock()
	defer holds.Unlock()
	key := l.root + " " + l.url
	if holds.count[key]--; holds.count[key] > 0 {
		return false
	}
	delete(holds.count, key)
	return true
}

// acquireRounds is how often two that came at the same moment may get in each other's way.
const acquireRounds = 8

// Acquire keeps the commands of all other computers away from the county until release is called. Returns a *LockedError if one of them is
// at work. A lock whose process is gone from this computer is taken over. A state that is not shared needs none: its home has a lock.
func (s *State) Acquire(ctx context.Context) (release func(), err error) {
	if !s.Shared() {
		return func() {}, nil
	}
	if !enter(s.layout) {
		return sync.OnceFunc(func() { leave(s.layout) }), nil
	}
	key, err := s.take(ctx)
	if err != nil {
		leave(s.layout)
		return nil, err
	}
	return sync.OnceFunc(func() {
		if !leave(s.layout) {
			return
		}
		// Also after Ctrl-C. What cannot be given back is taken over by this computer's next command.
		_ = s.store.Delete(context.WithoutCancel(ctx), key)
	}), nil
}

// take writes a lock of our own and then looks for others. Whoever sees another one gives up, so at most one goes on; no store of the three
// can do it in one step.
func (s *State) take(ctx context.Context) (key string, err error) {
	for range acquireRounds {
		if held, err := s.otherHold(ctx, ""); err != nil || held != nil {
			return "", errors.Join(err, asError(held))
		}
		key = s.layout.holdPrefix() + rand.Text() + ".json"
		value, err := json.Marshal(newHold(time.Now()))
		if err != nil {
			return "", fmt.Errorf("lock the state: %w", err)
		}
		if err := s.store.Write(ctx, key, value); err != nil {
			return "", err
		}
		held, err := s.otherHold(ctx, key)
		if err == nil && held == nil {
			return key, nil
		}
		if back := s.store.Delete(context.WithoutCancel(ctx), key); err != nil || back != nil {
			return "", errors.Join(err, back)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Duration(50+mathrand.IntN(300)) * time.Millisecond):
		}
	}
	return "", fmt.Errorf("lock the state of %s: others come and go at the same moment; run the command again", s.layout.county)
}

// asError keeps a nil *LockedError from becoming an error.
func asError(held *LockedError) error {
	if held == nil {
		return nil
	}
	return held
}

// otherHold takes away those of processes that are gone from this computer and returns the first of the rest.
func (s *State) otherHold(ctx context.Context, own string) (*LockedError, error) {
	keys, err := s.store.List(ctx, s.layout.holdPrefix())
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if key == own {
			continue
		}
		value, err := s.store.Read(ctx, key)
		if errors.Is(err, store.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l := s.describe(key, value)
		if !l.Here || l.Alive {
			return &LockedError{County: s.layout.county, User: l.User, Host: l.Host, PID: l.PID, Since: l.Since, File: s.store.Place(key)}, nil
		}
		if err := s.store.Delete(ctx, key); err != nil {
			return nil, fmt.Errorf("remove a stale lock: %w", err)
		}
	}
	return nil, nil
}
