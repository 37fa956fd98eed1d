package county

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"golang.org/x/crypto/ssh"
)

// Door is a machine's open port 22.
type Door struct {
	// Machine is the machine's ID, Address where its sshd answers.
	Machine string
	Address netip.AddrPort
	// KeyFile is the operator's private key, OpenSSH's format, Key the same.
	KeyFile string
	Key     ssh.Signer
	// HostKeys are those that the machine may show.
	HostKeys []ssh.PublicKey
}

// KnownHosts is the content of a known_hosts file for the door, sshd(8).
func (d Door) KnownHosts() string {
	var b strings.Builder
	for _, key := range d.HostKeys {
		fmt.Fprintf(&b, "%s %s", d.Address.Addr(), ssh.MarshalAuthorizedKey(key))
	}
	return b.String()
}

// OpenDoor opens port 22 for the configured sources, so that the machine with an ID can be logged in to; empty: the portal. It waits while another
// command has the county, and tells waiting of it once. close must be called; it closes the port when nobody else is logged in. As long as
// the door is open no other command closes the port, but all of them go on with their work. A killed process leaves a trace by which the next
// `up`, `status` or ssh closes it. Returns ErrNotUp.
func (c *County) OpenDoor(ctx context.Context, machine string, waiting func()) (door Door, close func() error, err error) {
	unlock, err := c.lockWhenFree(ctx, waiting)
	if err != nil {
		return Door{}, nil, err
	}
	defer unlock()
	l, err := c.remembered()
	if err != nil {
		return Door{}, nil, err
	}
	if door, err = c.door(l, machine); err != nil {
		return Door{}, nil, err
	}
	leave, err := c.Home.Session()
	if err != nil {
		return Door{}, nil, err
	}
	if err = l.change(func(l *local) { l.SSHOpenIn = l.Outputs.FirewallID }); err == nil {
		_, err = c.World.Cloud.OpenSSH(ctx, l.Outputs.FirewallID, c.Config.SSH.Prefixes())
	}
	if err == nil {
		err = c.Ledger.Write(audit.MachineEntered, door.Machine)
	}
	if err != nil {
		leave()
		return Door{}, nil, errors.Join(err, c.shut(ctx, l))
	}
	return door, func() error { leave(); return c.closeDoor(ctx) }, nil
}

// lockWhenFree waits for the county's lock.
func (c *County) lockWhenFree(ctx context.Context, waiting func()) (unlock func(), err error) {
	for told := false; ; told = true {
		unlock, err := c.Home.Lock()
		if !errors.Is(err, home.ErrBusy) {
			return unlock, err
		}
		if !told && waiting != nil {
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), err)
		case <-time.After(lockPoll):
		}
	}
}

// lockPoll is the time between two looks at a lock that somebody has.
const lockPoll = 200 * time.Millisecond

// door finds the machine and its keys.
func (c *County) door(l *local, id string) (Door, error) {
	i := slices.IndexFunc(l.Outputs.Machines, func(m infra.Machine) bool { return machineID(m) == id || id == "" && m.Role == infra.RolePortal })
	if i < 0 {
		return Door{}, fmt.Errorf("%s has no machine %q; there are %s", c.Home.Name, id, strings.Join(machineIDs(l.Outputs), ", "))
	}
	m := l.Outputs.Machines[i]
	address, err := netip.ParseAddr(m.IPv4)
	if err != nil {
		return Door{}, fmt.Errorf("the machine's address: %w", err)
	}
	s, err := openSecrets(c.Home, c.World.Now)
	if err != nil {
		return Door{}, err
	}
	pinned, proven, err := l.pinned(m.ServerID)
	if err != nil {
		return Door{}, err
	}
	door := Door{Machine: machineID(m), Address: netip.AddrPortFrom(address, sshPort), KeyFile: c.Home.File(sshKeyFile), Key: s.sshKey}
	if pinned != nil {
		door.HostKeys = append(door.HostKeys, pinned)
	}
	if !proven {
		door.HostKeys = append(door.HostKeys, s.injected.PublicKey())
	}
	return door, nil
}

func machineIDs(out infra.Outputs) []string {
	ids := make([]string, len(out.Machines))
	for i, m := range out.Machines {
		ids[i] = machineID(m)
	}
	return ids
}

// MachineIDs are the machines that this computer knows, the portal first; none if the county is not up. It asks nobody.
func (c *County) MachineIDs() []string {
	l, err := c.remembered()
	if err != nil {
		return nil
	}
	return machineIDs(l.Outputs)
}

// closeDoor closes port 22 unless somebody else is logged in, or a command has the county: that one closes it when it ends. It runs even
// when ctx has ended.
func (c *County) closeDoor(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	unlock, err := c.lockWhenFree(ctx, nil)
	if errors.Is(err, home.ErrBusy) {
		return fmt.Errorf("port 22 is still open for ssh.sources, another command is at work; the next `kreisraum status %s` closes it: %w", c.Home.Name, err)
	}
	if err != nil {
		return err
	}
	defer unlock()
	l, err := loadLocal(c.Home) // somebody may have been at work since
	if err != nil {
		return err
	}
	return c.shut(ctx, l)
}

// shut closes port 22 if a trace says that it may be open. Call it under the county's lock.
func (c *County) shut(ctx context.Context, l *local) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if err := c.closeForgotten(ctx, l); err != nil {
		return fmt.Errorf("port 22 is still open for ssh.sources; the next `kreisraum status %s` closes it: %w", c.Home.Name, err)
	}
	return nil
}

// login is how operator/deploy reaches the machine.
func (d Door) login() deploy.Login {
	return deploy.Login{Address: d.Address, Key: d.Key, HostKeys: d.HostKeys}
}
