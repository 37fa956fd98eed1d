package county

import (
	"context"
	"errors"
	"fmt"
)

// ErrGone says that nothing of the county exists at Hetzner although this computer's state says so.
var ErrGone = errors.New("the county is gone")

// stillThere refuses to go on when the state knows a machine and the project nothing at all: the token may be another
// project's, and then everything would be made a second time there. Single missing parts are made again by the stack.
func (s *site) stillThere(ctx context.Context) error {
	m, known := portal(s.local.Outputs)
	if !known {
		return nil
	}
	found, err := s.World.Cloud.Leftovers(ctx, s.Home.Name)
	if err != nil || len(found) > 0 {
		return err
	}
	return fmt.Errorf("%w: %s (%s) is in this computer's state, but the Hetzner project has nothing of this county. Either the token belongs "+
		"to another project, or everything was deleted there; then `kreisraum down %s --keep-register` clears the state and `kreisraum up %s` "+
		"starts anew with the same accounts", ErrGone, m.Name, m.IPv4, s.Home.Name, s.Home.Name)
}
