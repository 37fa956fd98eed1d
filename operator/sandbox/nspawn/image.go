package nspawn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ImagesVariable names the environment variable with the folder of the images.
const ImagesVariable = "KREISRAUM_IMAGES"

// DefaultImages is the images' folder without the variable: shared by all sandboxes of this computer. Only root can build and use them.
const DefaultImages = "/var/lib/kreisraum/images"

// ImagesDir is the folder of the images.
func ImagesDir(getenv func(string) string) string {
	if dir := getenv(ImagesVariable); dir != "" {
		return dir
	}
	return DefaultImages
}

// Image is a built root file system. It never changes; a changed recipe makes another one beside it, since disks lie over it.
type Image struct {
	// Stamp is the recipe's hash.
	Stamp string
	// Root is the folder with the file system.
	Root string
}

func imageAt(dir, stamp string) Image {
	return Image{Stamp: stamp, Root: filepath.Join(dir, "debian-12-"+stamp, "rootfs")}
}

// complete: the root is renamed into place when everything in it is done.
func (i Image) complete() bool {
	info, err := os.Stat(i.Root)
	return err == nil && info.IsDir()
}

// FindImage returns the image of this program's recipe, and whether it has been built.
func FindImage(dir string) (Image, bool) {
	i := imageAt(dir, recipeStamp())
	return i, i.complete()
}

// EnsureImage returns the image of this program's recipe after building it when it is missing, which takes one to two minutes and a Debian
// mirror. Only one process builds at a time, the others wait. progress is called with each step.
func EnsureImage(ctx context.Context, dir string, progress func(step string)) (Image, error) {
	if i, ok := FindImage(dir); ok {
		return i, nil
	}
	if err := checkBuilder(); err != nil {
		return Image{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Image{}, fmt.Errorf("machine image: %w", err)
	}
	unlock, err := lockImages(ctx, dir, progress)
	if err != nil {
		return Image{}, fmt.Errorf("machine image: %w", err)
	}
	defer unlock()
	i, ok := FindImage(dir)
	if ok { // built by another meanwhile
		return i, nil
	}
	if err := buildImage(ctx, i, progress); err != nil {
		return Image{}, fmt.Errorf("build the machine image: %w", err)
	}
	return i, nil
}

// lockImages waits until nobody else builds. The lock goes with the process.
func lockImages(ctx context.Context, dir string, progress func(string)) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	told := false
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			_ = f.Close()
			return nil, fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if !told {
			told = true
			progress("another process is building the image, waiting for it")
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// recipeStamp changes with everything that decides what is in an image, but not with the mirror. Its first part is a number for what the builder
// does; count it up with a change of that.
func recipeStamp() string {
	h := sha256.New()
	for _, part := range [][]string{{"1", suite}, packages, masked, droppedModules, excludedPaths} {
		fmt.Fprintln(h, strings.Join(part, "\x00"))
	}
	for _, f := range imageFiles() {
		fmt.Fprintf(h, "%s\x00%s\n", f.name, f.content)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
