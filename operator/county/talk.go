package county

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// line keeps the connection to the portal's ops API between questions: a daemon asks every few seconds.
type line struct {
	mu  sync.Mutex
	key string
	ops Ops
}

// Load asks the portal how busy the county is. Returns ErrNotUp.
func (c *County) Load(ctx context.Context) (opsapi.Load, error) {
	ops, err := c.ask()
	if err != nil {
		return opsapi.Load{}, err
	}
	return ops.Load(ctx)
}

// Night asks the portal for its restarts and their proofs. Returns ErrNotUp.
func (c *County) Night(ctx context.Context) (opsapi.Night, error) {
	ops, err := c.ask()
	if err != nil {
		return opsapi.Night{}, err
	}
	return ops.Night(ctx)
}

// Info asks the portal for its state. Returns ErrNotUp.
func (c *County) Info(ctx context.Context) (opsapi.Info, error) {
	ops, err := c.ask()
	if err != nil {
		return opsapi.Info{}, err
	}
	return ops.Info(ctx)
}

// Close ends the connection to the portal, if one is kept. The county can still be used afterwards.
func (c *County) Close() {
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	if c.line.ops != nil {
		c.line.ops.Close()
	}
	c.line.ops, c.line.key = nil, ""
}

// ask returns a caller of the portal's ops API, which stays the same as long as the portal and our certificate do. Do not close it.
func (c *County) ask() (Ops, error) {
	l, err := c.remembered()
	if err != nil {
		return nil, err
	}
	m, _ := portal(l.Outputs)
	key := siteAddress(m)
	for _, name := range []string{"ca.crt", "operator.crt"} {
		info, err := os.Stat(c.Home.File(name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("look at the county's keys: %w", err)
		}
		if err == nil {
			key += " " + info.ModTime().String()
		}
	}
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	if c.line.ops != nil && c.line.key == key {
		return c.line.ops, nil
	}
	s, err := openSecrets(c.Home, c.World.Now)
	if err != nil {
		return nil, err
	}
	if c.line.ops != nil {
		c.line.ops.Close()
	}
	c.line.ops, c.line.key = c.ops(s, m), key
	return c.line.ops, nil
}

// remembered is what this computer remembers of a county that is up. Returns ErrNotUp if it has no machine.
func (c *County) remembered() (*local, error) {
	notUp := fmt.Errorf("%w: %s; `kreisraum up %s` starts it", ErrNotUp, c.Home.Name, c.Home.Name)
	if !c.Home.Exists() {
		return nil, notUp
	}
	l, err := loadLocal(c.Home)
	if err != nil {
		return nil, err
	}
	if _, ok := portal(l.Outputs); !ok {
		return nil, notUp
	}
	return l, nil
}
