package machine

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// maxUnpacked bounds what a packed file may become, in bytes; a server's binary has some thirty million.
const maxUnpacked = 1 << 30

// unpack does what gzip(1) does for deploy.CmdUnpack.
func (s *shell) unpack() commandResult {
	from := deploy.IncomingFile + ".gz"
	if err := gunzip(s.units.host.disk, from, deploy.IncomingFile); err != nil {
		return commandResult{stderr: fmt.Sprintf("gzip: %s: %v\n", from, hideFolder(err)), code: 1}
	}
	return commandResult{}
}

func gunzip(disk *rootFS, from, to string) (err error) {
	in, err := disk.openFile(from, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer in.Close()
	unpacked, err := gzip.NewReader(in)
	if err != nil {
		return err
	}
	out, err := disk.openFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(unpacked, maxUnpacked))
	if err == nil && n == maxUnpacked {
		err = errors.New("larger than anything that is deployed")
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, disk.remove(to))
	}
	return disk.remove(from)
}

// measure does what sha256sum(1) does for deploy.CmdMeasure.
func (s *shell) measure() commandResult {
	f, err := s.units.host.disk.openFile(deploy.IncomingFile, os.O_RDONLY, 0)
	if err != nil {
		return commandResult{stderr: fmt.Sprintf("sha256sum: %v\n", hideFolder(err)), code: 1}
	}
	defer f.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, f); err != nil {
		return commandResult{stderr: fmt.Sprintf("sha256sum: %v\n", hideFolder(err)), code: 1}
	}
	return commandResult{stdout: hex.EncodeToString(digest.Sum(nil)) + "  " + deploy.IncomingFile + "\n"}
}
