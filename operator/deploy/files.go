package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/pkg/sftp"
)

// maxRead bounds a small file read from the machine, in bytes.
const maxRead = 256 << 10

// read returns a small file of the machine; the error wraps fs.ErrNotExist when it is not there.
func (r *remote) read(name string) ([]byte, error) {
	f, err := r.files.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s on the machine: %w", name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRead+1))
	if err != nil {
		return nil, fmt.Errorf("read %s on the machine: %w", name, err)
	}
	if len(data) > maxRead {
		return nil, fmt.Errorf("read %s on the machine: larger than %d KiB, which it never should be", name, maxRead>>10)
	}
	return data, nil
}

func (r *remote) exists(name string) (bool, error) {
	_, err := r.files.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// put makes the machine have f, atomically and only if it differs. It reports whether anything changed.
func (r *remote) put(f file) (bool, error) {
	have, err := r.read(f.path)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if f.secret && len(f.content) > 0 {
		return r.putSecret(f, there && bytes.Equal(have, f.content))
	}
	switch {
	case len(f.content) == 0 && there:
		return true, r.explain("remove "+f.path, r.files.Remove(f.path))
	case len(f.content) == 0, there && bytes.Equal(have, f.content):
		return false, nil
	}
	return true, r.write(f)
}

func (r *remote) write(f file) error {
	if err := r.files.MkdirAll(path.Dir(f.path)); err != nil {
		return r.explain("make the folder of "+f.path, err)
	}
	partial := f.path + ".partial"
	if err := r.create(partial, bytes.NewReader(f.content)); err != nil {
		return err
	}
	if err := r.files.Chmod(partial, 0o644); err != nil {
		return r.explain("write "+f.path, err)
	}
	return r.explain("write "+f.path, r.files.PosixRename(partial, f.path))
}

// putSecret makes the machine have f for the service alone, which can read it and not write it. same says that its content is there already.
func (r *remote) putSecret(f file, same bool) (bool, error) {
	if info, err := r.files.Stat(f.path); same && err == nil && info.Mode().Perm() == secretMode {
		return false, nil
	}
	group, err := r.serviceGroup()
	if err != nil {
		return false, err
	}
	return true, r.writeSecret(f, group)
}

// secretMode is root's to write and the service's group's to read: whoever takes the server over must not change its own configuration.
const secretMode = 0o640

// writeSecret closes the file to all others before anything is in it.
func (r *remote) writeSecret(f file, group int) error {
	if err := r.files.MkdirAll(path.Dir(f.path)); err != nil {
		return r.explain("make the folder of "+f.path, err)
	}
	partial := f.path + ".partial"
	for _, step := range []func() error{
		func() error { return r.create(partial, bytes.NewReader(nil)) },
		func() error { return r.files.Chmod(partial, 0o600) },
		func() error { return r.create(partial, bytes.NewReader(f.content)) },
		func() error { return r.files.Chown(partial, 0, group) },
		func() error { return r.files.Chmod(partial, secretMode) },
		func() error { return r.files.PosixRename(partial, f.path) },
	} {
		if err := step(); err != nil {
			return r.explain("write "+f.path, err)
		}
	}
	return nil
}

// serviceGroup looks the service's group up in the machine's passwd(5); cloud-init has made it.
func (r *remote) serviceGroup() (int, error) {
	data, err := r.read("/etc/passwd")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) < 4 || fields[0] != ServiceUser {
			continue
		}
		return strconv.Atoi(fields[3])
	}
	return 0, fmt.Errorf("the machine has no user %s, which its first boot makes; see /var/log/cloud-init.log on it", ServiceUser)
}

// create writes a file from its beginning and, where the machine's SFTP server can, waits until it is on disk.
func (r *remote) create(name string, content io.Reader) error {
	f, err := r.files.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return r.explain("write "+name, err)
	}
	if _, err := f.ReadFrom(content); err != nil {
		_ = f.Close()
		return r.explain("write "+name, err)
	}
	if _, ok := r.files.HasExtension("fsync@openssh.com"); ok {
		if err := f.Sync(); err != nil {
			_ = f.Close()
			return r.explain("write "+name, err)
		}
	}
	return r.explain("write "+name, f.Close())
}

// minFree is what the machine should have left, in bytes; below it a failed write is put down to a full disk.
const minFree = 1 << 20

// explain says what was tried. SFTP has one code for nearly every failure, so a full disk is found out by asking.
func (r *remote) explain(what string, err error) error {
	if err == nil {
		return nil
	}
	var status *sftp.StatusError
	var command *CommandError
	if errors.As(err, &status) || errors.As(err, &command) {
		if free, ok := r.free(); ok && free < minFree {
			return fmt.Errorf("%w: %s: %d KiB are free; look on the machine what fills it, or choose a larger server type", ErrDiskFull, what, free>>10)
		}
	}
	return fmt.Errorf("%s on the machine: %w", what, err)
}

// free is the room on the releases' disk in bytes, if the machine's SFTP server tells.
func (r *remote) free() (uint64, bool) {
	stat, err := r.files.StatVFS("/opt")
	if err != nil {
		return 0, false
	}
	return stat.FreeSpace(), true
}
