package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// keepReleases is how many releases stay on the machine, the current and the previous one included.
const keepReleases = 3

// pushBinary brings the binary into the release's folder unless it is there.
func (r *remote) pushBinary(rel Release, dir string, compressed func() ([]byte, error)) error {
	final := path.Join(dir, BinaryName)
	if there, err := r.isBinary(final, rel); there || err != nil {
		return err
	}
	if err := r.files.MkdirAll(dir); err != nil {
		return r.explain("make the release's folder", err)
	}
	twin, err := r.twin(rel)
	if err != nil {
		return err
	}
	if twin != "" {
		return r.explain("put the release in place", r.files.Link(twin, final))
	}
	return r.send(rel, final, compressed)
}

// isBinary trusts a binary under its final name: it was put there only after its digest had been measured.
func (r *remote) isBinary(name string, rel Release) (bool, error) {
	info, err := r.files.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, r.explain("look for the release", err)
	}
	return info.Size() == rel.Size, nil
}

// twin is the same release's binary in another configuration's folder; "" if there is none.
func (r *remote) twin(rel Release) (string, error) {
	infos, err := r.files.ReadDir(ReleasesDir)
	if err != nil {
		return "", r.explain("list releases", err)
	}
	for _, info := range infos {
		name := path.Join(ReleasesDir, info.Name(), BinaryName)
		if !strings.HasPrefix(info.Name(), rel.name()+"-") {
			continue
		}
		if there, err := r.isBinary(name, rel); there || err != nil {
			return name, err
		}
	}
	return "", nil
}

// send brings the binary to the machine compressed, has it measured there, and only then gives it its name.
func (r *remote) send(rel Release, final string, compressed func() ([]byte, error)) error {
	data, err := compressed()
	if err != nil {
		return err
	}
	if free, ok := r.free(); ok && free < uint64(rel.Size)+uint64(len(data))+minFree {
		return fmt.Errorf("%w: the release needs %d MiB, %d MiB are free; choose a larger server type, or remove what does not belong there",
			ErrDiskFull, (rel.Size+int64(len(data)))>>20, free>>20)
	}
	if err := r.create(IncomingFile+".gz", bytes.NewReader(data)); err != nil {
		return err
	}
	if _, err := r.run(CmdUnpack); err != nil {
		return r.explain("unpack the release", err)
	}
	out, err := r.run(CmdMeasure)
	if err != nil {
		return fmt.Errorf("measure the release on the machine: %w", err)
	}
	if got, _, _ := strings.Cut(out, " "); got != rel.SHA256 {
		return errors.New("the release arrived damaged; run the command again")
	}
	if err := r.files.Chmod(IncomingFile, 0o755); err != nil {
		return r.explain("make the release executable", err)
	}
	return r.explain("put the release in place", r.files.PosixRename(IncomingFile, final))
}

// environment is what the release tells its server: the digest that the operator wants to see again.
func environment(digest string) []byte {
	return []byte("KREISRAUM_DEPLOYMENT=" + digest + "\n")
}

// digestIn returns the digest of the release in a folder, "" if the folder is not complete.
func (r *remote) digestIn(dir string) (string, error) {
	data, err := r.read(path.Join(dir, environmentName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	digest, _ := strings.CutPrefix(strings.TrimSpace(string(data)), "KREISRAUM_DEPLOYMENT=")
	return digest, nil
}

// target is where a link leads, "" if there is none.
func (r *remote) target(link string) (string, error) {
	target, err := r.files.ReadLink(link)
	if err == nil {
		return target, nil
	}
	if _, look := r.files.Lstat(link); errors.Is(look, fs.ErrNotExist) { // SFTP's ReadLink has one error for all reasons
		return "", nil
	}
	return "", r.explain("read "+link, err)
}

// point lets a link lead to dir, atomically.
func (r *remote) point(link, dir string) error {
	fresh := link + ".new"
	if err := r.files.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return r.explain("switch to the release", err)
	}
	if err := r.files.Symlink(dir, fresh); err != nil {
		return r.explain("switch to the release", err)
	}
	return r.explain("switch to the release", r.files.PosixRename(fresh, link))
}

// prune removes all but the newest releases, and never those kept.
func (r *remote) prune(kept ...string) error {
	infos, err := r.files.ReadDir(ReleasesDir)
	if err != nil {
		return r.explain("list releases", err)
	}
	kept = slices.DeleteFunc(kept, func(dir string) bool { return dir == "" })
	room := keepReleases - len(kept)
	slices.SortFunc(infos, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, info := range infos {
		dir := path.Join(ReleasesDir, info.Name())
		if slices.Contains(kept, dir) {
			continue
		}
		if room--; room >= 0 {
			continue
		}
		if err := r.files.RemoveAll(dir); err != nil {
			return r.explain("remove an old release", err)
		}
	}
	return nil
}

// plainName is Release.ID of the release in a folder.
func plainName(dir string) string {
	name := path.Base(dir)
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		return name[:i]
	}
	return name
}
