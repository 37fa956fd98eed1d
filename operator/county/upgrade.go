package county

import (
	"context"
	"errors"
	"fmt"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// Upgrade brings the release and configuration of this program to all machines that run another one: one machine at a time, the bridges
// first, then the portal. Each gets no new rooms, then its lessons are waited for; the night ends those that last until restart.latest.
// A machine that is not healthy afterwards goes back to what it ran, and the others stay as they are. It can be repeated at any time, and
// after any failure. A bridge that was never deployed to is `up`'s and the daemon's to finish. Returns ErrNotUp.
func (c *County) Upgrade(ctx context.Context, options ReleaseOptions) (ReleaseResult, error) {
	begun := c.World.Now()
	r := &rollout{County: c, options: options}
	var err error
	if r.release, err = deploy.OpenRelease(c.Binary, c.Version); err != nil {
		return r.result, err
	}
	r.pending = func(ctx context.Context, s *site) ([]standing, error) { return s.outdatedServers(ctx) }
	r.apply = func(ctx context.Context, s *site, m standing, progress func(string)) (string, error) {
		return s.renew(ctx, m, progress)
	}
	err = c.step(ctx, StepDeploy, func(ctx context.Context, progress func(string)) (string, error) {
		text, err := r.run(ctx, progress)
		if text == "" {
			text = "already running " + c.Version
		}
		return text, err
	})
	r.result.Elapsed = c.World.Now().Sub(begun)
	return r.result, err
}

// outdatedServers are the servers that were deployed to and run something else, or nothing. When there is none any more, the portal's
// word on machines that get no rooms is taken back.
func (s *site) outdatedServers(ctx context.Context) ([]standing, error) {
	all := s.standings(ctx, s.targets)
	var stale []standing
	for _, m := range all {
		switch {
		case !m.proven && m.machine.Number == 0:
			return nil, fmt.Errorf("%w: %s has a machine that was never deployed to; `kreisraum up %s` goes on from there", ErrNotUp, s.Home.Name, s.Home.Name)
		case m.proven && (!m.answers || m.info.Deployment != m.digest):
			stale = append(stale, m)
		}
	}
	if len(stale) == 0 {
		return nil, s.giveRooms(ctx)
	}
	return stale, nil
}

// renew deploys to a machine, proves it by a call, and takes the release back if either fails.
func (s *site) renew(ctx context.Context, m standing, progress func(string)) (to string, err error) {
	if err := s.beginWave(); err != nil {
		return "", err
	}
	err = s.deployTo(ctx, []*target{m.target}, progress, func(*target, deploy.Result) {})
	var unhealthy *deploy.RolledBackError
	if errors.As(err, &unhealthy) {
		return "", s.refused(m, "unhealthy", err)
	}
	if err != nil {
		return "", err
	}
	if err := s.proveRelease(ctx, m, progress); err != nil {
		return "", s.undo(ctx, m, err, progress)
	}
	return s.Version, s.renewed(m)
}

// proveRelease holds a call through a machine that people could call before.
func (s *site) proveRelease(ctx context.Context, m standing, progress func(string)) error {
	front := s.portal()
	if m.machine.Number != 0 {
		if !s.local.bridge(m.machine.Number).ready(m.machine) {
			return nil // `up` and the daemon prove it before it gets rooms
		}
		progress("a call through it")
		_, err := s.proveBridge(ctx, m.target)
		return err
	}
	if !m.answers || m.info.Certificate.State != opsapi.CertificateReady {
		return nil // without a certificate nobody calls; `up` orders one
	}
	progress("a call through it")
	if err := s.arrived(ctx, front); err != nil {
		return err
	}
	_, err := s.proveBridge(ctx, front)
	return err
}

// undo takes a release back that runs, but carries no call.
func (s *site) undo(ctx context.Context, m standing, reason error, progress func(string)) error {
	if ctx.Err() != nil {
		return reason // nobody knows; the next run looks again
	}
	to, err := s.goBack(ctx, m.target, progress)
	if err != nil {
		return errors.Join(reason, fmt.Errorf("and it could not be taken back: %w", err))
	}
	return s.refused(m, "no call", fmt.Errorf("the new release was taken back, the machine runs %s again: %w", to, reason))
}

// goBack lets one machine run its release of before.
func (s *site) goBack(ctx context.Context, t *target, progress func(string)) (to string, err error) {
	if err := s.openSSH(ctx, progress); err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.closeSSH(ctx)) }()
	job, err := s.job(t, progress)
	if err != nil {
		return "", err
	}
	return s.World.Rollback(ctx, job)
}

// refused remembers that a release was taken back, so that `up` does not bring it again.
func (s *site) refused(m standing, class string, reason error) error {
	return errors.Join(
		fmt.Errorf("%w\nthe county runs on, this machine with the release of before; machines that were changed already keep the new one. "+
			"`kreisraum upgrade %s` tries again, `kreisraum rollback %s` takes the others back too", reason, s.Home.Name, s.Home.Name),
		s.local.change(func(l *local) { l.Refused = s.release.ID() }),
		s.Ledger.Write(audit.ReleaseRefused, s.release.ID()+" "+m.id+" "+class),
	)
}

// wave tells one release and configuration of the county from the next.
func (s *site) wave() string { return s.release.ID() + " " + s.portal().digest[:12] }

// beginWave forgets which machines the last change of release has reached, if this is another one.
func (s *site) beginWave() error {
	if s.local.Wave == s.wave() {
		return nil
	}
	return s.local.change(func(l *local) { l.Wave, l.Renewed = s.wave(), map[string]string{} })
}

// renewed notes that a machine runs what it should, and can go back.
func (s *site) renewed(m standing) error {
	if err := s.local.change(func(l *local) {
		if m.answers {
			l.Renewed[m.id] = m.info.Version
		}
		if l.Refused == s.release.ID() {
			l.Refused = ""
		}
		if m.machine.Number == 0 {
			l.LiveDigest, l.LiveVersion = m.digest, s.Version
		}
	}); err != nil {
		return err
	}
	if m.info.Version == s.Version {
		return nil // another configuration of the same release; the deployment has its line
	}
	return s.Ledger.Write(audit.CountyUpgraded, m.id+" "+m.info.Version+" → "+s.Version)
}
