package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/nspawn"
)

// Remove stops the sandbox in home and deletes the folder: cloud, machines, certificate authority, log, and the counties' keys and
// registers in it. The lock is held meanwhile, so that nobody starts it in between. What is not there is no error; a folder without a
// sandbox's lock file is left alone.
func Remove(ctx context.Context, home string) error {
	if _, err := os.Lstat(filepath.Join(home, lockFile)); errors.Is(err, fs.ErrNotExist) {
		if err := nspawn.Purge(filepath.Join(home, machinesDir)); err != nil { // of one whose folder somebody deleted
			return fmt.Errorf("remove the sandbox: %w", err)
		}
		if err := os.Remove(home); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the sandbox: %s does not look like one, so it was left alone: %w", home, err)
		}
		return nil
	}
	if err := Stop(ctx, home); err != nil {
		return err
	}
	lock, err := acquire(home)
	if err != nil {
		return fmt.Errorf("remove the sandbox: %w", err)
	}
	defer lock.Close()
	if err := nspawn.Purge(filepath.Join(home, machinesDir)); err != nil {
		return fmt.Errorf("remove the sandbox: %w", err)
	}
	if err := os.RemoveAll(home); err != nil {
		return fmt.Errorf("remove the sandbox: %w", err)
	}
	return nil
}

// purge removes what a killed sandbox left in the kernel, which its next start would do as well. The lock is held meanwhile, so that nobody starts
// it in between; whoever does so first will purge.
func purge(home string) error {
	if !nspawn.Left(filepath.Join(home, machinesDir)) {
		return nil
	}
	lock, err := acquire(home)
	switch {
	case errors.Is(err, ErrRunning) || errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("stop the sandbox: %w", err)
	}
	defer lock.Close()
	if err := nspawn.Purge(filepath.Join(home, machinesDir)); err != nil {
		return fmt.Errorf("stop the sandbox: what a killed one left: %w", err)
	}
	return nil
}
