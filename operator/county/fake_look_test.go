package county

import (
	"context"
	"slices"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// Project is what the test has put there.
func (c cloud) Project(context.Context, string) (hetzner.Project, error) {
	_, err := c.locked("Project")
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.project, err
}

func (c cloud) Prices(context.Context) (hetzner.PriceList, error) {
	_, err := c.locked("Prices")
	return hetzner.PriceList{}, err
}

// Preview knows new machines only.
func (s stackFake) Preview(_ context.Context, spec infra.Spec) ([]stack.Change, error) {
	_, err := s.locked("Stack.Preview")
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []stack.Change
	for i, name := range infra.MachineNames(spec.County, spec.Bridges) {
		op := stack.OpSame
		if i == 0 && !s.exists || i > 0 && s.bridges[spec.Bridges[i-1].Number] == nil {
			op = stack.OpCreate
		}
		all = append(all, stack.Change{Name: name, Kind: "Server", Op: op})
	}
	return all, err
}

// purge takes items out of the project.
func (w *world) purge(_ context.Context, items []hetzner.Item) error {
	_, err := w.locked("Purge")
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, i := range items {
		w.project.Others = slices.DeleteFunc(w.project.Others, func(x hetzner.Item) bool { return x.Kind == i.Kind && x.ID == i.ID })
		w.project.Servers = slices.DeleteFunc(w.project.Servers, func(x hetzner.Server) bool { return x.Kind == i.Kind && x.ID == i.ID })
	}
	return err
}
