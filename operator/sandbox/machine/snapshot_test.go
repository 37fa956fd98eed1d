package machine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

func (l *lab) mainPID() string {
	l.t.Helper()
	c := l.client()
	defer c.Close()
	return l.show(c)["MainPID"]
}

// serving is a machine that is on, with the tests' service enabled and running.
func serving(t *testing.T) *lab {
	t.Helper()
	l := newLab(t, "")
	l.powerOn()
	c := l.client()
	l.install(l.sftp(c), l.serviceUnit())
	for _, line := range []string{deploy.CmdDaemonReload, deploy.CmdEnable, deploy.CmdRestart} {
		if out, code := run(t, c, line); code != 0 {
			t.Fatalf("%s: exit code %d: %s", line, code, out)
		}
	}
	return l
}

func TestRebootAndResetKeepTheDisk(t *testing.T) {
	l := serving(t)
	for _, tt := range []struct {
		name string
		do   func() error
	}{
		{"reboot", func() error { return l.process.Reboot(t.Context(), l.machine.ID) }},
		{"reset", func() error { return l.process.Reset(t.Context(), l.machine.ID) }},
	} {
		before := l.mainPID()
		must(t, tt.do())
		eventually.True(t, "the service after "+tt.name, func() bool { _, err := l.ask("pid"); return err == nil })
		if after := l.mainPID(); after == before || after == "0" {
			t.Errorf("%s: main process %s before and %s after, want another one", tt.name, before, after)
		}
	}
	must(t, l.process.PowerOff(t.Context(), l.machine.ID))
	must(t, l.process.Reset(t.Context(), l.machine.ID))
	eventually.True(t, "the service after a reset from off", func() bool { _, err := l.ask("pid"); return err == nil })
}

func TestRebuildMakesTheDiskAnew(t *testing.T) {
	l := serving(t)
	m := l.machine
	m.Name, m.Image = "renamed", "debian-13"
	must(t, l.process.Create(t.Context(), m)) // a change alone keeps the disk
	if _, err := os.Lstat(l.rootfs(deploy.CurrentLink)); err != nil {
		t.Fatalf("after a change of the name: %v, want the disk as it was", err)
	}
	must(t, l.process.Rebuild(t.Context(), m.ID, m))
	if _, err := l.dial(); err == nil {
		t.Error("the machine is on, want it off")
	}
	if _, err := os.Lstat(l.rootfs(deploy.CurrentLink)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old disk's files: got %v, want none", err)
	}
	l.powerOn()
	if _, code := run(t, l.client(), deploy.CmdShow); code != 0 {
		t.Error("the rebuilt machine does not answer")
	}
}

func TestSnapshotBootsAgain(t *testing.T) {
	l := serving(t)
	const image = 815
	must(t, os.WriteFile(l.rootfs("/opt/mark"), []byte("before"), 0o640))
	must(t, os.Chmod(l.rootfs("/opt/mark"), 0o640|fs.ModeSetgid))
	must(t, syscall.Mkfifo(l.rootfs("/opt/pipe"), 0o600))
	must(t, os.Mkdir(l.rootfs("/opt/closed"), 0o700))
	must(t, os.WriteFile(l.rootfs("/opt/closed/file"), nil, 0o600))
	must(t, os.Chmod(l.rootfs("/opt/closed"), 0o500))
	for range 2 { // a second one replaces the first
		must(t, l.process.Snapshot(t.Context(), l.machine.ID, image))
	}
	must(t, os.WriteFile(l.rootfs("/opt/mark"), []byte("after"), 0o640))

	other := l.machine
	other.ID, other.Name, other.Snapshot, other.Created = 4712, "copy", image, time.Unix(1795248000, 0)
	must(t, l.process.PowerOff(t.Context(), l.machine.ID))
	must(t, l.process.Create(t.Context(), other))
	must(t, l.process.DeleteSnapshot(t.Context(), image))
	must(t, l.process.DeleteSnapshot(t.Context(), image))
	l.machine = other
	if data, err := os.ReadFile(l.rootfs("/opt/mark")); err != nil || string(data) != "before" {
		t.Errorf("file: got %q %v, want it as it was when the snapshot was taken", data, err)
	}
	if info, err := os.Stat(l.rootfs("/opt/mark")); err != nil || info.Mode() != 0o640|fs.ModeSetgid {
		t.Errorf("mode: got %v %v", info.Mode(), err)
	}
	if info, err := os.Stat(l.rootfs("/opt/closed")); err != nil || info.Mode().Perm() != 0o500 {
		t.Errorf("folder: got %v %v", info.Mode(), err)
	}
	if _, err := os.Lstat(l.rootfs("/opt/pipe")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("pipe: got %v, want it left out", err)
	}
	if disk(t, l).exists(bootFinished) {
		t.Error("cloud-init's marks are still there, want a first boot")
	}
	l.powerOn()
	eventually.True(t, "the service on the copy", func() bool { _, err := l.ask("pid"); return err == nil })

	missing := other
	missing.ID, missing.Snapshot = 4713, 999
	if err := l.process.Create(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("machine from a snapshot that does not exist: got %v", err)
	}
	if _, err := os.Stat(filepath.Join(l.process.config.Dir, "4713", "identity")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("identity of a disk that was not made: got %v", err)
	}
}

func disk(t *testing.T, l *lab) *rootFS {
	t.Helper()
	d, err := openRootFS(l.rootfs("/"))
	must(t, err)
	t.Cleanup(func() { _ = d.close() })
	return d
}
