package store

import (
	"context"
	"errors"
	"sync"
)

// Keep holds stores open between commands: a daemon asks for the desired bridges every few seconds, and opening a table or a bucket takes
// several round trips. The zero value holds none. Safe for concurrent use.
type Keep struct {
	mu   sync.Mutex
	open map[string]Store
}

// Open returns the store at an address; do not close it.
func (k *Keep) Open(ctx context.Context, address string) (Store, error) {
	address, err := Normal(address)
	if err != nil {
		return nil, err
	}
	if s := k.known(address); s != nil {
		return s, nil
	}
	fresh, err := Open(ctx, address)
	if err != nil || !fresh.Shared() {
		return fresh, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.open[address]; s != nil { // somebody was faster
		return s, fresh.Close()
	}
	if k.open == nil {
		k.open = map[string]Store{}
	}
	k.open[address] = fresh
	return fresh, nil
}

func (k *Keep) known(address string) Store {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.open[address]
}

// Close closes all. The next Open opens anew.
func (k *Keep) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	var errs []error
	for _, s := range k.open {
		errs = append(errs, s.Close())
	}
	k.open = nil
	return errors.Join(errs...)
}
