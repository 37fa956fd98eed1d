package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
)

// Release is a server binary on the operator's computer.
type Release struct {
	Version string
	// Path of the binary, its size in bytes and its SHA-256 in hexadecimal.
	Path   string
	Size   int64
	SHA256 string
}

// OpenRelease measures the binary at file. It returns an error that says how to build one when it is not there.
func OpenRelease(file, version string) (Release, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Release{}, fmt.Errorf("the conference server's binary is not there: %s; run `make` in the project's folder, or unpack a release again", file)
	}
	if err != nil {
		return Release{}, fmt.Errorf("read the conference server's binary: %w", err)
	}
	defer f.Close()
	digest := sha256.New()
	size, err := io.Copy(digest, f)
	if err != nil {
		return Release{}, fmt.Errorf("read the conference server's binary: %w", err)
	}
	return Release{Version: version, Path: file, Size: size, SHA256: hex.EncodeToString(digest.Sum(nil))}, nil
}

var unsafeInName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// name is the release's on the machine. Equal bytes under another version are another release, so that the version people see is the
// one they installed.
func (r Release) name() string {
	return unsafeInName.ReplaceAllString(r.Version, "-") + "-" + r.SHA256[:12]
}

// ID tells releases apart, for people too: version and the beginning of the digest.
func (r Release) ID() string { return r.name() }
