package county

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
)

// survey looks at Hetzner for what the plan depends on: which machine the portal is, and whether the domain's zone is in the project.
func (s *site) survey(ctx context.Context) error {
	found, err := s.World.Cloud.Machines(ctx, s.Home.Name)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		if err := s.stillThere(ctx); err != nil {
			return err
		}
	}
	s.stands = portalAmong(s.Home.Name, found)
	s.kinds = s.stands.choices(s.local.promising(s.Config.PortalKinds(), s.World.Now()))
	if s.Config.DNS.Records != "auto" {
		return nil
	}
	s.dnsZone, _, err = s.World.Cloud.ZoneFor(ctx, s.Config.Domain)
	return err
}

func portalAmong(county string, found []hetzner.Resource) (stands standsAs) {
	name := infra.PortalName(county)
	for _, r := range found {
		switch {
		case r.Kind == "server" && r.Name == name:
			stands.machine = config.Kind{ServerType: r.ServerType, Location: r.Location}
		case r.Kind == "primary_ip" && strings.HasPrefix(r.Name, name+"-"):
			stands.address = r.Location
		}
	}
	return stands
}

// obtain makes the machines, of the first kinds that Hetzner has. It returns the bridges that there are now: one that cannot be had at
// all does not keep the county from coming up, and is no longer wanted.
func (u *up) obtain(ctx context.Context, bridges []infra.Bridge, progress func(string)) ([]infra.Bridge, error) {
	tried := map[config.Kind]bool{}
	for {
		if err := u.permit(ctx, bridges, progress); err != nil {
			return bridges, err
		}
		changes, err := u.build(ctx, bridges, progress)
		u.changes += changes
		var lacking *hetzner.SoldOutError
		if !errors.As(err, &lacking) {
			return bridges, err
		}
		kind := config.Kind{ServerType: lacking.ServerType, Location: lacking.Location}
		if err := u.noteSoldOut(err); err != nil {
			return bridges, err
		}
		progress(fmt.Sprintf("%s: no %s in %s", lacking.Machine, kind.ServerType, kind.Location))
		if tried[kind] && lacking.Machine == infra.PortalName(u.Home.Name) {
			return bridges, err // nothing new would be tried
		}
		tried[kind] = true
		if lacking.Machine == infra.PortalName(u.Home.Name) {
			if err := u.nextKind(kind, err); err != nil {
				return bridges, err
			}
			continue
		}
		if bridges, err = u.otherwise(ctx, bridges, kind, tried, progress); err != nil {
			return bridges, err
		}
	}
}

// noteSoldOut remembers what Hetzner did not have, if that is what err says: the next `up` tries other kinds first.
func (s *site) noteSoldOut(err error) error {
	var lacking *hetzner.SoldOutError
	if !errors.As(err, &lacking) {
		return nil
	}
	kind := config.Kind{ServerType: lacking.ServerType, Location: lacking.Location}
	return s.local.markSoldOut(kind, errors.Is(err, hetzner.ErrWithdrawn), s.World.Now())
}

// nextKind goes on to the next choice for the portal; without one the error says what was tried.
func (u *up) nextKind(gone config.Kind, err error) error {
	u.kinds = slices.DeleteFunc(u.kinds, func(k config.Kind) bool { return k == gone })
	if len(u.kinds) > 0 {
		return nil
	}
	var all []string
	for _, k := range u.Config.PortalKinds() {
		all = append(all, k.ServerType+" in "+k.Location)
	}
	if u.stands.machine != (config.Kind{}) {
		return fmt.Errorf("%w. The portal can only become another type of the same kind where it is; try again later, or name its present type in "+
			"the county's file (server_types.portal)", err)
	}
	return fmt.Errorf("the portal's machine could not be had as any of: %s. Try again in a quarter of an hour, or name further types "+
		"(server_types.portal) or locations in the county's file. The last answer: %w", strings.Join(all, ", "), err)
}

// otherwise gives the bridges of a kind that is sold out, and that do not exist, the next kind that was not tried yet. Those for which
// there is none are given up; when the state says that they are wanted, it is told.
func (u *up) otherwise(ctx context.Context, bridges []infra.Bridge, gone config.Kind, tried map[config.Kind]bool, progress func(string)) ([]infra.Bridge, error) {
	found, err := u.World.Cloud.Servers(ctx, u.Home.Name)
	if err != nil {
		return bridges, err
	}
	var next config.Kind
	for _, k := range u.local.promising(u.Config.BridgeKinds(), u.World.Now()) {
		if !tried[k] {
			next = k
			break
		}
	}
	var kept []infra.Bridge
	for _, b := range bridges {
		name := infra.BridgeName(u.Home.Name, b.Number)
		exists := slices.ContainsFunc(found, func(r hetzner.Resource) bool { return r.Name == name })
		switch {
		case exists || b.ServerType != gone.ServerType || b.Location != gone.Location:
		case next == (config.Kind{}):
			progress(name + " is not to be had as any type in any location of the county's file; the county comes up without it. `kreisraum scale` or " +
				"`kreisraum serve` makes it later")
			u.Log.Warn("a bridge could not be had", "county", u.Home.Name, "bridge", b.Number)
			continue
		default:
			b.ServerType, b.Location = next.ServerType, next.Location
		}
		kept = append(kept, b)
	}
	return kept, u.stack.SetDesiredBridges(ctx, kept)
}

// firstBridges are those that a new county begins with; scaling has the word from then on.
func (u *up) firstBridges() []infra.Bridge {
	kinds := u.local.promising(u.Config.BridgeKinds(), u.World.Now())
	var bridges []infra.Bridge
	for n := 1; n <= u.Config.Bridges.Min; n++ {
		bridges = append(bridges, infra.Bridge{Number: n, ServerType: kinds[0].ServerType, Location: kinds[0].Location})
	}
	return bridges
}

// caa is the CAA record to make: never one that keeps the county's own authority from issuing.
func (s *site) caa() string {
	if name := issuerName(s.Config, s.Endpoints); name == s.Config.DNS.CAA {
		return name
	}
	return ""
}
