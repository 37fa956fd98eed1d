package stack

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/stack/store"
)

// stores are open as long as this process lives, see CloseStores.
var stores store.Keep

// CloseStores ends the connections to shared states. They are opened again when needed.
func CloseStores() error { return stores.Close() }

// ErrUnreachable says that the place of the state does not answer, or lets nobody in.
var ErrUnreachable = store.ErrUnreachable

// State is the place where a county's state is kept. Safe for concurrent use.
type State struct {
	layout layout
	store  store.Store
}

// OpenState opens the place at url, or, if that is empty, the folder below home. It makes nothing.
func OpenState(ctx context.Context, home, county, url string) (*State, error) {
	home, err := filepath.Abs(home)
	if err != nil {
		return nil, fmt.Errorf("open the state: %w", err)
	}
	l := newLayout(home, county)
	if url != "" {
		if l.url, err = store.Normal(url); err != nil {
			return nil, err
		}
	}
	s, err := stores.Open(ctx, l.backendURL())
	if err != nil {
		return nil, err
	}
	return &State{layout: l, store: s}, nil
}

// Shared says that other computers can use the state as well.
func (s *State) Shared() bool { return s.store.Shared() }

// Place is where the state is, for people.
func (s *State) Place() string { return s.store.Place(s.layout.checkpointKey()) }

// Empty reports whether nothing of the county is there.
func (s *State) Empty(ctx context.Context) (bool, error) {
	for _, key := range []string{s.layout.checkpointKey(), s.layout.keysKey()} {
		if there, err := store.Exists(ctx, s.store, key); there || err != nil {
			return false, err
		}
	}
	return true, nil
}

// maxKeys bounds the sealed keys in bytes; ten kilobytes are usual.
const maxKeys = 4 << 20

// Keys returns what WriteKeys has left; false if there is nothing.
func (s *State) Keys(ctx context.Context) (sealed []byte, found bool, err error) {
	sealed, err = s.store.Read(ctx, s.layout.keysKey())
	switch {
	case errors.Is(err, store.ErrNotExist):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case len(sealed) > maxKeys:
		return nil, false, fmt.Errorf("%s has %d bytes, more than any county's keys", s.store.Place(s.layout.keysKey()), len(sealed))
	}
	return sealed, true, nil
}

// WriteKeys leaves the county's keys beside the state for other computers. They must be sealed: whoever can read the state can read this.
func (s *State) WriteKeys(ctx context.Context, sealed []byte) error {
	return s.store.Write(ctx, s.layout.keysKey(), sealed)
}

// Forget sets aside a state that cannot be used, and returns where it is now, empty if there was none. The next Up finds everything at
// Hetzner by its labels. The wish for bridges and the keys stay.
func (s *State) Forget(ctx context.Context, now time.Time) (aside string, err error) {
	release, err := s.Acquire(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	if err := s.clearLock(ctx); err != nil {
		return "", err
	}
	value, err := s.store.Read(ctx, s.layout.checkpointKey())
	if errors.Is(err, store.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	key := s.layout.ours() + "set-aside/" + now.UTC().Format("20060102T150405.000000000Z") + ".json"
	if err := s.store.Write(ctx, key, value); err != nil {
		return "", err
	}
	keys, err := s.store.List(ctx, s.layout.checkpointKey()) // the engine's own copies of it as well
	if err != nil {
		return "", err
	}
	return s.store.Place(key), s.store.Delete(ctx, keys...)
}

// remove deletes everything of the county but the locks.
func (s *State) remove(ctx context.Context) error {
	var all []string
	for _, prefix := range s.layout.prefixes() {
		keys, err := s.store.List(ctx, prefix)
		if err != nil {
			return fmt.Errorf("remove the stack: %w", err)
		}
		for _, key := range keys {
			if !strings.HasPrefix(key, s.layout.holdPrefix()) { // our own is given back by who took it
				all = append(all, key)
			}
		}
	}
	if err := s.store.Delete(ctx, all...); err != nil {
		return fmt.Errorf("remove the stack: %w", err)
	}
	return nil
}
