package machine

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/pkg/sftp"
)

// sftpHandlers answers SFTP requests from a machine's disk and from nothing else (draft-ietf-secsh-filexfer-02 with the extensions
// posix-rename, hardlink and statvfs of OpenSSH's PROTOCOL file).
type sftpHandlers struct{ disk *rootFS }

func (h sftpHandlers) handlers() sftp.Handlers {
	return sftp.Handlers{FileGet: h, FilePut: h, FileCmd: h, FileList: h}
}

var (
	_ sftp.OpenFileWriter       = sftpHandlers{}
	_ sftp.PosixRenameFileCmder = sftpHandlers{}
	_ sftp.StatVFSFileCmder     = sftpHandlers{}
	_ sftp.LstatFileLister      = sftpHandlers{}
	_ sftp.ReadlinkFileLister   = sftpHandlers{}
)

func (h sftpHandlers) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	return wrapFile(h.disk.openFile(r.Filepath, os.O_RDONLY, 0))
}

func (h sftpHandlers) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	return wrapFile(h.disk.openFile(r.Filepath, openFlags(r.Pflags()), 0o644))
}

func (h sftpHandlers) OpenFile(r *sftp.Request) (sftp.WriterAtReaderAt, error) {
	return wrapFile(h.disk.openFile(r.Filepath, openFlags(r.Pflags()), 0o644))
}

// file hides everything of os.File but what SFTP needs.
type file struct {
	f *os.File
}

func wrapFile(f *os.File, err error) (*file, error) {
	if err != nil {
		return nil, hideFolder(err)
	}
	return &file{f}, nil
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.f.ReadAt(p, off)
	return n, hideFolder(err)
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.f.WriteAt(p, off)
	return n, hideFolder(err)
}

func (f *file) Close() error { return f.f.Close() }

// openFlags leaves O_APPEND out: SFTP writes carry their offsets, and Go refuses WriteAt on a file opened for appending.
func openFlags(p sftp.FileOpenFlags) int {
	flag := os.O_WRONLY
	if p.Read {
		flag = os.O_RDWR
	}
	if p.Creat {
		flag |= os.O_CREATE
	}
	if p.Trunc {
		flag |= os.O_TRUNC
	}
	if p.Excl {
		flag |= os.O_EXCL
	}
	return flag
}

func (h sftpHandlers) Filecmd(r *sftp.Request) error { return hideFolder(h.command(r)) }

func (h sftpHandlers) command(r *sftp.Request) error {
	switch r.Method {
	case "Setstat":
		return h.setstat(r)
	case "Rename":
		// SSH_FXP_RENAME must not replace: "It is an error if there already exists a file with the name specified by newpath."
		if _, err := h.disk.lstat(r.Target); err == nil {
			return &fs.PathError{Op: "rename", Path: r.Target, Err: syscall.EEXIST}
		}
		return h.disk.rename(r.Filepath, r.Target)
	case "Rmdir":
		return h.removeKind(r.Filepath, true)
	case "Remove":
		return h.removeKind(r.Filepath, false)
	case "Mkdir":
		return h.disk.mkdir(r.Filepath, 0o755)
	case "Link":
		return h.disk.link(r.Filepath, r.Target)
	case "Symlink":
		return h.disk.symlink(r.Filepath, r.Target) // Filepath is what the link says, Target is where it stands
	}
	return sftp.ErrSSHFxOpUnsupported
}

func (h sftpHandlers) removeKind(name string, folder bool) error {
	info, err := h.disk.lstat(name)
	if err != nil {
		return err
	}
	if info.IsDir() != folder {
		if folder {
			return &fs.PathError{Op: "rmdir", Path: name, Err: syscall.ENOTDIR}
		}
		return &fs.PathError{Op: "remove", Path: name, Err: syscall.EISDIR}
	}
	return h.disk.remove(name)
}

func (h sftpHandlers) setstat(r *sftp.Request) error {
	flags, attr := r.AttrFlags(), r.Attributes()
	var err error
	if flags.Size {
		f, openErr := h.disk.openFile(r.Filepath, os.O_WRONLY, 0)
		if openErr != nil {
			return openErr
		}
		err = errors.Join(f.Truncate(int64(attr.Size)), f.Close())
	}
	if flags.UidGid && err == nil {
		err = h.disk.chown(r.Filepath, owner{int(attr.UID), int(attr.GID)})
	}
	if flags.Permissions && err == nil {
		err = h.disk.chmod(r.Filepath, attr.FileMode())
	}
	if flags.Acmodtime && err == nil {
		err = h.disk.chtimes(r.Filepath, time.Unix(int64(attr.Atime), 0), time.Unix(int64(attr.Mtime), 0))
	}
	return err
}

func (h sftpHandlers) PosixRename(r *sftp.Request) error {
	return hideFolder(h.disk.rename(r.Filepath, r.Target))
}

// StatVFS answers for the file system that holds the disk, so that a full disk is a full disk.
func (h sftpHandlers) StatVFS(*sftp.Request) (*sftp.StatVFS, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(h.disk.dir, &s); err != nil {
		return nil, err
	}
	return &sftp.StatVFS{
		Bsize: uint64(s.Bsize), Frsize: uint64(s.Frsize), Blocks: s.Blocks, Bfree: s.Bfree, Bavail: s.Bavail,
		Files: s.Files, Ffree: s.Ffree, Favail: s.Ffree, Namemax: uint64(s.Namelen),
	}, nil
}

func (h sftpHandlers) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	switch r.Method {
	case "Stat":
		return single(h.disk.stat(r.Filepath))
	case "List":
		entries, err := h.disk.readDir(r.Filepath)
		if err != nil {
			return nil, hideFolder(err)
		}
		var infos list
		for _, e := range entries {
			if info, err := e.Info(); err == nil {
				infos = append(infos, info)
			}
		}
		return infos, nil
	}
	return nil, sftp.ErrSSHFxOpUnsupported
}

func (h sftpHandlers) Lstat(r *sftp.Request) (sftp.ListerAt, error) {
	return single(h.disk.lstat(r.Filepath))
}

func (h sftpHandlers) Readlink(name string) (string, error) {
	target, err := h.disk.readlink(name)
	return target, hideFolder(err)
}

type list []fs.FileInfo

func single(info fs.FileInfo, err error) (sftp.ListerAt, error) {
	if err != nil {
		return nil, hideFolder(err)
	}
	return list{info}, nil
}

func (l list) ListAt(into []fs.FileInfo, offset int64) (int, error) {
	if offset >= int64(len(l)) {
		return 0, io.EOF
	}
	n := copy(into, l[offset:])
	if n < len(into) {
		return n, io.EOF
	}
	return n, nil
}

// hideFolder reduces an error to what pkg/sftp maps to a status code, so that the sandbox's own paths do not reach the machine's users.
func hideFolder(err error) error {
	var number syscall.Errno
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return err
	case errors.As(err, &number):
		return number
	case errors.Is(err, fs.ErrNotExist):
		return fs.ErrNotExist
	case errors.Is(err, fs.ErrPermission):
		return fs.ErrPermission
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
