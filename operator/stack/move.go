package stack

import (
	"context"
	"errors"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/stack/store"
)

// CopyTo writes the state and the wish for bridges to another place, over what is there. History, locks and keys stay behind.
func (s *State) CopyTo(ctx context.Context, to *State) error {
	for _, key := range []string{s.layout.wishKey(), s.layout.checkpointKey()} { // the state last: with it the place counts as used
		value, err := s.store.Read(ctx, key)
		if errors.Is(err, store.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := to.store.Write(ctx, key, value); err != nil {
			return err
		}
	}
	return nil
}

// MoveTo copies the state to a place where nothing of the county is, and sets it aside where it was, so that whoever still looks there does
// not take it for the county's. Without locks of others on either place. It does nothing if the other place is in use.
func (s *State) MoveTo(ctx context.Context, to *State, now time.Time) (moved bool, err error) {
	for _, place := range []*State{s, to} {
		release, err := place.Acquire(ctx)
		if err != nil {
			return false, err
		}
		defer release()
		if err := place.clearLock(ctx); err != nil {
			return false, err
		}
	}
	if empty, err := to.Empty(ctx); !empty || err != nil {
		return false, err
	}
	if err := s.CopyTo(ctx, to); err != nil {
		return false, err
	}
	_, err = s.Forget(ctx, now)
	return true, err
}
