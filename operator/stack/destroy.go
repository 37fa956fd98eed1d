package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
)

// Destroy deletes everything that the state knows, and returns once it is gone at Hetzner. What is already gone is fine. A
// stack that was never made has nothing to delete.
func (s *Stack) Destroy(ctx context.Context, progress func(Event)) error {
	if err := s.clearLock(ctx); err != nil {
		return err
	}
	stack, found, err := s.existing(ctx)
	if err != nil {
		return s.explain(ctx, "destroy", err, nil, nil)
	}
	if !found {
		return nil
	}
	if err := s.clearPending(ctx); err != nil {
		return err
	}
	state, _, err := s.layout.load()
	if err != nil || state.ours() == 0 {
		return err
	}
	_, err = s.run(ctx, "destroy", progress, func(stream chan<- events.EngineEvent) error {
		_, err := stack.Destroy(ctx, optdestroy.Parallel(parallel), optdestroy.SuppressOutputs(), optdestroy.SuppressProgress(),
			optdestroy.Color("never"), optdestroy.EventStreams(stream))
		return err
	})
	return err
}

// Remove deletes the stack's state, history and configuration, so that nothing of the county is left on this computer. It
// refuses while the state still knows resources at Hetzner.
func (s *Stack) Remove(ctx context.Context) error {
	if err := s.clearLock(ctx); err != nil {
		return err
	}
	state, _, err := s.layout.load()
	if err != nil {
		return err
	}
	if n := state.ours(); n > 0 {
		return fmt.Errorf("remove the stack: %d resources still exist at Hetzner; destroy them first", n)
	}
	for _, trace := range s.layout.traces() {
		matches, err := filepath.Glob(trace)
		if err != nil {
			return fmt.Errorf("remove the stack: %w", err)
		}
		for _, match := range matches {
			if err := os.RemoveAll(match); err != nil {
				return fmt.Errorf("remove the stack: %w", err)
			}
		}
	}
	return s.layout.removeIfLast()
}

// removeIfLast deletes the backend's folder when no other county's stack is in it.
func (l layout) removeIfLast() error {
	others, err := filepath.Glob(filepath.Join(globEscape(l.stacks()), "*.json"))
	if err != nil || len(others) > 0 {
		return err
	}
	if err := os.RemoveAll(l.root); err != nil {
		return fmt.Errorf("remove the stack: %w", err)
	}
	return nil
}
