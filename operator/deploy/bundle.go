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
	// ServerConfig is /etc/kreisraum/server.yaml.
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
	unit, err := unit("")
	if err != nil {
		return "", err
	}
	reboot, err := b.rebootTimer()
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	for _, part := range [][]byte{[]byte(b.Release.dir()), []byte(b.Release.SHA256), b.ServerConfig, b.CountyCA, b.CountyKey.fingerprint(), b.ACMERoots, []byte(unit), reboot} {
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

func (b Bundle) files() ([]file, error) {
	digest, err := b.Digest()
	if err != nil {
		return nil, err
	}
	unit, err := unit(digest)
	if err != nil {
		return nil, err
	}
	reboot, err := b.rebootTimer()
	if err != nil {
		return nil, err
	}
	return []file{
		{path: ConfigFile, content: b.ServerConfig, secret: true},
		{path: CountyCAFile, content: b.CountyCA},
		{path: CountyKeyFile, content: b.CountyKey, secret: true},
		{path: ACMERootsFile, content: b.ACMERoots},
		{path: path.Join(UnitDir, templates.RebootUnit), content: reboot},
		{path: path.Join(UnitDir, ServiceUnit), content: []byte(unit)},
	}, nil
}

// rebootTimer is empty without a time.
func (b Bundle) rebootTimer() ([]byte, error) {
	if b.Reboot == (templates.Reboot{}) {
		return nil, nil
	}
	text, err := templates.RebootTimer(b.Reboot)
	return []byte(text), err
}

func unit(digest string) (string, error) {
	return templates.ServerUnit(templates.Unit{
		User: ServiceUser, Binary: path.Join(CurrentLink, BinaryName), ConfigFile: ConfigFile, Deployment: digest,
		StateDirectory: path.Base(StateDir), LogsDirectory: path.Base(LogDir), RuntimeDirectory: path.Base(RuntimeDir),
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
