package nspawn

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// disk is a machine's folder.
//
//	identity     whose disk it is, and over which image; written last
//	upper/       what differs from the image
//	work/        overlayfs's own, empty between boots
//	rootfs/      where both are joined, seen by the machine's processes alone
//	dmi/         vendor and serial number, as a firmware would tell
//	console.log  what the machine's console showed; of the last boots
type disk struct{ dir string }

// copyTimeout bounds copying a disk; a few hundred megabytes at most.
const copyTimeout = 5 * time.Minute

func (d disk) path(name string) string { return filepath.Join(d.dir, name) }

// identity tells whose disk a folder is. A machine may be renamed and moved to another type, it keeps its disk.
func identity(m hcloudsim.Machine) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "nspawn\x00%d\x00%d", m.ID, m.Created.UnixNano()))
	return hex.EncodeToString(sum[:])
}

// belongsTo reads the identity: the stamp of the image below, or "" when the disk is another's or not complete.
func (d disk) belongsTo(m hcloudsim.Machine) (stamp string, err error) {
	data, err := os.ReadFile(d.path("identity"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	who, stamp, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	if err != nil || who != identity(m) {
		return "", err
	}
	return stamp, nil
}

// make lays out a fresh disk over an image, or as a copy of a snapshot.
func (d disk) make(m hcloudsim.Machine, image Image, snapshot disk, resolver string) error {
	if err := os.RemoveAll(d.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	stamp := image.Stamp
	if m.Snapshot != 0 {
		below, err := os.ReadFile(snapshot.path("image"))
		if err != nil {
			return fmt.Errorf("snapshot %d: %w", m.Snapshot, err)
		}
		stamp = strings.TrimSpace(string(below))
		if err := copyTree(snapshot.path("upper"), d.path("upper")); err != nil {
			return fmt.Errorf("snapshot %d: %w", m.Snapshot, err)
		}
	}
	for _, name := range []string{"upper", "work", "rootfs", "dmi", "upper/etc"} {
		if err := os.MkdirAll(d.path(name), 0o755); err != nil {
			return err
		}
	}
	for _, f := range []imageFile{
		{"dmi/sys_vendor", "Hetzner\n"}, {"dmi/product_serial", fmt.Sprintf("%d\n", m.ID)},
		{"upper/etc/resolv.conf", "nameserver " + resolver + "\noptions timeout:2 attempts:2\n"},
	} {
		if err := os.WriteFile(d.path(f.name), []byte(f.content), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(d.path("identity"), []byte(identity(m)+" "+stamp+"\n"), 0o600)
}

// keep copies the disk to a snapshot. An earlier copy is replaced in one step.
func (d disk) keep(snapshot disk, stamp string) error {
	unfinished := disk{snapshot.dir + ".new"}
	if err := os.RemoveAll(unfinished.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(unfinished.dir, 0o700); err != nil {
		return err
	}
	err := copyTree(d.path("upper"), unfinished.path("upper"))
	if err == nil {
		err = os.WriteFile(unfinished.path("image"), []byte(stamp+"\n"), 0o600)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(unfinished.dir))
	}
	if err := os.RemoveAll(snapshot.dir); err != nil {
		return err
	}
	return os.Rename(unfinished.dir, snapshot.dir)
}

// copyTree copies a layer with owners, whiteouts and extended attributes; overlayfs keeps its marks in the latter two.
func copyTree(from, to string) error {
	return command(copyTimeout, "cp", "--archive", "--reflink=auto", "--no-target-directory", "--", from, to)
}

// maxConsole bounds a console's log in bytes; it starts over at the boot after.
const maxConsole = 1 << 20

// console opens the log for a boot.
func (d disk) console() (*os.File, error) {
	name := d.path("console.log")
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if info, err := os.Stat(name); err == nil && info.Size() > maxConsole {
		flags |= os.O_TRUNC
	}
	return os.OpenFile(name, flags, 0o600)
}

// prepare makes the disk ready for a mount: the work folder of one that was cut off cannot be used again, kernel.org overlayfs, "Volatile mount".
func (d disk) prepare() error {
	if err := os.RemoveAll(d.path("work")); err != nil {
		return err
	}
	return os.MkdirAll(d.path("work"), 0o755)
}
