package machine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// TestSFTPStaysOnTheDisk tries to read and to change a file beside the disk in every way that SFTP knows.
func TestSFTPStaysOnTheDisk(t *testing.T) {
	l := newLab(t, "")
	l.powerOn()
	s := l.sftp(l.client())
	outside := filepath.Join(l.process.config.Dir, "secret")
	must(t, os.WriteFile(outside, []byte("outside"), 0o644))
	must(t, s.Symlink(outside, "/absolute"))
	must(t, s.Symlink("../../secret", "/relative"))
	must(t, s.Symlink("/", "/opt/root"))
	must(t, s.Symlink("../../../../../../../..", "/opt/up"))
	must(t, s.Symlink("loop", "/loop"))
	must(t, s.Symlink(filepath.Dir(outside), "/folder"))

	for _, name := range []string{
		"/absolute", "/relative", "/../../secret", "../../secret", "/opt/../../../secret", outside, "/folder/secret", "/opt/up/secret", "/loop", "/loop/x",
	} {
		if f, err := s.Open(name); err == nil {
			_ = f.Close()
			t.Errorf("%s could be read", name)
		}
		if _, err := s.Stat(name); err == nil {
			t.Errorf("%s has a status", name)
		}
		if err := s.Chmod(name, 0o600); err == nil {
			t.Errorf("the mode of %s could be changed", name)
		}
		if err := s.Truncate(name, 0); err == nil {
			t.Errorf("%s could be truncated", name)
		}
		if err := s.Link(name, "/stolen"); err == nil {
			// A link to the symbolic link itself is fine.
			if info, err := s.Lstat("/stolen"); err != nil || info.Mode()&fs.ModeSymlink == 0 {
				t.Errorf("%s could be linked to", name)
			}
			must(t, s.Remove("/stolen"))
		}
	}
	// Writing through a link that points outside creates the file at the same place on the disk, or fails; never outside.
	if f, err := s.Create("/relative"); err == nil {
		_, _ = f.Write([]byte("inside"))
		_ = f.Close()
	}
	if got, err := os.ReadFile(outside); err != nil || string(got) != "outside" {
		t.Errorf("the file beside the disk: %q, %v", got, err)
	}
	if err := s.PosixRename("/etc/passwd", "/folder/passwd"); err == nil {
		t.Error("a file was moved through a link that leads outside")
	}
	if err := s.Remove("/"); err == nil {
		t.Error("the disk's root was removed")
	}
	_ = s.RemoveAll("/folder")
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("removing a link removed what it points to: %v", err)
	}

	// Links with absolute targets are those of the machine.
	must(t, s.MkdirAll("/opt/kreisraum/releases/1"))
	must(t, s.Symlink("/opt/kreisraum/releases/1", deploy.CurrentLink))
	f, err := s.Create(deploy.CurrentLink + "/file")
	must(t, err)
	must(t, f.Close())
	if _, err := os.Stat(l.rootfs("/opt/kreisraum/releases/1/file")); err != nil {
		t.Error(err)
	}
	if got, err := s.ReadLink(deploy.CurrentLink); err != nil || got != "/opt/kreisraum/releases/1" {
		t.Errorf("ReadLink: %q, %v", got, err)
	}
	if entries, err := s.ReadDir("/opt/root/opt"); err != nil || len(entries) == 0 {
		t.Errorf("a link to the machine's root: %v, %v", entries, err)
	}
}

func TestSFTPCommands(t *testing.T) {
	l := newLab(t, "")
	l.powerOn()
	s := l.sftp(l.client())
	f, err := s.Create("/opt/a")
	must(t, err)
	_, err = f.Write([]byte("0123456789"))
	must(t, err)
	must(t, f.Chmod(0o640))
	must(t, f.Close())
	when := time.Unix(1_700_000_000, 0)
	must(t, s.Chtimes("/opt/a", when, when))
	info, err := s.Stat("/opt/a")
	must(t, err)
	if info.Mode() != 0o640 || info.Size() != 10 || !info.ModTime().Equal(when) {
		t.Errorf("status: %v %d %v", info.Mode(), info.Size(), info.ModTime())
	}
	must(t, s.Truncate("/opt/a", 4))
	must(t, s.Mkdir("/opt/folder"))
	if err := s.Rename("/opt/a", "/opt/folder"); err == nil {
		t.Error("rename replaced something")
	}
	must(t, s.Rename("/opt/a", "/opt/b"))
	must(t, s.Link("/opt/b", "/opt/c"))
	must(t, s.PosixRename("/opt/b", "/opt/c"))
	if err := s.RemoveDirectory("/opt/c"); err == nil {
		t.Error("a file was removed as a folder")
	}
	must(t, s.Remove("/opt/c"))
	must(t, s.RemoveDirectory("/opt/folder"))
	if vfs, err := s.StatVFS("/opt"); err != nil || vfs.FreeSpace() == 0 {
		t.Errorf("StatVFS: %v, %v", vfs, err)
	}
	if _, err := s.Stat("/opt/missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	} else if strings.Contains(err.Error(), l.process.config.Dir) {
		t.Errorf("the error shows the sandbox's folder: %v", err)
	}
	must(t, syscall.Mkfifo(l.rootfs("/opt/fifo"), 0o666))
	if f, err := s.Open("/opt/fifo"); err == nil {
		_ = f.Close()
		t.Error("a FIFO was opened")
	}
}

func TestResolve(t *testing.T) {
	dir := t.TempDir()
	disk, err := openRootFS(dir)
	must(t, err)
	defer disk.close()
	must(t, disk.mkdirAll("/a/b", 0o755))
	for link, target := range map[string]string{
		"/abs": "/a/b", "/rel": "a", "/a/up": "../..", "/a/b/chain": "/rel/b", "/dangling": "/nowhere/x", "/self": "self", "/dot": "./a/./b/",
	} {
		must(t, disk.symlink(target, link))
	}
	for name, want := range map[string]string{
		"/": ".", "": ".", "/..": ".", "../../x": "x", "/abs": "a/b", "/abs/new": "a/b/new", "/rel/b": "a/b", "/a/up/a": "a", "/a/b/chain/c": "a/b/c",
		"/dangling": "nowhere/x", "/abs/../..": ".", "/dot/x": "a/b/x", "/missing/../a": "a",
	} {
		if got, err := disk.resolve(name, true); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := disk.resolve("/self", true); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("a loop: %v", err)
	}
	if got, err := disk.resolve("/self", false); got != "self" || err != nil {
		t.Errorf("the link itself: %q, %v", got, err)
	}
}

// FuzzResolve looks for a name and a link that together lead outside.
func FuzzResolve(f *testing.F) {
	f.Add("/a/../..", "../..")
	f.Add("/link/x", "/..//.")
	f.Add("link", "")
	f.Fuzz(func(t *testing.T, name, target string) {
		dir := t.TempDir()
		disk, err := openRootFS(dir)
		must(t, err)
		defer disk.close()
		_ = disk.symlink(target, "/link")
		for _, follow := range []bool{true, false} {
			p, err := disk.resolve(name, follow)
			if err == nil && p != "." && !filepath.IsLocal(p) {
				t.Errorf("%q with a link to %q: %q is not a name below the root", name, target, p)
			}
		}
	})
}
