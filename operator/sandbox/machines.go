package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/machine"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/nspawn"
)

// What the simulated cloud's servers are on this computer. Nothing outside of this file asks.
const (
	// MachinesProcess: folders with supervised processes on loopback addresses, see package machine.
	MachinesProcess = "process"
	// MachinesNspawn: Debian 12 with systemd, see package nspawn.
	MachinesNspawn = "nspawn"
)

// MachinesKinds are all of them, the default first.
var MachinesKinds = []string{MachinesProcess, MachinesNspawn}

// runtime is what the sandbox needs of its machines.
type runtime interface {
	hcloudsim.Runtime
	// Machines tells of all machines, in the order of their numbers; those that are busy until ctx ends are left out.
	Machines(ctx context.Context) []machine.Status
	// Close stops all machines; their disks stay.
	Close() error
}

// machines are a runtime with what others must know of it.
type machines struct {
	runtime            runtime
	acme, dns          string // where certificate authority and name server listen, for machines to reach them
	ipv4Pool, ipv6Pool netip.Prefix
	ipv6, private      bool // what machines can have
	// seed is the machines' range of addresses: sandboxes that run side by side have one each, and so private networks of their own.
	seed string
}

func openMachines(c Config) (machines, error) {
	open := openProcessMachines
	if c.Machines == MachinesNspawn {
		open = openNspawnMachines
	}
	m, err := open(c)
	if err != nil {
		return m, err
	}
	if err := writeAtomic(filepath.Join(c.Home, kindFile), []byte(c.Machines+"\n")); err != nil {
		return m, errors.Join(err, m.runtime.Close())
	}
	return m, nil
}

func openProcessMachines(c Config) (machines, error) {
	r, err := machine.NewProcess(machine.Config{Dir: filepath.Join(c.Home, machinesDir), Log: c.Log})
	if err != nil {
		return machines{}, err
	}
	m := machines{runtime: r, acme: c.ACME, dns: c.DNS, ipv4Pool: c.IPv4Pool, ipv6Pool: c.IPv6Pool, ipv6: true, private: true}
	if c.IPv4Pool.IsValid() {
		m.seed = c.IPv4Pool.String()
	}
	if err := r.EnablePrivate(); err != nil { // without, a county is one machine
		m.private = false
		c.Log.Info("machines have no private addresses in this sandbox, so a county can have no bridges; root rights or CAP_NET_ADMIN allow them",
			"error", err)
	}
	if err := r.EnableIPv6(c.IPv6Pool); err != nil { // the simulated cloud says no to those who ask for it
		m.ipv6 = false
		c.Log.Info("machines have no IPv6 in this sandbox", "error", err)
	}
	return m, nil
}

func openNspawnMachines(c Config) (machines, error) {
	r, err := nspawn.Open(nspawn.Config{Dir: filepath.Join(c.Home, machinesDir), Images: c.Images, Log: c.Log})
	if err != nil {
		return machines{}, err
	}
	host := r.HostAddress().String() // before a port
	return machines{
		runtime: r, acme: host + c.ACME, dns: host + c.DNS, ipv4Pool: r.IPv4Pool(), ipv6Pool: r.IPv6Pool(), ipv6: r.IPv6Supported(), private: true,
		seed: r.IPv4Pool().String(),
	}, nil
}

// chosenMachines is what was asked for, or what the home has. A home keeps its kind: the disks of one are nothing to the other.
func chosenMachines(home, asked string) (string, error) {
	valid := false
	for _, kind := range MachinesKinds {
		valid = valid || kind == asked
	}
	if asked != "" && !valid {
		return "", fmt.Errorf("sandbox: machines of the kind %q are unknown; there are %s", asked, strings.Join(MachinesKinds, " and "))
	}
	have, err := homeMachines(home)
	switch {
	case err != nil:
		return "", err
	case have == "" && asked == "":
		return MachinesProcess, nil
	case have == "" || have == asked:
		return asked, nil
	case asked == "":
		return have, nil
	}
	return "", fmt.Errorf("sandbox: its machines are of the kind %s, not %s; `kreisraum sandbox remove` ends this sandbox with all counties in it, "+
		"another --home makes a second one beside it", have, asked)
}

// homeMachines is the kind that the home has: of one that was never started there is none. A home from before there were kinds has processes.
func homeMachines(home string) (string, error) {
	data, err := os.ReadFile(filepath.Join(home, kindFile))
	if err == nil {
		return strings.TrimSpace(string(data)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("sandbox: %w", err)
	}
	if _, err := os.Lstat(filepath.Join(home, cloudFile)); err == nil {
		return MachinesProcess, nil
	}
	return "", nil
}
