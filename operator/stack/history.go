package stack

import (
	"fmt"
	"os"
	"path/filepath"
)

// keptUpdates is how many updates the history keeps. The file backend never forgets one by itself, and each is a whole copy
// of the state.
const keptUpdates = 20

// filesPerUpdate: its description and its checkpoint.
const filesPerUpdate = 2

// pruneHistory deletes the oldest updates.
func (l layout) pruneHistory() error {
	// Names end in the time in nanoseconds, whose number of digits changes in the year 2286, so they sort by age.
	files, err := os.ReadDir(l.history())
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("prune the history: %w", err)
	}
	for _, file := range files[:max(0, len(files)-keptUpdates*filesPerUpdate)] {
		if err := os.Remove(filepath.Join(l.history(), file.Name())); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("prune the history: %w", err)
		}
	}
	return nil
}
