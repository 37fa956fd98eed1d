package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if _, err := Read(path, 4); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	for content, want := range map[string]error{"": nil, "four": nil, "fives": ErrTooLarge} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path, 4)
		if !errors.Is(err, want) || err == nil && string(got) != content {
			t.Errorf("%q: got %q, %v, want %v", content, got, err, want)
		}
	}
}
