package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
)

// folder keeps values in files.
type folder struct{ root string }

func (f folder) Shared() bool { return false }

func (f folder) Close() error { return nil }

func (f folder) Place(key string) string { return filepath.Join(f.root, filepath.FromSlash(key)) }

func (f folder) Read(_ context.Context, key string) ([]byte, error) { return os.ReadFile(f.Place(key)) }

func (f folder) Write(_ context.Context, key string, value []byte) error {
	file := f.Place(key)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return atomicfile.Write(file, value, 0o600)
}

// Delete takes folders away as well that have become empty, so that nothing tells of a county that is gone.
func (f folder) Delete(_ context.Context, keys ...string) error {
	var errs []error
	for _, key := range keys {
		file := f.Place(key)
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
			continue
		}
		for dir := filepath.Dir(file); len(dir) > len(f.root) && os.Remove(dir) == nil; dir = filepath.Dir(dir) {
		}
	}
	return errors.Join(errs...)
}

func (f folder) List(_ context.Context, prefix string) ([]string, error) {
	var keys []string
	err := filepath.WalkDir(f.Place(path.Dir(prefix+"x")), func(file string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went while we looked
		}
		if err != nil {
			return err
		}
		key, err := filepath.Rel(f.root, file)
		key = filepath.ToSlash(key)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && !strings.HasPrefix(key, prefix) && !strings.HasPrefix(prefix, key) && key != ".":
			return fs.SkipDir
		case !entry.IsDir() && strings.HasPrefix(key, prefix):
			keys = append(keys, key)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look into %s: %w", f.root, err)
	}
	slices.Sort(keys)
	return keys, nil
}
