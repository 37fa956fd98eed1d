package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"time"
)

// rootFS is a machine's disk seen through the machine's own "/". Names are absolute paths on the machine. Symbolic links are followed as
// the machine would follow them: an absolute target starts at the machine's "/", and ".." ends there. os.Root stands below and refuses
// whatever would leave the folder all the same, also when somebody swaps a link between our look and our deed. Safe for concurrent use.
type rootFS struct {
	dir  string
	root *os.Root
}

// maxLinks bounds how many symbolic links one name may lead through; the kernel's own limit, path_resolution(7).
const maxLinks = 40

func openRootFS(dir string) (*rootFS, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &rootFS{dir: dir, root: root}, nil
}

func (f *rootFS) close() error { return f.root.Close() }

// resolve turns a name on the machine into a name below the root without symbolic links in it. With follow, the last element is followed
// too. Elements that do not exist are kept as they are.
func (f *rootFS) resolve(name string, follow bool) (string, error) {
	pending := strings.Split(name, "/")
	var done []string
	links := 0
	for len(pending) > 0 {
		element := pending[0]
		pending = pending[1:]
		switch element {
		case "", ".":
			continue
		case "..":
			if len(done) > 0 {
				done = done[:len(done)-1]
			}
			continue
		}
		here := path.Join(path.Join(done...), element)
		last := onlyEmpty(pending)
		if last && !follow {
			done = append(done, element)
			continue
		}
		info, err := f.root.Lstat(here)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			done = append(done, element)
			continue
		}
		if links++; links > maxLinks {
			return "", &fs.PathError{Op: "resolve", Path: name, Err: syscall.ELOOP}
		}
		target, err := f.root.Readlink(here)
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(target, "/") {
			done = nil
		}
		pending = append(strings.Split(target, "/"), pending...)
	}
	if len(done) == 0 {
		return ".", nil
	}
	return path.Join(done...), nil
}

func onlyEmpty(elements []string) bool {
	for _, e := range elements {
		if e != "" && e != "." {
			return false
		}
	}
	return true
}

// openFile opens a regular file. It never waits for the other end of a FIFO, and refuses everything that is not a regular file.
func (f *rootFS) openFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	p, err := f.resolve(name, true)
	if err != nil {
		return nil, err
	}
	file, err := f.root.OpenFile(p, flag|syscall.O_NONBLOCK, perm)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// readFile reads a file of at most limit bytes; a longer one is an error.
func (f *rootFS) readFile(name string, limit int64) ([]byte, error) {
	file, err := f.openFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readAllLimited(file, limit)
}

// writeFile replaces a file atomically, with exactly the given mode and owner; missing parent folders are made (0755, root).
func (f *rootFS) writeFile(name string, data []byte, mode fs.FileMode, o owner) error {
	p, err := f.resolve(name, true)
	if err != nil {
		return err
	}
	if err := f.root.MkdirAll(path.Dir(p), 0o755); err != nil {
		return err
	}
	tmp := path.Join(path.Dir(p), fmt.Sprintf(".%s.%d.tmp", path.Base(p), time.Now().UnixNano()))
	file, err := f.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = o.apply(file.Chown)
	}
	if err == nil {
		err = file.Chmod(mode)
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = f.root.Rename(tmp, p)
	}
	if err != nil {
		_ = f.root.Remove(tmp)
	}
	return err
}

// appendFile adds to a file, which is made (0644) when missing.
func (f *rootFS) appendFile(name string, data []byte) error {
	file, err := f.openFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

func (f *rootFS) mkdirAll(name string, mode fs.FileMode) error {
	p, err := f.resolve(name, true)
	if err != nil {
		return err
	}
	if err := f.root.MkdirAll(p, 0o755); err != nil {
		return err
	}
	return f.root.Chmod(p, mode)
}

func (f *rootFS) mkdir(name string, mode fs.FileMode) error {
	p, err := f.resolve(name, false)
	if err != nil {
		return err
	}
	return f.root.Mkdir(p, mode.Perm())
}

func (f *rootFS) lstat(name string) (fs.FileInfo, error) { return at(f, name, false, f.root.Lstat) }

func (f *rootFS) stat(name string) (fs.FileInfo, error) { return at(f, name, true, f.root.Lstat) }

func (f *rootFS) readlink(name string) (string, error) { return at(f, name, false, f.root.Readlink) }

func (f *rootFS) exists(name string) bool {
	_, err := f.stat(name)
	return err == nil
}

// remove removes a file, a symbolic link or an empty folder.
func (f *rootFS) remove(name string) error {
	p, err := f.resolve(name, false)
	if err != nil {
		return err
	}
	if p == "." {
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.EBUSY}
	}
	return f.root.Remove(p)
}

func (f *rootFS) removeAll(name string) error {
	p, err := f.resolve(name, false)
	if err != nil {
		return err
	}
	if p == "." {
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.EBUSY}
	}
	return f.root.RemoveAll(p)
}

// rename replaces the new name if it exists, as rename(2) does.
func (f *rootFS) rename(from, to string) error {
	p, err := f.resolve(from, false)
	if err != nil {
		return err
	}
	q, err := f.resolve(to, false)
	if err != nil {
		return err
	}
	return f.root.Rename(p, q)
}

// symlink makes a link with any target; what the target means is decided when somebody follows it.
func (f *rootFS) symlink(target, name string) error {
	p, err := f.resolve(name, false)
	if err != nil {
		return err
	}
	return f.root.Symlink(target, p)
}

func (f *rootFS) link(from, to string) error {
	p, err := f.resolve(from, false)
	if err != nil {
		return err
	}
	q, err := f.resolve(to, false)
	if err != nil {
		return err
	}
	return f.root.Link(p, q)
}

func (f *rootFS) chmod(name string, mode fs.FileMode) error {
	p, err := f.resolve(name, true)
	if err != nil {
		return err
	}
	return f.root.Chmod(p, mode.Perm())
}

func (f *rootFS) chown(name string, o owner) error {
	p, err := f.resolve(name, true)
	if err != nil {
		return err
	}
	return o.apply(func(uid, gid int) error { return f.root.Lchown(p, uid, gid) })
}

func (f *rootFS) chtimes(name string, atime, mtime time.Time) error {
	p, err := f.resolve(name, true)
	if err != nil {
		return err
	}
	return f.root.Chtimes(p, atime, mtime)
}

// openDir opens a folder, for its entries or as an anchor for names below it.
func (f *rootFS) openDir(name string) (*os.File, error) {
	p, err := f.resolve(name, true)
	if err != nil {
		return nil, err
	}
	return f.root.OpenFile(p, os.O_RDONLY|syscall.O_DIRECTORY, 0)
}

func (f *rootFS) readDir(name string) ([]fs.DirEntry, error) {
	dir, err := f.openDir(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.ReadDir(-1)
}

func at[T any](f *rootFS, name string, follow bool, do func(string) (T, error)) (T, error) {
	p, err := f.resolve(name, follow)
	if err != nil {
		var zero T
		return zero, err
	}
	return do(p)
}
