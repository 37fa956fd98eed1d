package stack

import (
	"context"
	"fmt"
)

// keptUpdates is how many updates the history keeps. The engine never forgets one by itself, and each is a whole copy of the state.
const keptUpdates = 20

// filesPerUpdate: its description and its checkpoint.
const filesPerUpdate = 2

// pruneHistory deletes the oldest updates.
func (s *State) pruneHistory(ctx context.Context) error {
	// Names end in the time in nanoseconds, whose number of digits changes in the year 2286, so they sort by age.
	keys, err := s.store.List(ctx, s.layout.historyPrefix())
	if err != nil {
		return fmt.Errorf("prune the history: %w", err)
	}
	if err := s.store.Delete(ctx, keys[:max(0, len(keys)-keptUpdates*filesPerUpdate)]...); err != nil {
		return fmt.Errorf("prune the history: %w", err)
	}
	return nil
}
