package serve

import "context"

// gate lets as many through at a time as it has places; unlike a mutex it can be waited for with a context.
type gate chan struct{}

func newGate(places int) gate { return make(gate, places) }

// enter waits for a place and returns how to give it back.
func (g gate) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case g <- struct{}{}:
		return func() { <-g }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
