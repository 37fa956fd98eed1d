package county

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
)

const (
	// arrival bounds the wait until a bridge that runs has reached the portal and takes the probe's room.
	arrival = 30 * time.Second
	// arrivalPoll is the pause between two probes.
	arrivalPoll = 100 * time.Millisecond
	// bridgeMedia is how long media flows through a new bridge.
	bridgeMedia = 200 * time.Millisecond
)

// ErrNoPrivateNetwork says that the county's machines cannot reach each other.
var ErrNoPrivateNetwork = errors.New("machines have no private network here, so there can be no bridges beside the portal; " +
	"a sandbox gives them one when it is started with root rights")

// AddBridges makes dedicated bridges, deploys to them and lets them take rooms once a probe went through; number 0 stands for the
// lowest free one. It returns the numbers of those that are ready now. What an earlier call left unfinished is finished too, so that
// a call without kinds resumes one that was killed. Nothing else of the county is touched.
//
// When Hetzner has no such machine, or the account's limit is reached, what could not be made is not wanted any longer, and nothing of
// it is left; what could be made is finished all the same. Such an error is hetzner.ErrSoldOut or has that class. Returns ErrNotUp.
func (c *County) AddBridges(ctx context.Context, kinds []infra.Bridge) (ready []int, err error) {
	if c.Endpoints.NoPrivateNetwork {
		return nil, ErrNoPrivateNetwork
	}
	s, done, err := c.scaling(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if s.release, err = deploy.OpenRelease(c.Binary, c.Version); err != nil {
		return nil, err
	}
	a := &adding{site: s, kinds: kinds}
	for _, step := range []struct {
		name Step
		run  func(context.Context, func(string)) (string, error)
	}{{StepInfra, a.order}, {StepMachines, a.announce}, {StepDeploy, a.deploy}, {StepProbe, a.prove}} {
		if err := c.step(ctx, step.name, step.run); err != nil {
			return a.ready, errors.Join(append(a.failed, err, a.lacking)...)
		}
	}
	return a.ready, errors.Join(append(a.failed, a.lacking)...)
}

// adding is a running AddBridges.
type adding struct {
	*site
	kinds []infra.Bridge
	// fresh are the bridges that take no rooms yet; lacking is why some that were asked for are not among them.
	fresh   []*target
	lacking error
	// deployed are those of fresh that run; failed is what went wrong with others.
	deployed []*target
	failed   []error
	ready    []int
}

// order makes the machines, in one run of the stack.
func (a *adding) order(ctx context.Context, progress func(string)) (string, error) {
	before, set, err := a.stack.DesiredBridges(ctx)
	if err != nil {
		return "", err
	}
	wanted, added, err := extend(before, a.local.Outputs, a.kinds)
	if err != nil {
		return "", err
	}
	if len(added) > 0 || !set {
		if err := a.want(ctx, wanted, added); err != nil {
			return "", err
		}
	}
	changes, err := a.build(ctx, wanted, progress)
	if isLacking(err) {
		if err := a.noteSoldOut(err); err != nil {
			return "", err
		}
		a.lacking = &StepError{County: a.Home.Name, Step: StepInfra, Err: err}
		progress("not to be had: " + err.Error())
		changes, err = a.withdraw(ctx, wanted, progress)
	}
	if err != nil {
		return "", err
	}
	for _, t := range a.bridges() {
		if !a.local.bridge(t.machine.Number).ready(t.machine) {
			a.fresh = append(a.fresh, t)
		}
	}
	return strings.TrimPrefix(named(a.fresh)+", "+changed(changes), ", "), nil
}

// want writes down which bridges there shall be before the first of them is made: whoever goes on after a crash knows what was meant.
func (a *adding) want(ctx context.Context, wanted []infra.Bridge, added []int) error {
	now := a.World.Now()
	if err := a.local.change(func(l *local) {
		for _, n := range added {
			l.Bridges[n] = bridge{Created: now}
		}
	}); err != nil {
		return err
	}
	return a.stack.SetDesiredBridges(ctx, wanted)
}

// extend adds kinds to the desired bridges. A number that is wanted already, or whose machine still exists, is not given anew.
func extend(desired []infra.Bridge, out infra.Outputs, kinds []infra.Bridge) (wanted []infra.Bridge, added []int, err error) {
	taken := map[int]bool{}
	for _, b := range desired {
		taken[b.Number] = true
	}
	free := func() int {
		for n := 1; n <= infra.MaxBridges; n++ {
			if !taken[n] && !slices.ContainsFunc(out.Machines, func(m infra.Machine) bool { return m.Number == n }) {
				return n
			}
		}
		return 0
	}
	wanted = slices.Clone(desired)
	for _, b := range kinds {
		if b.Number == 0 {
			if b.Number = free(); b.Number == 0 {
				return nil, nil, fmt.Errorf("the county has %d bridges, more than that fit into no network of Hetzner's", infra.MaxBridges)
			}
		}
		if taken[b.Number] {
			continue
		}
		taken[b.Number] = true
		wanted, added = append(wanted, b), append(added, b.Number)
	}
	return infra.SortBridges(wanted), added, errors.Join(infra.CheckBridges(wanted)...)
}

// isLacking reports whether asking again would not help: such machines are not to be had, or not in that number.
func isLacking(err error) bool {
	if err == nil {
		return false
	}
	switch hetzner.Classify(err) {
	case hetzner.Capacity, hetzner.Placement, hetzner.Quota, hetzner.Invalid:
		return true
	}
	return errors.Is(err, hetzner.ErrSoldOut)
}

// withdraw gives up the bridges that do not exist and removes what was made for them.
func (a *adding) withdraw(ctx context.Context, wanted []infra.Bridge, progress func(string)) (changes int, err error) {
	found, err := a.World.Cloud.Leftovers(ctx, a.Home.Name)
	if err != nil {
		return 0, err
	}
	kept := slices.DeleteFunc(slices.Clone(wanted), func(b infra.Bridge) bool {
		name := infra.BridgeName(a.Home.Name, b.Number)
		return !slices.ContainsFunc(found, func(r hetzner.Resource) bool { return r.Kind == "server" && r.Name == name })
	})
	if err := a.stack.SetDesiredBridges(ctx, kept); err != nil {
		return 0, err
	}
	return a.build(ctx, kept, progress)
}

// announce tells the portal where the new bridges will be, so that it knows them when they call.
func (a *adding) announce(ctx context.Context, _ func(string)) (string, error) {
	return count(len(a.targets), "machine"), a.syncMachines(ctx)
}

// deploy goes on with those that work when others do not.
func (a *adding) deploy(ctx context.Context, progress func(string)) (string, error) {
	stale := a.outdated(ctx, a.fresh)
	err := a.deployTo(ctx, stale, progress, func(t *target, _ deploy.Result) { a.deployed = append(a.deployed, t) })
	for _, t := range a.fresh {
		if !slices.Contains(stale, t) {
			a.deployed = append(a.deployed, t)
		}
	}
	if err != nil && len(a.deployed) == 0 {
		return "", err
	}
	if err != nil {
		a.failed = append(a.failed, &StepError{County: a.Home.Name, Step: StepDeploy, Err: err})
	}
	return named(a.deployed), nil
}

func (a *adding) prove(ctx context.Context, progress func(string)) (text string, err error) {
	a.ready, err = a.proveBridges(ctx, a.deployed, progress)
	return named(a.deployed), err
}

// proveBridges holds a call through each of the bridges, all at the same time, and lets it take rooms as soon as that went well. It
// returns the numbers of those that are ready.
func (s *site) proveBridges(ctx context.Context, targets []*target, progress func(string)) (ready []int, err error) {
	type outcome struct {
		*target
		report ProbeReport
		err    error
	}
	outcomes := make(chan outcome, len(targets))
	for _, t := range targets {
		go func() {
			report, err := s.proveBridge(ctx, t)
			outcomes <- outcome{t, report, err}
		}()
	}
	var errs []error
	for range targets {
		o := <-outcomes
		if o.err == nil {
			progress(o.id + ": " + o.report.String())
			o.err = s.admit(ctx, o.target)
		}
		if o.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o.id, o.err))
			continue
		}
		ready = append(ready, o.machine.Number)
	}
	slices.Sort(ready)
	return ready, errors.Join(errs...)
}

