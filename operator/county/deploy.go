package county

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"golang.org/x/crypto/ssh"
)

const (
	// glance bounds the question whether the server already runs what is wanted.
	glance = 3 * time.Second
	// closing bounds taking the temporary SSH rule away, also after Ctrl-C.
	closing = 30 * time.Second
)

// deploy leaves a server alone that already runs this very deployment; otherwise it opens port 22 for the time it needs.
func (u *up) deploy(ctx context.Context, progress func(string)) (string, error) {
	if u.current(ctx) {
		return "already running " + u.Version, nil
	}
	result, err := u.throughSSH(ctx, progress)
	if err != nil {
		return "", err
	}
	return strings.Join(result.Changed, ", "), u.Ledger.Write(audit.ServerDeployed, u.Version+" "+u.digest[:12])
}

// current asks only a machine that was deployed to before.
func (u *up) current(ctx context.Context) bool {
	if _, proven, err := u.local.pinned(u.machine.ServerID); err != nil || !proven {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	info, err := u.ops.Info(ctx)
	return err == nil && info.Deployment == u.digest
}

// ErrGone says that nothing of the county exists at Hetzner although this computer's state says so.
var ErrGone = errors.New("the county is gone")

// stillThere refuses to go on when the state knows a machine and the project nothing at all: the token may be another
// project's, and then everything would be made a second time there. Single missing parts are made again by the stack.
func (u *up) stillThere(ctx context.Context) error {
	m, known := portal(u.local.Outputs)
	if !known {
		return nil
	}
	found, err := u.World.Cloud.Leftovers(ctx, u.Home.Name)
	if err != nil || len(found) > 0 {
		return err
	}
	return fmt.Errorf("%w: %s (%s) is in this computer's state, but the Hetzner project has nothing of this county. Either the token belongs "+
		"to another project, or everything was deleted there; then `kreisraum down %s --keep-register` clears the state and `kreisraum up %s` "+
		"starts anew with the same accounts", ErrGone, m.Name, m.IPv4, u.Home.Name, u.Home.Name)
}

func (u *up) throughSSH(ctx context.Context, progress func(string)) (result deploy.Result, err error) {
	job, err := u.job(progress)
	if err != nil {
		return result, err
	}
	u.local.SSHOpenIn = u.local.Outputs.FirewallID
	if err := u.local.save(); err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, u.closeSSH(ctx)) }()
	progress("opening port 22")
	if _, err := u.World.Cloud.OpenSSH(ctx, u.local.Outputs.FirewallID, u.Config.SSH.Prefixes()); err != nil {
		return result, err
	}
	return u.World.Deploy(ctx, job)
}

// closeSSH runs even when ctx has ended.
func (u *up) closeSSH(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if _, err := u.World.Cloud.CloseSSH(ctx, u.local.SSHOpenIn); err != nil {
		return fmt.Errorf("port 22 is still open for ssh.sources; the next `up` or `status` closes it: %w", err)
	}
	u.local.SSHOpenIn = 0
	return u.local.save()
}

func (u *up) job(progress func(string)) (deploy.Job, error) {
	address, err := netip.ParseAddr(u.machine.IPv4)
	if err != nil {
		return deploy.Job{}, fmt.Errorf("the machine's address: %w", err)
	}
	pinned, proven, err := u.local.pinned(u.machine.ServerID)
	if err != nil {
		return deploy.Job{}, err
	}
	keys := &deploy.HostKeys{
		Injected: u.secrets.injected.PublicKey(), Pinned: pinned, Proven: proven,
		Save: u.saveHostKey,
	}
	return deploy.Job{
		Address: netip.AddrPortFrom(address, sshPort), Key: u.secrets.sshKey, HostKeys: keys, Bundle: u.bundle,
		Authority: u.secrets.ca, Ops: u.ops, Progress: progress, Log: u.Log,
	}, nil
}

// saveHostKey remembers the machine's key and, once it is proven, throws the injected one away.
func (u *up) saveHostKey(key ssh.PublicKey, proven bool) error {
	if err := u.local.pin(u.machine.ServerID, key, proven); err != nil || !proven {
		return err
	}
	return dropInjected(u.Home)
}

// publicLine is a key's public half, one line in authorized_keys format.
func publicLine(key ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
}
