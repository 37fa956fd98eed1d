package county

import (
	"context"
	"fmt"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// Rollback lets the machines that the last change of release has reached run what they ran before, bridges first, one at a time, lessons
// respected as by Upgrade. `up` does not bring the release again. It can be repeated after any failure. Returns ErrNotUp or
// deploy.ErrNoPrevious.
func (c *County) Rollback(ctx context.Context, options ReleaseOptions) (ReleaseResult, error) {
	begun := c.World.Now()
	r := &rollout{County: c, options: options}
	r.pending = func(ctx context.Context, s *site) ([]standing, error) {
		pending := s.reached(ctx)
		if len(pending) == 0 && len(r.result.Renewed) == 0 {
			return nil, fmt.Errorf("%w: the last change of release has reached none, or was taken back already", deploy.ErrNoPrevious)
		}
		return pending, nil
	}
	r.apply = func(ctx context.Context, s *site, m standing, progress func(string)) (string, error) {
		return s.back(ctx, m, progress)
	}
	err := c.step(ctx, StepDeploy, r.run)
	r.result.Elapsed = c.World.Now().Sub(begun)
	return r.result, err
}

// reached are the machines that the last change of release has reached.
func (s *site) reached(ctx context.Context) []standing {
	var reached []standing
	for _, m := range s.standings(ctx, s.targets) {
		if _, ok := s.local.Renewed[m.id]; ok {
			reached = append(reached, m)
		}
	}
	return reached
}

// back takes one machine back. That the release is not wanted any more is written down first: a run that is killed must not be undone
// by the next `up`.
func (s *site) back(ctx context.Context, m standing, progress func(string)) (to string, err error) {
	if err := s.local.change(func(l *local) { l.Refused = releaseOf(l.Wave) }); err != nil {
		return "", err
	}
	if to, err = s.goBack(ctx, m.target, progress); err != nil {
		return "", err
	}
	digest := to
	if info, err := m.ops.Info(ctx); err == nil {
		to, digest = info.Version, info.Deployment
	}
	if err := s.local.change(func(l *local) {
		delete(l.Renewed, m.id)
		if m.machine.Number == 0 {
			l.LiveDigest, l.LiveVersion = digest, to
		}
	}); err != nil {
		return "", err
	}
	return to, s.Ledger.Write(audit.CountyRolledBack, m.id+" "+m.info.Version+" → "+to)
}
