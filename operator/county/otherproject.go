package county

import (
	"context"
	"errors"
	"fmt"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/countyca"
)

// ErrOtherProject says that the county's machines run in another Hetzner project than the token's.
var ErrOtherProject = errors.New("the token belongs to another Hetzner project than the county")

// inThisProject refuses when the project has none of the machines that this computer knows, and one of them answers all the same. Taken
// down with such a token, the county would lose its keys and get a record of its deletion while its machines run on.
func (c *County) inThisProject(ctx context.Context, p hetzner.Project) error {
	l, err := loadLocal(c.Home)
	if err != nil || len(l.Outputs.Machines) == 0 {
		return nil //nolint:nilerr // a state that is damaged must not keep a county from being taken down
	}
	found, err := c.World.Cloud.Servers(ctx, c.Home.Name)
	if err != nil {
		return err
	}
	exists := map[int64]bool{}
	for _, r := range found {
		exists[r.ID] = true
	}
	for _, s := range p.Servers { // somebody may have removed a label
		exists[s.ID] = true
	}
	for _, m := range l.Outputs.Machines {
		if exists[m.ServerID] {
			return nil
		}
	}
	for _, m := range l.Outputs.Machines {
		if c.answers(ctx, m) {
			return fmt.Errorf("%w: that project does not have %s, which answers at %s; nothing was changed. Give the token of the county's project",
				ErrOtherProject, m.Name, m.IPv4)
		}
	}
	return nil
}

// answers reports whether the county's own server runs at a machine's address: only that has a certificate of the county's authority.
func (c *County) answers(ctx context.Context, m infra.Machine) bool {
	ca, err := countyca.Open(c.Home.Dir(), c.Home.Name, c.World.Now)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	ops := c.World.DialOps(siteAddress(m), ca)
	defer ops.Close()
	_, err = ops.Info(ctx)
	return err == nil
}
