package machine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// snapshotDir is where the copy of a disk lies. No machine has such a folder: theirs are numbers.
func (p *Process) snapshotDir(imageID int64) string {
	return filepath.Join(p.config.Dir, fmt.Sprintf("snapshot-%d", imageID))
}

// snapshot copies the disk as it is now to dir. A copy that is there is replaced in one step.
func (s *server) snapshot(dir string) error {
	unfinished := dir + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := copyTree(s.rootDir(), unfinished); err != nil {
		return errors.Join(err, os.RemoveAll(unfinished))
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Rename(unfinished, dir)
}

// layOutSnapshot makes a disk from a copy. cloud-init sees another instance and starts over, so its marks of the first boot go.
func layOutSnapshot(dir, snapshot string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := copyTree(snapshot, dir); err != nil {
		return err
	}
	disk, err := openRootFS(dir)
	if err != nil {
		return err
	}
	defer disk.close()
	return errors.Join(disk.removeAll(bootFinished), disk.removeAll(cloudInitResult))
}

// copyTree copies folders, files, symbolic links and device nodes with owner and mode. Sockets and pipes are left out: they belong to processes.
// What disappears while the copy is made is left out as well.
func copyTree(from, to string) error {
	root, err := os.OpenRoot(from) // no link on the disk leads out of it
	if err != nil {
		return err
	}
	defer root.Close()
	var folders []func() error // their modes come last: one may forbid to write into it
	err = fs.WalkDir(root.FS(), ".", func(name string, _ fs.DirEntry, err error) error {
		var mode fs.FileMode
		target := filepath.Join(to, name)
		if err == nil {
			mode, err = copyEntry(root, name, target)
		}
		switch {
		case errors.Is(err, fs.ErrNotExist) && name != ".":
			return nil
		case err != nil || mode == 0:
			return err
		case mode.IsDir():
			folders = append(folders, func() error { return os.Chmod(target, mode) })
			return nil
		}
		return os.Chmod(target, mode)
	})
	for _, set := range slices.Backward(folders) {
		err = errors.Join(err, set())
	}
	return err
}

// copied are the mode bits that a copy keeps.
const copied = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// copyEntry copies one entry without its mode, and returns the mode to set; 0 when there is none to set.
func copyEntry(root *os.Root, name, target string) (fs.FileMode, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, fmt.Errorf("copy %s: no owner", name)
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		err = os.Mkdir(target, 0o700)
	case mode.IsRegular():
		err = copyFile(root, name, target)
	case mode&fs.ModeSymlink != 0:
		return 0, copyLink(root, name, target, st)
	case mode&fs.ModeDevice != 0:
		if err = unix.Mknod(target, st.Mode, int(st.Rdev)); errors.Is(err, unix.EPERM) {
			return 0, nil // as in makeDevices: without the right there are none
		}
	default:
		return 0, nil
	}
	if err == nil {
		err = giveTo(target, st)
	}
	return info.Mode() & (copied | fs.ModeDir), err
}

func copyLink(root *os.Root, name, target string, st *syscall.Stat_t) error {
	to, err := root.Readlink(name)
	if err == nil {
		err = os.Symlink(to, target)
	}
	if err != nil {
		return err
	}
	return giveTo(target, st)
}

// giveTo sets the owner, before the mode: a change of owner takes setuid away.
func giveTo(target string, st *syscall.Stat_t) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Lchown(target, int(st.Uid), int(st.Gid))
}

func copyFile(root *os.Root, name, target string) error {
	in, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in) // copy_file_range(2) where the file system can
	return errors.Join(err, out.Close())
}
