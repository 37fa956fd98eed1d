package county

import (
	"context"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// recorded adds the bridges that were made after the state was written, as when a backup was put in place: nobody has ordered them away. It
// writes them down before anything is done, so that a killed run does not leave them known but unwanted.
func (s *site) recorded(ctx context.Context, bridges []infra.Bridge, progress func(string)) ([]infra.Bridge, error) {
	late, err := s.stack.Unrecorded(ctx)
	if err != nil || len(late) == 0 {
		return bridges, err
	}
	for _, b := range late {
		progress(infra.BridgeName(s.Home.Name, b.Number) + " exists and the state has not heard of it; it stays")
	}
	bridges = infra.SortBridges(append(bridges, late...))
	return bridges, s.stack.SetDesiredBridges(ctx, bridges)
}

// copyState gives a copy of the county, which has a folder of its own, a copy of a state that is shared.
func (c *County) copyState(ctx context.Context, copied *County) error {
	url, err := rememberedURL(c.Home.Dir())
	if err != nil || url == "" {
		return err
	}
	from, err := stack.OpenState(ctx, c.Home.Dir(), c.Home.Name, url)
	if err != nil {
		return err
	}
	to, err := stack.OpenState(ctx, copied.Home.Dir(), copied.Home.Name, "")
	if err != nil {
		return err
	}
	return from.CopyTo(ctx, to)
}
