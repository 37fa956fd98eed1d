package county

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// BridgeState is a dedicated bridge as this computer knows it.
type BridgeState struct {
	Number     int    `json:"number"`
	ServerType string `json:"server_type"`
	Location   string `json:"location"`
	// Ready: a media probe went through it. A bridge that is still being made is not ready and has no addresses.
	Ready    bool `json:"ready"`
	Draining bool `json:"draining"`
	// ByHand: an operator drained it.
	ByHand bool `json:"by_hand,omitempty"`
	// Renewing: it gets no new rooms for a while, because it is about to run another release.
	Renewing bool `json:"renewing,omitempty"`
	// Created is when Hetzner began to bill it, or a moment before; zero while it is still to be made.
	Created    time.Time `json:"created,omitzero"`
	PublicIPv4 string    `json:"public_ipv4,omitempty"`
	PrivateIP  string    `json:"private_ip,omitempty"`
}

// Bridges are the dedicated bridges that the county shall have, and those that are about to go, in the order of their numbers. It asks
// nobody, unless the desired bridges were never written down. Returns ErrNotUp.
func (c *County) Bridges(ctx context.Context) ([]BridgeState, error) {
	l, err := c.remembered()
	if err != nil {
		return nil, err
	}
	passphrase, err := openPassphrase(c.Home)
	if err != nil {
		return nil, err
	}
	stack, err := c.World.OpenStack(ctx, c.Home.Dir(), passphrase)
	if err != nil {
		return nil, err
	}
	desired, _, err := stack.DesiredBridges(ctx)
	if err != nil {
		return nil, err
	}
	return bridgeStates(desired, l, c.World.Now()), nil
}

// bridgeStates joins what shall be with what is known.
func bridgeStates(desired []infra.Bridge, l *local, now time.Time) []BridgeState {
	all := []BridgeState{}
	add := func(b infra.Bridge, leaving bool) {
		m, known := l.machine(b.Number), l.bridge(b.Number)
		if m.ServerID == 0 {
			known.Created = time.Time{} // when it was asked for is not when it began to cost, and being late it has not failed yet
		}
		all = append(all, BridgeState{
			Number: b.Number, ServerType: b.ServerType, Location: b.Location, Ready: known.ready(m), Draining: known.Draining || leaving,
			ByHand: known.ByHand, Renewing: now.Before(l.Renewing[identity.Bridge(b.Number)]), Created: known.Created, PublicIPv4: m.IPv4, PrivateIP: m.PrivateIP,
		})
	}
	for _, b := range desired {
		add(b, false)
	}
	for _, m := range l.Outputs.Machines {
		if m.Role == infra.RoleBridge && !hasNumber(desired, m.Number) {
			add(infra.Bridge{Number: m.Number, ServerType: m.ServerType, Location: m.Location}, true)
		}
	}
	slices.SortFunc(all, func(a, b BridgeState) int { return cmp.Compare(a.Number, b.Number) })
	return all
}

func hasNumber(bridges []infra.Bridge, n int) bool {
	return slices.ContainsFunc(bridges, func(b infra.Bridge) bool { return b.Number == n })
}

// PricePerHour is what a bridge of that kind costs per started hour, net, in cents rounded up, with its addresses. Its number does not
// matter. Returns hetzner.ErrSoldOut when it is not offered there at all.
func (c *County) PricePerHour(ctx context.Context, kind infra.Bridge) (cents int, currency string, err error) {
	price, err := c.World.Cloud.Hourly(ctx, []hetzner.MachineKind{{ServerType: kind.ServerType, Location: kind.Location, IPv4: true}})
	if err != nil {
		return 0, "", err
	}
	const perCent = 100 // hetzner.Amount is in ten-thousandths
	return int((price.Hour + perCent - 1) / perCent), price.Currency, nil
}

// scaling opens a county that is up to change its bridges, under its lock, until done is called. Returns ErrNotUp.
func (c *County) scaling(ctx context.Context) (s *site, done func(), err error) {
	unlock, err := c.Home.Lock()
	if err != nil {
		return nil, nil, err
	}
	s = &site{County: c, scales: true}
	if err := s.reopen(ctx); err != nil {
		unlock()
		return nil, nil, err
	}
	return s, func() { s.close(); unlock() }, nil
}

// reopen takes up what the last infra step has left.
func (s *site) reopen(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if _, err := s.remembered(); err != nil {
		return err
	}
	if err := s.openSecrets(ctx); err != nil {
		return err
	}
	if err := s.openStack(ctx); err != nil {
		return err
	}
	return s.aim()
}

// Drain sets or clears that bridges get no new rooms; byHand says that a person wants it. Rooms that are there stay. Without bridges it
// only gives the portal the list of machines once more. Returns ErrNotUp, or an error that names a bridge which does not exist; then
// nothing is changed.
func (c *County) Drain(ctx context.Context, numbers []int, on, byHand bool) error {
	s, done, err := c.scaling(ctx)
	if err != nil {
		return err
	}
	defer done()
	for _, n := range numbers {
		if s.local.machine(n).ServerID == 0 {
			return fmt.Errorf("%s has no bridge %d; `kreisraum status %s` lists them", c.Home.Name, n, c.Home.Name)
		}
	}
	if !on {
		if err := s.retain(ctx, numbers); err != nil {
			return err
		}
	}
	err = s.local.change(func(l *local) {
		for _, n := range numbers {
			b := l.Bridges[n]
			b.Draining, b.ByHand = on, on && (byHand || b.ByHand)
			l.Bridges[n] = b
		}
	})
	if err != nil {
		return err
	}
	return s.tellMachines(ctx)
}

// retain sees to it that existing bridges are among the desired ones: one whose removal was cut off is still there, but the next run of the
// stack would take it away with the lessons that it got meanwhile.
func (s *site) retain(ctx context.Context, numbers []int) error {
	desired, set, err := s.stack.DesiredBridges(ctx)
	if err != nil || !set {
		return err
	}
	wanted := desired
	for _, n := range numbers {
		if m := s.local.machine(n); !hasNumber(wanted, n) {
			wanted = append(wanted, infra.Bridge{Number: n, ServerType: m.ServerType, Location: m.Location})
		}
	}
	if len(wanted) == len(desired) {
		return nil
	}
	return s.stack.SetDesiredBridges(ctx, wanted)
}
