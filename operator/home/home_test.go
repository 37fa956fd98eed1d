package home

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestDefault(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		env        map[string]string
	}{
		{"own variable first", "/a", map[string]string{"KREISRAUM_HOME": "/a", "XDG_STATE_HOME": "/b", "HOME": "/c"}},
		{"then XDG", "/b/kreisraum", map[string]string{"XDG_STATE_HOME": "/b", "HOME": "/c"}},
		{"a relative XDG folder is invalid", "/c/.local/state/kreisraum", map[string]string{"XDG_STATE_HOME": "b", "HOME": "/c"}},
		{"then home", "/c/.local/state/kreisraum", map[string]string{"HOME": "/c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Default(func(k string) string { return tt.env[k] })
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
	if _, err := Default(func(string) string { return "" }); err == nil {
		t.Error("no folder at all was accepted")
	}
}

func open(t *testing.T) Home {
	t.Helper()
	h, err := Open(filepath.Join(t.TempDir(), "home"))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestOpenTakesRightsAwayFromOthers(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if info, _ := d.Info(); info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %o, want 700", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestClerkIsMadeOnceAndSaysNothing(t *testing.T) {
	h := open(t)
	first, err := h.Clerk()
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Clerk()
	if err != nil || first != second {
		t.Errorf("got %q then %q (%v), want the same", first, second, err)
	}
	if !regexp.MustCompile(`^clerk-[0-9a-f]{12}$`).MatchString(first) {
		t.Errorf("%q is not a random ID", first)
	}
	if other, _ := open(t).Clerk(); other == first {
		t.Error("two homes gave the same clerk")
	}
}

func TestSecondCommandIsKeptOutUntilTheFirstEnds(t *testing.T) {
	h := open(t)
	unlock, err := h.County("musterkreis").Lock()
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.County("musterkreis").Lock()
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "musterkreis") {
		t.Errorf("got %v, want ErrBusy that names the county", err)
	}
	other, err := h.County("nachbarkreis").Lock()
	if err != nil {
		t.Errorf("another county is locked too: %v", err)
	} else {
		other()
	}
	unlock()
	again, err := h.County("musterkreis").Lock()
	if err != nil {
		t.Fatalf("still locked: %v", err)
	}
	again()
}

func TestRemoveLeavesRegisterAndLedger(t *testing.T) {
	c := open(t).County("musterkreis")
	if err := c.Make(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{c.File("secret"), c.Register(), c.Ledger()} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Remove(); err != nil {
		t.Fatal(err)
	}
	if c.Exists() {
		t.Error("the county's folder is still there")
	}
	for _, path := range []string{c.Register(), c.Ledger()} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s is gone: %v", path, err)
		}
	}
	if err := c.Remove(); err != nil {
		t.Errorf("removing twice: %v", err)
	}
}

func TestOpenLeavesASharedFolderAlone(t *testing.T) {
	for name, mode := range map[string]os.FileMode{"somebody's home": 0o755, "like /tmp": 0o777 | os.ModeSticky} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "letter"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, mode); err != nil {
				t.Fatal(err)
			}
			_, err := Open(dir)
			info, _ := os.Stat(dir)
			if err == nil || !strings.Contains(err.Error(), "--home") || info.Mode().Perm() != mode.Perm() {
				t.Errorf("got %v, mode now %v", err, info.Mode())
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 1 {
				t.Errorf("%d entries, want the letter only", len(entries))
			}
			if err := os.Chmod(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(dir); err != nil {
				t.Errorf("a folder for us alone was refused: %v", err)
			}
		})
	}
}

func TestOneDaemonServesAHome(t *testing.T) {
	h := open(t)
	unlock, err := h.LockDaemon()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.LockDaemon(); !errors.Is(err, ErrServed) || !strings.Contains(err.Error(), strconv.Itoa(os.Getpid())) {
		t.Errorf("a second daemon: %v", err)
	}
	other, err := h.County("serve").Lock() // the daemon's lock is no county's
	if err != nil {
		t.Fatal(err)
	}
	other()
	unlock()
	if unlock, err = h.LockDaemon(); err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestCountiesAreThoseWithState(t *testing.T) {
	h := open(t)
	for _, name := range []string{"tuttlingen", "goeppingen"} {
		if err := h.County(name).Make(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(h.path("counties", "note.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Counties(); err != nil || !slices.Equal(got, []string{"goeppingen", "tuttlingen"}) {
		t.Errorf("%v, %v", got, err)
	}
}
