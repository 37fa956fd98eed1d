package county

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"golang.org/x/crypto/ssh"
)

// local is what the operator remembers of a county beside keys and Pulumi's state, in the file local.json.
type local struct {
	// SSHOpenIn is the firewall in which a temporary SSH rule may stand; 0: none. It is set before the rule is made and
	// cleared after it is gone, so that a killed run leaves a trace.
	SSHOpenIn int64 `json:"ssh_open_in,omitempty"`
	// Outputs are the stack's after the last infra step.
	Outputs infra.Outputs `json:"outputs"`
	// HostKeys by server ID: what each machine may show.
	HostKeys map[int64]hostKey `json:"host_keys,omitempty"`
	// UnseenAccount is the name of the first account while nobody has been shown its password: a run that was killed in between
	// must not leave an account that nobody can use.
	UnseenAccount string `json:"unseen_account,omitempty"`
	// LiveVersion and LiveDigest are what the ledger last noted as deployed.
	LiveVersion string `json:"live_version,omitempty"`
	LiveDigest  string `json:"live_digest,omitempty"`

	path string
}

// hostKey is a pinned SSH host key in authorized_keys format.
type hostKey struct {
	Key    string `json:"key"`
	Proven bool   `json:"proven"`
}

func loadLocal(c home.County) (*local, error) {
	l := &local{path: c.File("local.json"), HostKeys: map[int64]hostKey{}}
	data, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the county's state: %w", err)
	}
	if err := json.Unmarshal(data, l); err != nil {
		return nil, fmt.Errorf("read the county's state %s: %w; put a backup in its place. Without one, %s", l.path, err, anew(c.Name))
	}
	return l, nil
}

func (l *local) save() error {
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return fmt.Errorf("save the county's state: %w", err)
	}
	return atomicfile.Write(l.path, append(data, '\n'), 0o600)
}

// pinned returns the key saved for a server, nil if there is none.
func (l *local) pinned(server int64) (key ssh.PublicKey, proven bool, err error) {
	saved, ok := l.HostKeys[server]
	if !ok {
		return nil, false, nil
	}
	key, _, _, _, err = ssh.ParseAuthorizedKey([]byte(saved.Key))
	if err != nil {
		return nil, false, fmt.Errorf("read the pinned host key in %s: %w", l.path, err)
	}
	return key, saved.Proven, nil
}

// pin saves the key of a server. Keys of servers that are not the county's any more are dropped.
func (l *local) pin(server int64, key ssh.PublicKey, proven bool) error {
	l.HostKeys[server] = hostKey{Key: string(ssh.MarshalAuthorizedKey(key)), Proven: proven}
	for id := range l.HostKeys {
		if !l.has(id) {
			delete(l.HostKeys, id)
		}
	}
	return l.save()
}

func (l *local) has(server int64) bool {
	for _, m := range l.Outputs.Machines {
		if m.ServerID == server {
			return true
		}
	}
	return false
}

// portal returns the machine with the site.
func portal(out infra.Outputs) (infra.Machine, bool) {
	for _, m := range out.Machines {
		if m.Role == infra.RolePortal {
			return m, true
		}
	}
	return infra.Machine{}, false
}
