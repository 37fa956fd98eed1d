package county

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/infra"
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
	// Bridges by number: what is known of each dedicated bridge beside what it is.
	Bridges map[int]bridge `json:"bridges,omitempty"`
	// UnseenAccount is the name of the first account while nobody has been shown its password: a run that was killed in between
	// must not leave an account that nobody can use.
	UnseenAccount string `json:"unseen_account,omitempty"`
	// Renewing are machines that get no new rooms because they are about to run another release, by ID, and until when that word is good:
	// a command that was killed must not keep a machine from its lessons.
	Renewing map[string]time.Time `json:"renewing,omitempty"`
	// Wave is the last release and configuration that was brought to machines which ran another one, see site.wave. Renewed are the machines
	// that it has reached, by ID, and the version that each ran before.
	Wave    string            `json:"wave,omitempty"`
	Renewed map[string]string `json:"renewed,omitempty"`
	// SoldOut are kinds of machines that Hetzner did not have lately.
	SoldOut []soldOut `json:"sold_out,omitempty"`
	// Rebuilding are machines, by ID, whose disk is being made anew: what is remembered of them is about the old one.
	Rebuilding []string `json:"rebuilding,omitempty"`
	// Refused is the release that was taken back, see deploy.Release.ID: `up` does not bring it a second time.
	Refused string `json:"refused,omitempty"`
	// LiveVersion and LiveDigest are what the ledger last noted as deployed.
	LiveVersion string `json:"live_version,omitempty"`
	LiveDigest  string `json:"live_digest,omitempty"`

	path string
	// mu lets deployments that run at the same time pin their machines' keys.
	mu sync.Mutex
}

// releaseOf is the release of a wave, see deploy.Release.ID.
func releaseOf(wave string) string {
	release, _, _ := strings.Cut(wave, " ")
	return release
}

// bridge is what is remembered of a dedicated bridge.
type bridge struct {
	// ServerID is the machine that the rest speaks of; 0: it is being made.
	ServerID int64 `json:"server_id,omitempty"`
	// Ready: a media probe went through it.
	Ready    bool `json:"ready,omitempty"`
	Draining bool `json:"draining,omitempty"`
	// ByHand: an operator drained it.
	ByHand bool `json:"by_hand,omitempty"`
	// Created is when Hetzner began to bill it, or a moment before.
	Created time.Time `json:"created,omitzero"`
}

func (b bridge) ready(m infra.Machine) bool {
	return b.Ready && b.ServerID != 0 && b.ServerID == m.ServerID
}

// bridge returns what is remembered of a bridge; nothing is a bridge that is not ready.
func (l *local) bridge(number int) bridge {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Bridges[number]
}

// change changes what is remembered and saves it.
func (l *local) change(f func(*local)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l)
	return l.save()
}

// take takes over what the stack has made. A machine that was made anew is not ready.
func (l *local) take(out infra.Outputs, now time.Time) {
	l.Outputs = out
	known := l.Bridges
	l.Bridges = map[int]bridge{}
	for _, m := range out.Machines {
		if m.Number == 0 {
			continue
		}
		b := known[m.Number]
		if b.ServerID != 0 && b.ServerID != m.ServerID {
			b.Ready, b.Created = false, now
		}
		b.ServerID = m.ServerID
		l.Bridges[m.Number] = b
	}
	l.forgetHostKeys()
}

// machine returns the bridge machine with a number; one without a ServerID is not there.
func (l *local) machine(number int) infra.Machine {
	for _, m := range l.Outputs.Machines {
		if m.Number == number && m.Role == infra.RoleBridge {
			return m
		}
	}
	return infra.Machine{}
}

// hostKey is a pinned SSH host key in authorized_keys format.
type hostKey struct {
	Key    string `json:"key"`
	Proven bool   `json:"proven"`
}

func loadLocal(c home.County) (*local, error) {
	l := &local{path: c.File("local.json"), HostKeys: map[int64]hostKey{}, Bridges: map[int]bridge{}, Renewed: map[string]string{}}
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
	l.mu.Lock()
	saved, ok := l.HostKeys[server]
	l.mu.Unlock()
	if !ok {
		return nil, false, nil
	}
	key, _, _, _, err = ssh.ParseAuthorizedKey([]byte(saved.Key))
	if err != nil {
		return nil, false, fmt.Errorf("read the pinned host key in %s: %w", l.path, err)
	}
	return key, saved.Proven, nil
}

// pin saves the key of a server. Keys of servers that are not the county's any more are dropped. all says that every machine has
// proven its key.
func (l *local) pin(server int64, key ssh.PublicKey, proven bool) (all bool, err error) {
	err = l.change(func(l *local) {
		l.HostKeys[server] = hostKey{Key: string(ssh.MarshalAuthorizedKey(key)), Proven: proven}
		l.forgetHostKeys()
		all = true
		for _, m := range l.Outputs.Machines {
			all = all && l.HostKeys[m.ServerID].Proven
		}
	})
	return all, err
}

func (l *local) forgetHostKeys() {
	for id := range l.HostKeys {
		if !l.has(id) {
			delete(l.HostKeys, id)
		}
	}
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
