package county

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
)

// ErrInUse says that a bridge may have rooms, so it was not removed.
var ErrInUse = errors.New("the bridge may be in use")

// RemoveBridges deletes bridges that are drained and empty, as the portal says now; one that never took rooms need not be drained. Those
// that are gone already are fine. Returns ErrInUse before anything is changed, or ErrNotUp.
func (c *County) RemoveBridges(ctx context.Context, numbers []int) error {
	s, done, err := c.scaling(ctx)
	if err != nil {
		return err
	}
	defer done()
	return c.step(ctx, StepInfra, func(ctx context.Context, progress func(string)) (string, error) {
		return "", s.remove(ctx, numbers, progress)
	})
}

func (s *site) remove(ctx context.Context, numbers []int, progress func(string)) error {
	desired, _, err := s.stack.DesiredBridges(ctx)
	if err != nil {
		return err
	}
	there := slices.DeleteFunc(slices.Clone(numbers), func(n int) bool { return !hasNumber(desired, n) && s.local.machine(n).ServerID == 0 })
	if len(there) == 0 {
		return nil
	}
	load, err := s.portal().ops.Load(ctx)
	if err != nil {
		return fmt.Errorf("%w: the portal could not be asked: %w", ErrInUse, err)
	}
	var errs []error
	for _, n := range there {
		known := s.local.bridge(n)
		errs = append(errs, removable(n, known.ready(s.local.machine(n)), known.Draining, load))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	kept := slices.DeleteFunc(desired, func(b infra.Bridge) bool { return slices.Contains(there, b.Number) })
	if err := s.stack.SetDesiredBridges(ctx, kept); err != nil {
		return err
	}
	if _, err := s.build(ctx, kept, progress); err != nil {
		return err
	}
	return s.tellMachines(ctx)
}

// removable decides whether nobody can be on a bridge. What is not known counts as use.
func removable(n int, ready, draining bool, load opsapi.Load) error {
	refuse := func(why string) error { return fmt.Errorf("%w: bridge %d %s", ErrInUse, n, why) }
	i := slices.IndexFunc(load.Bridges, func(b opsapi.BridgeLoad) bool { return b.ID == identity.Bridge(n) })
	var seen opsapi.BridgeLoad
	if i >= 0 {
		seen = load.Bridges[i]
	}
	switch {
	case seen.Rooms > 0 || seen.Participants > 0:
		return refuse(fmt.Sprintf("has %d rooms and %d participants", seen.Rooms, seen.Participants))
	case !ready:
		return nil // it never took any
	case !draining:
		return refuse("is not drained")
	case !load.Settled:
		return refuse("is unknown to the portal, which has just started; ask again in some seconds")
	case seen.Alive && !seen.Draining:
		return refuse("takes rooms, the portal does not know yet that it drains; drain it again")
	case seen.Alive && !seen.Known:
		return refuse("does not say how busy it is")
	}
	return nil
}
