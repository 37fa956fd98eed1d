package county

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"golang.org/x/crypto/ssh"
)

const (
	// glance bounds the question whether a server already runs what is wanted.
	glance = 3 * time.Second
	// closing bounds taking the temporary SSH rule away, also after Ctrl-C.
	closing = 30 * time.Second
)

// outdated are those of the targets whose server does not run what it shall. All are asked at the same time.
func (s *site) outdated(ctx context.Context, targets []*target) []*target {
	current := make([]bool, len(targets))
	each(targets, func(i int, t *target) { current[i] = s.current(ctx, t) })
	var stale []*target
	for i, t := range targets {
		if !current[i] {
			stale = append(stale, t)
		}
	}
	return stale
}

// current asks only a machine that was deployed to before.
func (s *site) current(ctx context.Context, t *target) bool {
	if _, proven, err := s.local.pinned(t.machine.ServerID); err != nil || !proven {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	info, err := t.ops.Info(ctx)
	return err == nil && info.Deployment == t.digest
}

// each calls f for all items at the same time and waits for all.
func each[T any](items []T, f func(int, T)) {
	var wg sync.WaitGroup
	for i, item := range items {
		wg.Go(func() { f(i, item) })
	}
	wg.Wait()
}

// deployTo deploys to the portal first, if it is among the targets, and then to all bridges at the same time, with port 22 open for
// as long as that takes. One machine's trouble does not stop the others; done is told of each that is finished.
func (s *site) deployTo(ctx context.Context, targets []*target, progress func(string), done func(*target, deploy.Result)) (err error) {
	if len(targets) == 0 {
		return nil
	}
	if err := s.openSSH(ctx, progress); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.closeSSH(ctx)) }()
	if front := targets[0]; front.machine.Number == 0 {
		result, err := s.deployOne(ctx, front, progress)
		if err != nil {
			return err
		}
		done(front, result)
		targets = targets[1:]
	}
	var mu sync.Mutex // one caller at a time of progress and done
	errs := make([]error, len(targets))
	each(targets, func(i int, t *target) {
		result, err := s.deployOne(ctx, t, func(line string) {
			mu.Lock()
			defer mu.Unlock()
			progress(t.id + ": " + line)
		})
		if err != nil {
			errs[i] = fmt.Errorf("%s: %w", t.id, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		done(t, result)
	})
	return errors.Join(errs...)
}

func (s *site) deployOne(ctx context.Context, t *target, progress func(string)) (deploy.Result, error) {
	job, err := s.job(t, progress)
	if err != nil {
		return deploy.Result{}, err
	}
	result, err := s.World.Deploy(ctx, job)
	if err != nil {
		return result, err
	}
	detail := s.Version + " " + t.digest[:12]
	if t.machine.Number != 0 {
		detail += " " + t.id
	}
	return result, s.Ledger.Write(audit.ServerDeployed, detail)
}

func (s *site) openSSH(ctx context.Context, progress func(string)) (err error) {
	if err := s.local.change(func(l *local) { l.SSHOpenIn = l.Outputs.FirewallID }); err != nil {
		return err
	}
	progress("opening port 22")
	if _, err := s.World.Cloud.OpenSSH(ctx, s.local.Outputs.FirewallID, s.Config.SSH.Prefixes()); err != nil {
		return errors.Join(err, s.closeSSH(ctx))
	}
	return nil
}

// closeSSH runs even when ctx has ended. Under the hands of somebody who is logged in, the port stays open; the last to leave closes it.
func (s *site) closeSSH(ctx context.Context) error {
	if in, err := s.Home.InSession(); err != nil || in {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if _, err := s.World.Cloud.CloseSSH(ctx, s.local.Outputs.FirewallID); err != nil {
		return fmt.Errorf("port 22 is still open for ssh.sources; the next `up` or `status` closes it: %w", err)
	}
	return s.local.change(func(l *local) { l.SSHOpenIn = 0 })
}

func (s *site) job(t *target, progress func(string)) (deploy.Job, error) {
	address, err := netip.ParseAddr(t.machine.IPv4)
	if err != nil {
		return deploy.Job{}, fmt.Errorf("the machine's address: %w", err)
	}
	pinned, proven, err := s.local.pinned(t.machine.ServerID)
	if err != nil {
		return deploy.Job{}, err
	}
	keys := &deploy.HostKeys{
		Injected: s.secrets.injected.PublicKey(), Pinned: pinned, Proven: proven,
		Save: func(key ssh.PublicKey, proven bool) error { return s.saveHostKey(t, key, proven) },
	}
	return deploy.Job{
		Machine: t.id, Address: netip.AddrPortFrom(address, sshPort), Key: s.secrets.sshKey, HostKeys: keys, Bundle: t.bundle,
		Authority: s.secrets.ca, Ops: t.ops, Progress: progress, Log: s.Log,
	}, nil
}

// saveHostKey remembers a machine's key and, once all machines have proven theirs, throws the injected one away: until then one of
// them may still show it.
func (s *site) saveHostKey(t *target, key ssh.PublicKey, proven bool) error {
	all, err := s.local.pin(t.machine.ServerID, key, proven)
	if err != nil {
		return err
	}
	if all {
		if err := dropInjected(s.Home); err != nil {
			return err
		}
	}
	// At once: a machine that shows another key than the injected one must not be known to this computer alone.
	ctx, cancel := context.WithTimeout(context.Background(), leaving)
	defer cancel()
	return s.shareKeys(ctx)
}

// publicLine is a key's public half, one line in authorized_keys format.
func publicLine(key ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
}

// named lists targets for people.
func named(targets []*target) string {
	ids := make([]string, len(targets))
	for i, t := range targets {
		ids[i] = t.id
	}
	slices.Sort(ids)
	return strings.Join(ids, ", ")
}
