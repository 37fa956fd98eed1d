package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"slices"
	"sync"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// machines is the operator's list of machines, in memory and in one file. Safe for concurrent use.
type machines struct {
	path string
	// alone and ownBridge say what may be in the list.
	alone, ownBridge bool

	replacing sync.Mutex // serialises replace; held during I/O, therefore apart from mu
	// user gets each new list, in order.
	user func(opsapi.Machines)

	mu   sync.Mutex
	list opsapi.Machines
}

// openMachines reads the list. Without one the portal's own bridge, if it has one, is the county's: so it was before there was a list. A
// damaged file counts as none; the operator sees that the revision is gone and puts the list again.
func openMachines(path string, c config.Config, log *slog.Logger) (*machines, error) {
	m := &machines{path: path, alone: c.Alone(), ownBridge: c.HasBridge()}
	if m.ownBridge {
		own, _ := netip.ParseAddr(c.Cluster.PrivateAddress) // none if it is alone
		m.list.Machines = []opsapi.Machine{{ID: identity.Portal, Private: own, Ready: true}}
	}
	list, err := m.read()
	switch {
	case err == nil:
		m.list = awake(list)
	case errors.As(err, new(*opsapi.Error)):
		log.Error("list of machines cannot be used; rooms are on this machine alone until the operator puts the list again", "error", err)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read list of machines: %w; check the state folder's owner", err)
	}
	return m, nil
}

// awake is the list in which the portal's own bridge takes rooms. The operator keeps it from new ones until its process is restarted, and
// that has just happened; one who was cut off must not leave a county without lessons.
func awake(list opsapi.Machines) opsapi.Machines {
	list.Machines = slices.Clone(list.Machines)
	for i, one := range list.Machines {
		if one.ID == identity.Portal && one.Draining {
			list.Machines[i].Draining, list.Revision = false, "" // another list than the operator's: it is put again
		}
	}
	return list
}

func (m *machines) read() (opsapi.Machines, error) {
	data, err := atomicfile.Read(m.path, opsapi.MaxMachinesBody)
	if errors.Is(err, atomicfile.ErrTooLarge) {
		return opsapi.Machines{}, &opsapi.Error{Code: opsapi.CodeTooLarge, Message: "the file is too large"}
	}
	if err != nil {
		return opsapi.Machines{}, err
	}
	list, err := opsapi.DecodeMachines(data)
	if err != nil {
		return opsapi.Machines{}, err
	}
	return list, m.check(list)
}

// check refuses what this portal cannot reach. The list is valid by itself.
func (m *machines) check(list opsapi.Machines) error {
	for _, one := range list.Machines {
		switch {
		case one.ID == identity.Portal && !m.ownBridge:
			return &opsapi.Error{Code: opsapi.CodeInvalidMachines, Message: "the portal has no bridge of its own (role: portal)"}
		case one.ID != identity.Portal && m.alone:
			return &opsapi.Error{Code: opsapi.CodeInvalidMachines,
				Message: "the portal has no private network and reaches no bridge; set cluster.private_address in its server.yaml"}
		}
	}
	return nil
}

// current is the list in use.
func (m *machines) current() opsapi.Machines {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.list
}

// use hands the list in use over, and each that replaces it.
func (m *machines) use(f func(opsapi.Machines)) {
	m.replacing.Lock()
	defer m.replacing.Unlock()
	m.user = f
	f(m.current())
}

// replace writes a valid list to disk and puts it to use, in this order. Returns an *opsapi.Error if the list cannot be this portal's;
// nothing has changed after an error.
func (m *machines) replace(list opsapi.Machines) error {
	if err := m.check(list); err != nil {
		return err
	}
	data, err := json.MarshalIndent(list, "", " ")
	if err != nil {
		return fmt.Errorf("encode list of machines: %w", err)
	}
	m.replacing.Lock()
	defer m.replacing.Unlock()
	if err := atomicfile.Write(m.path, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("list of machines: %w; check the disk's free space", err)
	}
	m.mu.Lock()
	m.list = list
	m.mu.Unlock()
	if m.user != nil {
		m.user(list)
	}
	return nil
}

// has reports whether the list has the machine.
func (m *machines) has(id string) bool {
	for _, one := range m.current().Machines {
		if one.ID == id {
			return true
		}
	}
	return false
}
