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

// ErrLessons says that a machine was to be switched off or deleted on which lessons run, or may run.
var ErrLessons = errors.New("lessons run there")

// permit looks, before anything is changed, at the machines that the plan switches off, makes anew or deletes. With lessons on one of
// them, or when that cannot be told, it returns ErrLessons, unless `up` was told to interrupt them.
func (u *up) permit(ctx context.Context, bridges []infra.Bridge, progress func(string)) error {
	spec, err := u.spec(bridges)
	if err != nil {
		return err
	}
	var busy []InUse
	for _, c := range infra.Consequences(u.local.Outputs, spec) {
		progress(c.String())
		use, err := u.lessonsOn(ctx, c.Machine)
		if err == nil && use.Participants == 0 {
			continue
		}
		if !u.options.Release.Now {
			return u.refusal(c.Machine.Name, use, err)
		}
		if err == nil {
			busy = append(busy, use)
		}
	}
	if len(busy) > 0 && u.options.Release.Confirm != nil {
		return u.options.Release.Confirm(busy)
	}
	return nil
}

// guard is the last word before a machine that runs is switched off or deleted, whatever the reason; see infra.Spec.
func (s *site) guard(ctx context.Context, name string) error {
	if s.interrupts {
		return nil
	}
	s.local.mu.Lock()
	i := slices.IndexFunc(s.local.Outputs.Machines, func(m infra.Machine) bool { return m.Name == name })
	var m infra.Machine
	if i >= 0 {
		m = s.local.Outputs.Machines[i]
	}
	s.local.mu.Unlock()
	if i < 0 {
		return nil // this county has never used it
	}
	use, err := s.lessonsOn(ctx, m)
	if err != nil || use.Participants > 0 {
		return s.refusal(name, use, err)
	}
	return nil
}

func (s *site) refusal(name string, use InUse, unknown error) error {
	what := fmt.Sprintf("the plan switches %s off or deletes it", name)
	if unknown != nil {
		return fmt.Errorf("%w, perhaps: %s, and whether anybody is there cannot be told: %w. If nobody can be, `kreisraum up %s --now` goes on",
			ErrLessons, what, unknown, s.Home.Name)
	}
	return fmt.Errorf("%w: %s, and %s. Wait until they have ended, or interrupt them with `kreisraum up %s --now`", ErrLessons, what, use, s.Home.Name)
}

// lessonsOn asks how many people are on a machine, also one that was never in service as far as this computer remembers: after an
// adoption it remembers little. What is not known is an error, unless nobody can be there: the county never was in service, or the
// portal knows that the bridge has never taken rooms or is gone.
func (s *site) lessonsOn(ctx context.Context, m infra.Machine) (InUse, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*glance)
	defer cancel()
	id := machineID(m)
	use := InUse{Machine: id}
	ops := s.ops(s.secrets, m)
	defer ops.Close()
	info, err := ops.Info(ctx)
	if err == nil {
		return InUse{Machine: id, Version: info.Version, Rooms: info.Rooms, Participants: info.Participants}, nil
	}
	if s.local.LiveDigest == "" || m.Number != 0 && !s.local.bridge(m.Number).ready(m) {
		return use, nil
	}
	if m.Number == 0 {
		return use, err
	}
	front, known := portal(s.local.Outputs)
	if !known {
		return use, err
	}
	portal := s.ops(s.secrets, front)
	defer portal.Close()
	load, loadErr := portal.Load(ctx)
	if loadErr != nil {
		return use, errors.Join(err, loadErr)
	}
	b, known := loadOf(load, m.Number)
	if load.Settled && (!known || !b.Alive) {
		return use, nil // it cannot have lessons that the portal does not know
	}
	return InUse{Machine: id, Rooms: b.Rooms, Participants: b.Participants}, err
}

func loadOf(load opsapi.Load, number int) (opsapi.BridgeLoad, bool) {
	i := slices.IndexFunc(load.Bridges, func(b opsapi.BridgeLoad) bool { return b.ID == identity.Bridge(number) })
	if i < 0 {
		return opsapi.BridgeLoad{}, false
	}
	return load.Bridges[i], true
}
