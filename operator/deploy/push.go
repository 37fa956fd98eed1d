package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
)

// keepReleases is how many releases stay on the machine, the current one included.
const keepReleases = 3

// pushRelease sends the binary unless it is there, and points CurrentLink to it. It reports whether anything changed.
func (r *remote) pushRelease(rel Release) (bool, error) {
	there, err := r.hasRelease(rel)
	if err != nil {
		return false, err
	}
	if !there {
		if err := r.send(rel); err != nil {
			return false, err
		}
	}
	target, err := r.files.ReadLink(CurrentLink)
	if err == nil && target == rel.dir() {
		return !there, nil
	}
	return true, r.point(rel.dir())
}

// hasRelease trusts a binary under its final name: it was renamed there only after its digest had been read back.
func (r *remote) hasRelease(rel Release) (bool, error) {
	info, err := r.files.Stat(path.Join(rel.dir(), BinaryName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, r.explain("look for the release", err)
	}
	return info.Size() == rel.Size, nil
}

func (r *remote) send(rel Release) error {
	if free, ok := r.free(); ok && free < uint64(rel.Size)+minFree {
		return fmt.Errorf("%w: the release needs %d MiB, %d MiB are free; choose a larger server type, or remove what does not belong there",
			ErrDiskFull, rel.Size>>20, free>>20)
	}
	local, err := os.Open(rel.Path)
	if err != nil {
		return fmt.Errorf("read the conference server's binary: %w", err)
	}
	defer local.Close()
	if err := r.files.MkdirAll(rel.dir()); err != nil {
		return r.explain("make the release's folder", err)
	}
	final := path.Join(rel.dir(), BinaryName)
	partial := final + ".partial"
	if err := r.create(partial, local); err != nil {
		return err
	}
	if err := r.verify(partial, rel); err != nil {
		return err
	}
	if err := r.files.Chmod(partial, 0o755); err != nil {
		return r.explain("make the release executable", err)
	}
	return r.explain("put the release in place", r.files.PosixRename(partial, final))
}

// verify reads the binary back. What it costs is small beside sending it, and a binary half on disk would be started.
func (r *remote) verify(name string, rel Release) error {
	f, err := r.files.Open(name)
	if err != nil {
		return r.explain("read the release back", err)
	}
	defer f.Close()
	digest := sha256.New()
	size, err := io.Copy(digest, io.LimitReader(f, rel.Size+1))
	if err != nil {
		return r.explain("read the release back", err)
	}
	if got := hex.EncodeToString(digest.Sum(nil)); size != rel.Size || got != rel.SHA256 {
		return fmt.Errorf("the release arrived damaged (%d of %d bytes, or other content); run the command again", size, rel.Size)
	}
	return nil
}

// point lets CurrentLink lead to dir, atomically.
func (r *remote) point(dir string) error {
	fresh := CurrentLink + ".new"
	if err := r.files.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r.explain("switch to the release", err)
	}
	if err := r.files.Symlink(dir, fresh); err != nil {
		return r.explain("switch to the release", err)
	}
	return r.explain("switch to the release", r.files.PosixRename(fresh, CurrentLink))
}

// prune removes all but the newest releases and never the current one.
func (r *remote) prune(current string) error {
	infos, err := r.files.ReadDir(ReleasesDir)
	if err != nil {
		return r.explain("list releases", err)
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	kept := 1 // the current one
	for _, info := range infos {
		dir := path.Join(ReleasesDir, info.Name())
		if dir == current {
			continue
		}
		if kept < keepReleases {
			kept++
			continue
		}
		if err := r.files.RemoveAll(dir); err != nil {
			return r.explain("remove an old release", err)
		}
	}
	return nil
}
