package stack

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// failures collects what went wrong in the provider, typed, which the engine would reduce to text. Safe for concurrent use.
type failures struct {
	mu  sync.Mutex
	all []error
}

func (f *failures) add(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, err)
}

// err joins the distinct failures. What was merely cancelled because of another is left out unless there is nothing else.
func (f *failures) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var distinct, cancelled []error
	for _, err := range f.all {
		if errors.Is(err, context.Canceled) {
			cancelled = append(cancelled, err)
			continue
		}
		if !slices.ContainsFunc(distinct, func(e error) bool { return e.Error() == err.Error() }) {
			distinct = append(distinct, err)
		}
	}
	if len(distinct) == 0 && len(cancelled) > 0 {
		return cancelled[0]
	}
	return errors.Join(distinct...)
}
