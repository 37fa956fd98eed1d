package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
)

// Files below the sandbox's home.
const (
	lockFile       = "lock"
	manifestFile   = "manifest.json"
	startErrorFile = "start-error"
	logFile        = "sandbox.log"
	tokenFile      = "token"
	cloudFile      = "cloud.json"
	machinesDir    = "machines"
	acmeDir        = "acme"
	acmeRootsFile  = "acme-roots.pem"
	kindFile       = "kind"
)

// Manifest says how to reach a running sandbox.
type Manifest struct {
	PID           int    `json:"pid"`
	HCloudURL     string `json:"hcloud_url"` // with the version, without a final slash
	HCloudToken   string `json:"hcloud_token"`
	ACMEDirectory string `json:"acme_directory"`
	ACMERootsFile string `json:"acme_roots_file"` // PEM, for the ACME server and for what it issues
	DNSServer     string `json:"dns_server"`      // host:port, UDP and TCP
	FrontDoor     string `json:"front_door"`      // host:port
	SitePort      int    `json:"site_port"`       // the front door's, for addresses that people open
	LogFile       string `json:"log_file"`
	// MachinesKind is what the servers are: MachinesProcess or MachinesNspawn.
	MachinesKind string `json:"machines"`
	// NoPrivateNetwork: this computer does not let machines have private addresses.
	NoPrivateNetwork bool `json:"no_private_network,omitempty"`
	// NetworkSeed is what sets this sandbox's private networks apart from another's on this computer.
	NetworkSeed string    `json:"network_seed,omitempty"`
	Started     time.Time `json:"started"`
}

// Endpoints are what the operator needs of the sandbox.
func (m Manifest) Endpoints() (endpoints.Endpoints, error) {
	roots, err := os.ReadFile(m.ACMERootsFile)
	if err != nil {
		return endpoints.Endpoints{}, fmt.Errorf("sandbox: roots of its certificate authority: %w", err)
	}
	return endpoints.Endpoints{
		HCloudURL: m.HCloudURL, HCloudToken: m.HCloudToken, ACMEDirectory: m.ACMEDirectory, ACMERoots: roots,
		DNSServer: m.DNSServer, SitePort: m.SitePort, NoPrivateNetwork: m.NoPrivateNetwork, NetworkSeed: m.NetworkSeed,
	}, nil
}

// errNoManifest means that the sandbox does not run, or is not ready yet.
var errNoManifest = errors.New("the sandbox has no manifest")

func readManifest(home string) (Manifest, error) {
	var m Manifest
	data, err := os.ReadFile(filepath.Join(home, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, errNoManifest
	}
	if err != nil {
		return m, fmt.Errorf("sandbox: %w", err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("sandbox: %s cannot be read: %w; `kreisraum sandbox stop` ends the sandbox, the next start writes the file anew",
			filepath.Join(home, manifestFile), err)
	}
	return m, nil
}

func (m Manifest) write(home string) error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return writeAtomic(filepath.Join(home, manifestFile), append(data, '\n'))
}

// writeAtomic replaces a file of the sandbox, mode 0600.
func writeAtomic(name string, data []byte) error {
	tmp := name + ".tmp"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}
