package deploy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"path"

	"github.com/medienzentrenverbund/kreisraum/templates"
)

// Bundle is everything that a machine shall have.
type Bundle struct {
	Release Release
	// ServerConfig is the content of ConfigFile.
	ServerConfig []byte
	// CountyCA is the PEM certificate of the county CA.
	CountyCA []byte
	// CountyKey is the key that the county's machines share for tokens, readable by the service's user alone. Empty: there is none.
	CountyKey Secret
	// ACMERoots are PEM roots; empty: there is no such file and the system's roots count.
	ACMERoots []byte
	// Reboot is when the machine may start anew for its system's updates. Zero: never.
	Reboot templates.Reboot
}

// Secret is content that no message shows.
type Secret []byte

// Format implements fmt.Formatter for all verbs.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "[redacted]") }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText keeps a secret out of JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// fingerprint stands for the secret in a digest that everybody may read. It has 256 random bits, which nobody tries out.
func (s Secret) fingerprint() []byte {
	if len(s) == 0 {
		return nil
	}
	sum := sha256.Sum256(append([]byte("kreisraum deployment fingerprint\x00"), s...))
	return sum[:]
}

// Digest of release, configuration and unit in one, hexadecimal. The server shows it in Info.Deployment.
func (b Bundle) Digest() (string, error) {
	unit, err := unit()
	if err != nil {
		return "", err
	}
	reboot, err := b.rebootTimer()
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	for _, part := range [][]byte{[]byte(b.Release.name()), []byte(b.Release.SHA256), b.ServerConfig, b.CountyCA, b.CountyKey.fingerprint(), b.ACMERoots, unit, reboot} {
		fmt.Fprintf(digest, "%d\n", len(part))
		digest.Write(part)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// file is a file on the machine.
type file struct {
	path    string
	content []byte // empty: the file shall not be there
	// secret: only the service's user may read it. Everything else is readable by all.
	secret bool
}

// shared are the files that every release on the machine uses: keys and authorities are the county's and go back with no release.
func (b Bundle) shared() ([]file, error) {
	reboot, err := b.rebootTimer()
	if err != nil {
		return nil, err
	}
	return []file{
		{path: CountyCAFile, content: b.CountyCA},
		{path: CountyKeyFile, content: b.CountyKey, secret: true},
		{path: ACMERootsFile, content: b.ACMERoots},
		{path: path.Join(UnitDir, templates.RebootUnit), content: reboot},
	}, nil
}

// own are the files of the release's folder beside the binary. The last one says that the folder is complete.
func (b Bundle) own(digest string) ([]file, error) {
	unit, err := unit()
	if err != nil {
		return nil, err
	}
	dir := b.dir(digest)
	return []file{
		{path: path.Join(dir, configName), content: b.ServerConfig, secret: true},
		{path: path.Join(dir, ServiceUnit), content: unit},
		{path: path.Join(dir, environmentName), content: environment(digest)},
	}, nil
}

// dir is the folder of release and configuration on the machine: another configuration is another folder.
func (b Bundle) dir(digest string) string {
	return path.Join(ReleasesDir, b.Release.name()+"-"+digest[:12])
}

// rebootTimer is empty without a time.
func (b Bundle) rebootTimer() ([]byte, error) {
	if b.Reboot == (templates.Reboot{}) {
		return nil, nil
	}
	text, err := templates.RebootTimer(b.Reboot)
	return []byte(text), err
}

func unit() ([]byte, error) {
	text, err := templates.ServerUnit(templates.Unit{
		User: ServiceUser, Binary: path.Join(CurrentLink, BinaryName), ConfigFile: ConfigFile, EnvironmentFile: EnvironmentFile,
		StateDirectory: path.Base(StateDir), LogsDirectory: path.Base(LogDir), RuntimeDirectory: path.Base(RuntimeDir),
	})
	return []byte(text), err
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
