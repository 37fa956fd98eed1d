package county

import (
	"context"

	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// Lock is what keeps others away from the county's state.
type Lock = stack.Lock

// ErrAlive says that the process that holds a lock is at work.
var ErrAlive = stack.ErrAlive

// Locks are those on the county's state.
func (c *County) Locks(ctx context.Context) ([]Lock, error) {
	state, err := c.openState(ctx)
	if err != nil {
		return nil, err
	}
	return state.Locks(ctx)
}

// Unlock takes a lock away. Returns ErrAlive if its process lives on this computer.
func (c *County) Unlock(ctx context.Context, l Lock) error {
	state, err := c.openState(ctx)
	if err != nil {
		return err
	}
	return state.Unlock(ctx, l)
}

// Forget sets aside a state that cannot be used, and returns where it is now, empty if there was none. The next `up` finds everything at
// Hetzner by its labels. It takes the county's lock.
func (c *County) Forget(ctx context.Context) (aside string, err error) {
	unlock, err := c.Home.Lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	state, err := c.openState(ctx)
	if err != nil {
		return "", err
	}
	return state.Forget(ctx, c.World.Now())
}

// openState opens the place where the county's state is.
func (c *County) openState(ctx context.Context) (*stack.State, error) {
	url, err := c.stateURL()
	if err != nil {
		return nil, err
	}
	return stack.OpenState(ctx, c.Home.Dir(), c.Home.Name, url)
}
