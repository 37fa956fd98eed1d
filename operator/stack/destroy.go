package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/infra/provider"
)

// Destroy deletes everything of the county and returns once it is gone at Hetzner: first what the state knows, then what only
// its labels tell of, which is everything if the state is lost or damaged. What is already gone is fine.
func (s *Stack) Destroy(ctx context.Context, progress func(Event)) error {
	release, err := s.Acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := s.clearLock(ctx); err != nil {
		return err
	}
	if err := s.destroyUnheard(ctx); err != nil {
		return err
	}
	err = s.destroyKnown(ctx, progress)
	if errors.Is(err, ErrBroken) {
		s.cfg.Log.Warn("the state is of no use; everything is found by its labels", slog.Any("error", err))
		err = nil
	}
	if err != nil {
		return err
	}
	unknown, err := s.cfg.Cloud.Managed(ctx, s.cfg.County)
	if err != nil {
		return err
	}
	return provider.Purge(ctx, provider.Config{Cloud: s.cfg.Cloud, Log: s.cfg.Log}, unknown)
}

// destroyUnheard deletes machines that the state has not heard of, as after an adoption that was cut off: they hold what it knows.
func (s *Stack) destroyUnheard(ctx context.Context) error {
	state, found, err := s.load(ctx)
	if err != nil || !found || state.ours() == 0 {
		return nil //nolint:nilerr // then everything is found by its labels
	}
	servers, err := s.cfg.Cloud.Machines(ctx, s.cfg.County) // what is not labelled as made by us is not ours to delete
	if err != nil {
		return err
	}
	return provider.Purge(ctx, provider.Config{Cloud: s.cfg.Cloud, Log: s.cfg.Log},
		slices.DeleteFunc(servers, func(r hetzner.Resource) bool { return r.Kind != "server" || state.knows(r) }))
}

func (s *Stack) destroyKnown(ctx context.Context, progress func(Event)) error {
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
	state, _, err := s.load(ctx)
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

// Remove deletes the stack's state, history and configuration, so that nothing of the county is left there and on this computer. It
// refuses while the state still knows resources at Hetzner.
func (s *Stack) Remove(ctx context.Context) error {
	release, err := s.Acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := s.clearLock(ctx); err != nil {
		return err
	}
	state, _, err := s.load(ctx)
	if err != nil && !errors.Is(err, ErrBroken) {
		return err
	}
	if n := state.ours(); n > 0 {
		return fmt.Errorf("remove the stack: %d resources still exist at Hetzner; destroy them first", n)
	}
	if err := s.remove(ctx); err != nil {
		return err
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

// removeIfLast deletes the folder when no other county's stack is in it.
func (l layout) removeIfLast() error {
	states, err := filepath.Glob(filepath.Join(globEscape(filepath.Dir(l.checkpoint())), "*.json"))
	if err != nil || len(states) > 0 {
		return err
	}
	works, err := filepath.Glob(filepath.Join(globEscape(filepath.Dir(l.work)), "*", "Pulumi.*.yaml"))
	if err != nil || l.url != "" && len(works) > 0 {
		return err
	}
	if err := os.RemoveAll(l.root); err != nil {
		return fmt.Errorf("remove the stack: %w", err)
	}
	return nil
}
