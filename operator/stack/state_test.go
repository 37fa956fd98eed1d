package stack

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

func prefixes(cidrs ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, c := range cidrs {
		out = append(out, netip.MustParsePrefix(c))
	}
	return out
}

func ipNet(cidr string) *net.IPNet {
	n := hetzner.IPNet(netip.MustParsePrefix(cidr))
	return &n
}

// files reads every file below dir.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestStateHoldsNoSecretAndIsPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec := plan("demo")
	const canary = "canary-in-the-cloud-config"
	spec.UserData[infra.PortalName("demo")] = "#cloud-config\n# " + canary + "\n"
	w.up(w.open("demo"), spec)
	all := files(t, w.home)
	if len(all) == 0 {
		t.Fatal("no state was written")
	}
	for path, content := range all {
		for name, secret := range map[string]string{"cloud-config": canary, "token": token, "passphrase": passphrase} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s contains the %s", path, name)
			}
		}
	}
	info, err := os.Stat(filepath.Join(w.home, "pulumi"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the state's folder: %v, %v", info.Mode(), err)
	}
}

func TestHomeWithUnusualCharacters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home = filepath.Join(w.home, "Büro 100% #1? [neu]")
	s := w.open("demo")
	w.up(s, plan("demo"))
	if result := w.up(w.open("demo"), plan("demo")); result.Changed() {
		t.Errorf("changed %v", result.Changes)
	}
	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := files(t, w.home); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestRemoveLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	w.up(s, plan("demo"))
	if err := s.Remove(t.Context()); err == nil || !strings.Contains(err.Error(), "destroy them first") {
		t.Errorf("remove of a living county: %v", err)
	}
	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Errorf("second destroy: %v", err)
	}
	if err := s.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(w.home); err != nil || len(entries) > 0 {
		t.Errorf("left in the home: %v, %v", entries, err)
	}
	if err := s.Remove(t.Context()); err != nil {
		t.Errorf("second remove: %v", err)
	}
}

func TestDestroyOfWhatIsGoneOrWasNeverThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Errorf("never made: %v", err)
	}
	if _, ok, err := s.Outputs(t.Context()); ok || err != nil {
		t.Errorf("outputs of a stack that was never made: %v, %v", ok, err)
	}
	w.up(s, plan("demo"))
	// Everything vanishes behind the state's back: another home adopts and destroys it.
	home := w.home
	w.home = t.TempDir()
	other := w.open("demo")
	w.home = home
	w.up(other, plan("demo"))
	if err := other.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Errorf("all gone: %v", err)
	}
}

// writeLock puts a lock into the state as another engine would.
func writeLock(t testing.TB, s *Stack, lock lockContent) string {
	t.Helper()
	data, err := json.Marshal(lock)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.layout.locks(), "2f1c6f0e.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestStaleLockIsCleared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	w.up(s, plan("demo"))
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	for name, pid := range map[string]int{"ended": ended.Process.Pid, "passed to another program": os.Getpid()} {
		file := writeLock(t, s, lockContent{Pid: pid, Username: "somebody", Hostname: host, Timestamp: time.Now()})
		w.up(s, plan("demo"))
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the lock is still there", name)
		}
	}
}

// A full disk leaves a lock half-written.
func TestTornLockIsCleared(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	w.up(s, plan("demo"))
	torn := filepath.Join(s.layout.locks(), "2743ff96-7489-41ba-9abf-4c92bd83aaf5.json.18ea2943b962a2a1.tmp")
	if err := errors.Join(os.MkdirAll(s.layout.locks(), 0o700), os.WriteFile(torn, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	w.up(s, plan("demo"))
	if _, err := os.Stat(torn); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the torn lock: %v", err)
	}
}

func TestLockOfAnotherComputerIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	w.up(s, plan("demo"))
	file := writeLock(t, s, lockContent{Pid: 4711, Username: "somebody", Hostname: "other.example", Timestamp: time.Now()})
	for name, command := range map[string]func() error{
		"up":      func() error { _, err := s.Up(t.Context(), plan("demo"), nil); return err },
		"destroy": func() error { return s.Destroy(t.Context(), nil) },
		"remove":  func() error { return s.Remove(t.Context()) },
	} {
		var locked *LockedError
		if err := command(); !errors.As(err, &locked) || locked.PID != 4711 || locked.Host != "other.example" || locked.File != file {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat(file); err != nil {
		t.Error("a lock that is not ours was removed")
	}
}

func TestBrokenStateIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	w.up(s, plan("demo"))
	if err := os.WriteFile(s.layout.checkpoint(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Up(t.Context(), plan("demo"), nil); err == nil || !strings.Contains(err.Error(), s.layout.checkpoint()) {
		t.Errorf("got %v", err)
	}
}

// What the message about a lost passphrase promises.
func TestFolderMovedAwayIsMadeAnewFromLabels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	before := w.up(s, plan("demo"))
	if err := os.RemoveAll(s.layout.root); err != nil {
		t.Fatal(err)
	}
	s.cfg.Passphrase = "another"
	if err := s.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := w.up(s, plan("demo")); !reflect.DeepEqual(after.Outputs, before.Outputs) {
		t.Errorf("outputs %+v, want %+v", after.Outputs, before.Outputs)
	}
}

func TestWrongPassphraseIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	w.up(s, plan("demo"))
	s.cfg.Passphrase = "another"
	if err := s.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Up(t.Context(), plan("demo"), nil); err == nil || !strings.Contains(err.Error(), "kreisraum adopt demo") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

// TestOpeningAStackLeavesItsProjectAlone: somebody else may be reading it.
func TestOpeningAStackLeavesItsProjectAlone(t *testing.T) {
	l := newLayout(t.TempDir(), "demo")
	if err := os.MkdirAll(l.work, 0o700); err != nil {
		t.Fatal(err)
	}
	var before os.FileInfo
	for i := range 2 {
		if err := l.writeProject(); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(l.work, "Pulumi.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && !os.SameFile(before, info) {
			t.Error("it was written anew without need")
		}
		before = info
	}
}

// TestALockThatIsGoneByNowIsNoWorkForAnybody: the engine's own advice would be to delete it by hand.
func TestALockThatIsGoneByNowIsNoWorkForAnybody(t *testing.T) {
	state, err := OpenState(t.Context(), t.TempDir(), "demo", "")
	if err != nil {
		t.Fatal(err)
	}
	s := &Stack{State: state}
	err = s.explain(t.Context(), "up", errors.New("exit status 255"), nil, []string{"the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`."})
	if err == nil || strings.Contains(err.Error(), "pulumi cancel") || !strings.Contains(err.Error(), "run the command again") {
		t.Errorf("got %v", err)
	}
}
