package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/nspawn"
)

// Prepare says whether a sandbox with this configuration can be started, or is the one that runs, and does beforehand what takes long: building
// the machines' image. progress is called with each step of it. Returns a *nspawn.Missing if this computer lacks something.
func Prepare(ctx context.Context, c Config, progress func(step string)) error {
	asked := c.Machines
	m, running, err := Status(ctx, c.Home)
	if err != nil {
		return err
	}
	if running {
		if have := cmp.Or(m.MachinesKind, MachinesProcess); asked != "" && asked != have {
			return fmt.Errorf("the sandbox runs with machines of the kind %s, not %s; `kreisraum sandbox remove` ends it with all counties in it, "+
				"another --home makes a second one beside it", have, asked)
		}
		return nil
	}
	if c, err = c.withDefaults(); err != nil {
		return err
	}
	if c.Machines != MachinesNspawn {
		return nil
	}
	if err := os.MkdirAll(c.Home, 0o700); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	if err := nspawn.Check(c.Home); err != nil {
		return err
	}
	_, err = nspawn.EnsureImage(ctx, c.Images, progress)
	return err
}