// admit lets a bridge take rooms.
func (s *site) admit(ctx context.Context, t *target) error {
	if err := s.local.change(func(l *local) {
		b := l.Bridges[t.machine.Number]
		b.Ready = true
		l.Bridges[t.machine.Number] = b
	}); err != nil {
		return err
	}
	return s.tellMachines(ctx)
}

// arrived waits until the portal places rooms and has heard of the bridge on a machine. After its start a portal first calls for all of
// them.
func (s *site) arrived(ctx context.Context, t *target) error {
	ctx, cancel := context.WithTimeout(ctx, arrival)
	defer cancel()
	for {
		load, err := s.portal().ops.Load(ctx)
		if err == nil && load.Settled && slices.ContainsFunc(load.Bridges, func(b opsapi.BridgeLoad) bool { return b.ID == t.id && b.Alive }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the portal has not found the bridge on %s within %s: %w", t.id, arrival, errors.Join(ctx.Err(), err))
		case <-time.After(arrivalPoll):
		}
	}
}

// proveBridge holds a call through a bridge as soon as it has reached the portal.
func (s *site) proveBridge(ctx context.Context, t *target) (ProbeReport, error) {
	waiting, cancel := context.WithTimeout(ctx, arrival)
	defer cancel()
	for {
		front := s.portal()
		report, err := s.hold(waiting, front.ops, front.machine, t.machine, bridgeMedia)
		if err == nil {
			return report, nil
		}
		select {
		case <-waiting.Done():
			return report, fmt.Errorf("it runs, but takes no call through the portal: %w", err)
		case <-time.After(arrivalPoll):
		}
	}
}
