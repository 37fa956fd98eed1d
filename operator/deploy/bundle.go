package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"

	"github.com/medienzentrenverbund/kreisraum/templates"
)

// Bundle is everything that a machine shall have.
type Bundle struct {
	Release Release
	// ServerConfig is /etc/kreisraum/server.yaml.
	ServerConfig []byte
	// CountyCA is the PEM certificate of the county CA.
	CountyCA []byte
	// ACMERoots are PEM roots; empty: there is no such file and the system's roots count.
	ACMERoots []byte
}

// Digest of release, configuration and unit in one, hexadecimal. The server shows it in Info.Deployment.
func (b Bundle) Digest() (string, error) {
	unit, err := unit("")
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	for _, part := range [][]byte{[]byte(b.Release.dir()), []byte(b.Release.SHA256), b.ServerConfig, b.CountyCA, b.ACMERoots, []byte(unit)} {
		fmt.Fprintf(digest, "%d\n", len(part))
		digest.Write(part)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// file is a file on the machine, readable by all; nothing in it is secret.
type file struct {
	path    string
	content []byte // empty: the file shall not be there
}

func (b Bundle) files() ([]file, error) {
	digest, err := b.Digest()
	if err != nil {
		return nil, err
	}
	unit, err := unit(digest)
	if err != nil {
		return nil, err
	}
	return []file{
		{ConfigFile, b.ServerConfig},
		{CountyCAFile, b.CountyCA},
		{ACMERootsFile, b.ACMERoots},
		{path.Join(UnitDir, ServiceUnit), []byte(unit)},
	}, nil
}

func unit(digest string) (string, error) {
	return templates.ServerUnit(templates.Unit{
		User: ServiceUser, Binary: path.Join(CurrentLink, BinaryName), ConfigFile: ConfigFile, Deployment: digest,
		StateDirectory: path.Base(StateDir), LogsDirectory: path.Base(LogDir),
	})
}

// UserData renders a machine's cloud-config with the host key for the first connection: its private half in OpenSSH's PEM
// format, its public half in authorized_keys format.
func UserData(hostname string, hostKey, hostKeyPublic []byte) (string, error) {
	return templates.CloudInit(templates.Machine{
		Hostname: hostname, ServiceUser: ServiceUser, HostKeyUnit: HostKeyUnit, UnitDir: UnitDir,
		RenewHostKey: path.Join(CurrentLink, BinaryName) + " renew-host-key", ReadyMarker: ReadyMarkerFile,
		HostKeyPrivate: string(hostKey), HostKeyPublic: string(hostKeyPublic),
	})
}
