package account

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
)

// Options are a Store's knobs. The zero value is right for a server.
type Options struct {
	// Now is the clock of the throttle. Default time.Now.
	Now func() time.Time
	// Workers is how many hashes are computed at the same time. Default one less than the cores, at least one, so that logins
	// never take the last core from the media.
	Workers int
	// Queue is how many logins may wait. Default 256.
	Queue int
	// Wait is how long a login may wait. Default 10 s.
	Wait time.Duration
	// Log is told when the accounts file had to be set aside. Default: nobody.
	Log *slog.Logger
}

// Store holds the accounts in memory and in one file. Safe for concurrent use.
type Store struct {
	path     string
	throttle *throttle
	hasher   *hasher
	dummy    passhash.PHC

	replacing sync.Mutex // serialises Replace; held during I/O, therefore apart from mu

	mu       sync.RWMutex
	revision string
	byName   map[string]*entry
	byID     map[string]*entry
}

type entry struct {
	Account
	hash passhash.PHC
}

// Open reads the accounts file at path; a missing file is an empty store. A damaged one is set aside and the store is empty too:
// the operator sees that the revision is gone and the next `kreisraum up` pushes the list again, which it could not do with a
// server that refuses to start. Any other error, such as a missing right, is returned.
func Open(path string, opt Options) (*Store, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{path: path, throttle: newThrottle(opt.Now), hasher: newHasher(opt), dummy: dummyHash()}
	list, err := read(path)
	if errors.Is(err, errDamaged) {
		opt.Log.Error("accounts file is damaged and was set aside; nobody can log in until kreisraum up pushes the accounts again")
		list, err = opsapi.Accounts{}, os.Rename(path, path+".damaged")
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read accounts: %w; check the state folder's owner", err)
	}
	s.set(list)
	return s, nil
}

// errDamaged says that the accounts file was read but is not a list of accounts.
var errDamaged = errors.New("accounts file is damaged")

func read(path string) (opsapi.Accounts, error) {
	data, err := atomicfile.Read(path, opsapi.MaxAccountsBody)
	if errors.Is(err, atomicfile.ErrTooLarge) {
		return opsapi.Accounts{}, errDamaged
	}
	if err != nil {
		return opsapi.Accounts{}, err
	}
	var list opsapi.Accounts
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if dec.Decode(&list) != nil || Validate(list) != nil {
		return opsapi.Accounts{}, errDamaged
	}
	return list, nil
}

// Replace validates list, writes it to disk and makes it valid, in this order: after a crash either the old or the new list is
// there. An error means that
// nothing changed.
func (s *Store) Replace(list opsapi.Accounts) error {
	if err := Validate(list); err != nil {
		return err
	}
	s.replacing.Lock()
	defer s.replacing.Unlock()
	data, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("encode accounts: %w", err)
	}
	if err := atomicfile.Write(s.path, data, 0o600); err != nil {
		return fmt.Errorf("accounts: %w; check the disk's free space", err)
	}
	s.set(list)
	return nil
}

func (s *Store) set(list opsapi.Accounts) {
	byName := make(map[string]*entry, len(list.Accounts))
	byID := make(map[string]*entry, len(list.Accounts))
	for _, a := range list.Accounts {
		hash, err := passhash.Parse(a.Hash)
		if err != nil {
			continue // Validate came before
		}
		e := &entry{Account: Account{ID: a.ID, Name: a.Name, Disabled: a.Disabled, Fingerprint: fingerprint(a.Hash)}, hash: hash}
		byName[canonical(a.Name)], byID[a.ID] = e, e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revision, s.byName, s.byID = list.Revision, byName, byID
}

// Revision is the revision of the list in use, empty before the first.
func (s *Store) Revision() string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.revision
}

// ByID returns the account with this ID, including a disabled one.
func (s *Store) ByID(id string) (Account, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e, ok := s.byID[id]; ok {
		return e.Account, true
	}
	return Account{}, false
}

// Ended reports whether the account is gone or disabled.
func (s *Store) Ended(id string) bool {
	a, ok := s.ByID(id)
	return !ok || a.Disabled
}

// Verify checks a login. source is the client's shortened address and only counts attempts.
// Returns ErrWrong, ErrDisabled, *ThrottledError, *BusyError or the context's error. Unknown names cost as much as known ones, and once a
// source has tried too many of them look as if they did.
func (s *Store) Verify(ctx context.Context, name, password, source string) (Account, error) {
	name = canonical(name)
	s.mu.RLock()
	e := s.byName[name]
	s.mu.RUnlock()
	attempt, wait := s.throttle.begin(name, e != nil, source)
	if wait > 0 {
		return Account{}, &ThrottledError{RetryAfter: wait}
	}
	if attempt.blind {
		if err := s.hasher.pretend(ctx); err != nil {
			return Account{}, err
		}
		return Account{}, ErrWrong
	}
	hash := s.dummy
	if e != nil {
		hash = e.hash
	}
	right, err := s.hasher.match(ctx, hash, password, source)
	if err != nil {
		var busy *BusyError
		attempt.undo(errors.As(err, &busy) && !busy.waited)
		return Account{}, err
	}
	if e == nil || !right {
		return Account{}, ErrWrong
	}
	attempt.right()
	if e.Disabled {
		return Account{}, ErrDisabled
	}
	return e.Account, nil
}

// canonical makes names comparable: people type them with a capital first letter and a blank at the end.
func canonical(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// dummyHash is a hash no password has: its key is random and was never derived.
func dummyHash() passhash.PHC {
	p := passhash.PHC{Memory: passhash.Memory, Time: passhash.Time, Salt: make([]byte, 16), Key: make([]byte, 32)}
	rand.Read(p.Salt)
	rand.Read(p.Key)
	return p
}
