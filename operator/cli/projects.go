package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"golang.org/x/sync/errgroup"
)

// project is a Hetzner project that counties of this computer are in. Counties may share one.
type project struct {
	// counties whose token it is; empty if the token was given for no county.
	counties []string
	cloud    county.Looker
	// seen is what was found in it.
	seen hetzner.Project
}

// maxNamed is how many counties a title names.
const maxNamed = 5

// title of a project for people; Hetzner's name of it cannot be asked for.
func (p *project) title() string {
	if len(p.counties) == 0 {
		return "the project of the token"
	}
	if n := len(p.counties); n > maxNamed {
		return fmt.Sprintf("the project of %s and %d others", strings.Join(p.counties[:maxNamed], ", "), n-maxNamed)
	}
	return "the project of " + strings.Join(p.counties, ", ")
}

// projects looks at the projects of the counties, each once, with what matches the selector. The list is sorted by county.
func (a *app) projects(ctx context.Context, counties []string, selector string) ([]*project, error) {
	byToken := map[string]*project{}
	var all []*project
	add := func(name string) error {
		where, _, err := a.endpoints(ctx, name, need{cloud: true, world: true})
		if err != nil {
			return err
		}
		p := byToken[where.HCloudToken]
		if p == nil {
			p = &project{cloud: county.OpenCloud(where.HCloudURL, where.HCloudToken, a.version, a.log(nil))}
			byToken[where.HCloudToken] = p
			all = append(all, p)
		}
		if name != "" {
			p.counties = append(p.counties, name)
		}
		return nil
	}
	if len(counties) == 0 {
		if err := add(""); err != nil {
			return nil, err
		}
	}
	for _, name := range counties {
		if err := add(name); err != nil {
			return nil, err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range all {
		group.Go(func() (err error) {
			if p.seen, err = p.cloud.Project(ctx, selector); err != nil {
				return fmt.Errorf("%s: %w", p.title(), err)
			}
			return nil
		})
	}
	return all, group.Wait()
}

// of is the project of a county.
func projectOf(all []*project, name string) *project {
	i := slices.IndexFunc(all, func(p *project) bool { return slices.Contains(p.counties, name) })
	if i < 0 {
		return nil
	}
	return all[i]
}

// countiesHere are those with keys and state in this home. It makes nothing.
func (a *app) countiesHere() ([]string, error) {
	dir, err := a.countiesHome()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Join(dir, "counties"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("list the counties: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && home.Has(dir, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}
