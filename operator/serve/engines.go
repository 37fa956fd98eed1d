package serve

import (
	"context"
	"fmt"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// maxEngines is how many Pulumi engines may run at the same time: each takes about 200 MB and a core while it runs.
const maxEngines = 2

// Engines bounds the engines of all counties of a daemon, those of its commands included.
type Engines struct{ gate gate }

// NewEngines returns one with places for maxEngines.
func NewEngines() *Engines { return &Engines{newGate(maxEngines)} }

// Bound returns w with its engines among those that are counted.
func (e *Engines) Bound(w county.World) county.World {
	open := w.OpenStack
	w.OpenStack = func(ctx context.Context, dir, passphrase string) (county.Stack, error) {
		s, err := open(ctx, dir, passphrase)
		if err != nil {
			return nil, err
		}
		return boundStack{s, e.gate}, nil
	}
	return w
}

// boundStack waits for a place before it starts an engine.
type boundStack struct {
	county.Stack
	engines gate
}

func (s boundStack) Up(ctx context.Context, spec infra.Spec, progress func(string)) (infra.Outputs, int, error) {
	leave, err := s.engines.enter(ctx)
	if err != nil {
		return infra.Outputs{}, 0, fmt.Errorf("wait for other counties' engines: %w", err)
	}
	defer leave()
	return s.Stack.Up(ctx, spec, progress)
}

func (s boundStack) Preview(ctx context.Context, spec infra.Spec) ([]stack.Change, error) {
	leave, err := s.engines.enter(ctx)
	if err != nil {
		return nil, fmt.Errorf("wait for other counties' engines: %w", err)
	}
	defer leave()
	return s.Stack.Preview(ctx, spec)
}

func (s boundStack) Destroy(ctx context.Context, progress func(string)) error {
	leave, err := s.engines.enter(ctx)
	if err != nil {
		return fmt.Errorf("wait for other counties' engines: %w", err)
	}
	defer leave()
	return s.Stack.Destroy(ctx, progress)
}
