package token

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
)

// KeySize is the length of a key in bytes (RFC 2104 §3: the length of the hash's output).
const KeySize = 32

// Key signs and verifies tokens. It prints as "[redacted]".
type Key []byte

// Format implements fmt.Formatter for all verbs.
func (Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[redacted]") }

// String returns "[redacted]".
func (Key) String() string { return "[redacted]" }

// LogValue implements slog.LogValuer.
func (Key) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText keeps a key out of JSON and YAML.
func (Key) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// NewKey returns a random key.
func NewKey() Key {
	k := make(Key, KeySize)
	_, _ = rand.Read(k) // never fails, see crypto/rand
	return k
}

// LoadOrCreateKey reads the key at path or, if there is none, makes one there with mode 0600. The file appears with its whole
// content or not at all, and of two processes starting at once both get the same key. A file that others may read or that has
// another length is refused: tokens signed with it could not be trusted.
func LoadOrCreateKey(path string) (Key, error) {
	k, err := loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if err := createKey(path, NewKey()); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create token key: %w", err)
	}
	return loadKey(path)
}

// LoadKey reads a key that somebody else has made, in the form of LoadOrCreateKey. Returns an error wrapping fs.ErrNotExist if there
// is none.
func LoadKey(path string) (Key, error) { return loadKey(path) }

func loadKey(path string) (Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read token key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read token key: %w", err)
	}
	// The operator's key is root's, and the server reads it as a member of its group.
	if info.Mode().Perm()&0o037 != 0 {
		return nil, fmt.Errorf("token key %s: mode is %04o and must be 0600 or 0640; remove the file to get a new key", path, info.Mode().Perm())
	}
	k, err := io.ReadAll(io.LimitReader(f, KeySize+1))
	if err != nil {
		return nil, fmt.Errorf("read token key: %w", err)
	}
	if len(k) != KeySize {
		return nil, fmt.Errorf("token key %s: length is not %d bytes; remove the file to get a new key", path, KeySize)
	}
	return k, nil
}

// createKey writes a temporary file and links it to path, which fails with fs.ErrExist if somebody was faster.
func createKey(path string, k Key) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".token.key-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, errWrite := f.Write(k)
	if err := errors.Join(errWrite, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return atomicfile.SyncDir(dir)
}
