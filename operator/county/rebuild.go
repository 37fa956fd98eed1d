package county

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

// Rebuild makes a machine anew from the county's image with today's cloud-config, lessons respected as by Upgrade, and then finishes as `up`
// does: release, certificate, accounts, probe. Its addresses stay. Everything on its disk is gone: the site's certificate, which is
// ordered again, and the proofs of restarts. machine is an ID, see package identity; empty: the county's only one. It can be repeated
// after any failure. Returns ErrNotUp.
func (c *County) Rebuild(ctx context.Context, machine string, options ReleaseOptions) (ReleaseResult, error) {
	begun := c.World.Now()
	r := &rollout{County: c, options: options}
	var err error
	if r.release, err = deploy.OpenRelease(c.Binary, c.Version); err != nil {
		return r.result, err
	}
	r.pending = func(ctx context.Context, s *site) ([]standing, error) {
		if len(r.result.Renewed) > 0 {
			return nil, nil
		}
		t, err := s.find(machine)
		if err != nil {
			return nil, err
		}
		return s.standings(ctx, []*target{t}), nil
	}
	r.apply = func(ctx context.Context, s *site, m standing, progress func(string)) (string, error) {
		return s.Version, s.rebuild(ctx, m, progress)
	}
	if err := c.step(ctx, StepRebuild, r.run); err != nil {
		return r.result, err
	}
	err = c.upAfter(ctx)
	r.result.Elapsed = c.World.Now().Sub(begun)
	return r.result, err
}

// upAfter finishes with an `up`, in a turn of its own.
func (c *County) upAfter(ctx context.Context) error {
	if c.Turn != nil {
		leave, err := c.Turn(ctx)
		if err != nil {
			return err
		}
		defer leave()
	}
	_, err := c.Up(ctx, UpOptions{Media: bridgeMedia})
	return err
}

// find returns the machine with an ID, or the only one.
func (s *site) find(machine string) (*target, error) {
	ids := make([]string, len(s.targets))
	for i, t := range s.targets {
		if ids[i] = t.id; t.id == machine || machine == "" && len(s.targets) == 1 {
			return t, nil
		}
	}
	if machine == "" {
		return nil, fmt.Errorf("%s has several machines, name one: %s", s.Home.Name, strings.Join(ids, ", "))
	}
	return nil, fmt.Errorf("%s has no machine %s, but %s", s.Home.Name, machine, strings.Join(ids, ", "))
}

// rebuild makes a machine anew and deploys to it. That it is under way is written down first: the machine shows another host key
// afterwards, and whoever goes on after a crash must not take that for an attack.
func (s *site) rebuild(ctx context.Context, m standing, progress func(string)) error {
	if err := s.local.change(func(l *local) {
		if !slices.Contains(l.Rebuilding, m.id) {
			l.Rebuilding = append(l.Rebuilding, m.id)
		}
		if b, known := l.Bridges[m.machine.Number]; known {
			b.Ready = false
			l.Bridges[m.machine.Number] = b
		}
	}); err != nil {
		return err
	}
	if err := s.makeAnew(ctx, m.target, progress); err != nil {
		return err
	}
	if err := s.Ledger.Write(audit.MachineRebuilt, m.id); err != nil {
		return err
	}
	return s.deployTo(ctx, []*target{m.target}, progress, func(*target, deploy.Result) {})
}

// makeAnew lets Hetzner make the machine's disk anew, and forgets what was known of the old one.
func (s *site) makeAnew(ctx context.Context, t *target, progress func(string)) error {
	desired, _, err := s.stack.DesiredBridges(ctx)
	if err != nil {
		return err
	}
	spec, err := s.spec(desired)
	if err != nil {
		return err
	}
	userData, ok := spec.UserData[t.machine.Name]
	if !ok {
		return fmt.Errorf("%s is not wanted any more; `kreisraum up %s` sees to it", t.id, s.Home.Name)
	}
	progress("making the machine anew")
	if err := s.World.Rebuild(ctx, t.machine.ServerID, s.Config.Image, userData); err != nil {
		return err
	}
	return s.local.change(func(l *local) {
		delete(l.HostKeys, t.machine.ServerID)
		delete(l.Renewed, t.id)
		l.Rebuilding = slices.DeleteFunc(l.Rebuilding, func(id string) bool { return id == t.id })
	})
}

// finishRebuilds makes machines anew whose rebuilding was cut off: nobody knows how far it came. One that was never begun at Hetzner may have
// lessons again by now, and waits for a later run.
func (s *site) finishRebuilds(ctx context.Context, progress func(string)) error {
	for _, id := range slices.Clone(s.local.Rebuilding) {
		t, err := s.find(id)
		if err != nil {
			if err := s.local.change(func(l *local) {
				l.Rebuilding = slices.DeleteFunc(l.Rebuilding, func(one string) bool { return one == id })
			}); err != nil {
				return err
			}
			continue // the machine is gone
		}
		if use, ok := s.inUseAgain(ctx, t); ok && !s.interrupts {
			progress(use.String() + "; it is made anew when they have ended, by `kreisraum up` or `kreisraum rebuild`")
			continue
		}
		if err := s.makeAnew(ctx, t, progress); err != nil {
			return err
		}
	}
	return nil
}

// inUseAgain asks the machine's own server. One whose disk was made anew does not answer.
func (s *site) inUseAgain(ctx context.Context, t *target) (use InUse, yes bool) {
	ctx, cancel := context.WithTimeout(ctx, 2*glance)
	defer cancel()
	info, err := t.ops.Info(ctx)
	if err != nil {
		return use, false
	}
	return standing{target: t, info: info}.inUse(), info.Participants > 0
}
