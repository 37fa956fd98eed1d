package sandbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDamagedManifestNamesTheWayOut(t *testing.T) {
	home := t.TempDir()
	lock, err := acquire(home)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := os.WriteFile(filepath.Join(home, manifestFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Status(t.Context(), home); err == nil || !strings.Contains(err.Error(), "sandbox stop") {
		t.Errorf("got %v", err)
	}
}
