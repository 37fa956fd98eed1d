package county

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/operator/countyca"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
	"golang.org/x/crypto/ssh"
)

// Files of a county's secrets, 0600 in its folder.
const (
	passphraseFile = "pulumi.passphrase"
	sshKeyFile     = "operator-ssh.key"
	injectedFile   = "injected-host.key"
)

// secrets of a county; made once, kept until `down`.
type secrets struct {
	passphrase string
	ca         *countyca.CA
	// sshKey logs in to the machines as root.
	sshKey ssh.Signer
	// injected is the host key for a new machine's first connection. It is thrown away once a machine has one of its own; the
	// next new machine gets another.
	injected    ssh.Signer
	injectedPEM []byte
}

func openSecrets(c home.County, now func() time.Time) (*secrets, error) {
	if err := c.Make(); err != nil {
		return nil, err
	}
	var s secrets
	var err error
	if s.passphrase, err = openPassphrase(c); err != nil {
		return nil, err
	}
	if s.ca, err = countyca.Open(c.Dir(), c.Name, now); err != nil {
		return nil, damaged(c, err)
	}
	if s.sshKey, _, err = openSSHKey(c.File(sshKeyFile)); err != nil {
		return nil, damaged(c, err)
	}
	if s.injected, s.injectedPEM, err = openSSHKey(c.File(injectedFile)); err != nil {
		return nil, damaged(c, err)
	}
	return &s, nil
}

// damaged adds the way out to an error about a key that is there and cannot be used.
func damaged(c home.County, err error) error {
	if path := new(fs.PathError); errors.As(err, &path) { // the disk's fault, not the key's
		return err
	}
	return fmt.Errorf("%w; put a backup of %s in place. Without one, %s", err, c.Dir(), anew(c.Name))
}

// anew says how a county whose keys are lost is made again without losing its accounts.
func anew(county string) string {
	return fmt.Sprintf("`kreisraum down %s --keep-register` and then `kreisraum up %s` make the county anew with the same accounts", county, county)
}

// openPassphrase makes a passphrase only where there is no state yet: another one cannot read it.
func openPassphrase(c home.County) (string, error) {
	path, state := c.File(passphraseFile), c.File(stack.Folder)
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read Pulumi's passphrase: %w", err)
	}
	if phrase := strings.TrimSpace(string(data)); phrase != "" {
		return phrase, nil
	}
	if _, err := os.Stat(state); err == nil {
		return "", fmt.Errorf("%s is missing or empty, and without it Pulumi's state cannot be read; put its backup in place. %s", path, withoutPassphrase(c))
	}
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails, see crypto/rand
	phrase := hex.EncodeToString(raw)
	return phrase, atomicfile.Write(path, []byte(phrase+"\n"), 0o600)
}

// passphraseLost reports whether there is a state on this computer and no passphrase for it.
func passphraseLost(c home.County) bool {
	if _, err := os.Stat(c.File(stack.Folder)); err != nil {
		return false
	}
	data, err := os.ReadFile(c.File(passphraseFile))
	return errors.Is(err, fs.ErrNotExist) || err == nil && strings.TrimSpace(string(data)) == ""
}

// withoutPassphrase says how a county goes on whose passphrase has no backup.
func withoutPassphrase(c home.County) string {
	if url, err := rememberedURL(c.Dir()); err != nil || url != "" { // others need the state
		return "The state is shared: any other computer of the team has the passphrase, name a copy with --passphrase-file"
	}
	return fmt.Sprintf("Without one, `kreisraum adopt %s` sets the state aside and finds everything at Hetzner by its labels", c.Name)
}

// openSSHKey loads an ed25519 key in OpenSSH's format, or makes it.
func openSSHKey(path string) (ssh.Signer, []byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = makeSSHKey(path)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("SSH key: %w", err)
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		return nil, nil, fmt.Errorf("SSH key %s: %w", path, err)
	}
	return signer, data, nil
}

func makeSSHKey(path string) ([]byte, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "kreisraum")
	if err != nil {
		return nil, err
	}
	return writeOnce(path, pem.EncodeToMemory(block))
}

// writeOnce makes a file with mode 0600 and returns its content. When another process was faster, that is the other's.
func writeOnce(path string, data []byte) ([]byte, error) {
	fresh := path + ".fresh-" + rand.Text()
	if err := atomicfile.Write(fresh, data, 0o600); err != nil {
		return nil, err
	}
	defer os.Remove(fresh)
	if err := os.Link(fresh, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

// dropInjected makes the injected host key worthless to whoever finds it here.
func dropInjected(c home.County) error {
	if err := os.Remove(c.File(injectedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the injected host key: %w", err)
	}
	return nil
}
