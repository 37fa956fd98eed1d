package county

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
)

// sitePort is where a machine serves the site and the ops API.
const sitePort = 443

// sshPort of a machine.
const sshPort = 22

// ErrNotUp says that the county has no machine.
var ErrNotUp = errors.New("the county is not up")

// County is one county as a command sees it.
type County struct {
	Config    config.Config
	Home      home.County
	Ledger    *audit.Ledger
	Endpoints endpoints.Endpoints
	World     World
	// Binary is the conference server to deploy, built for the machine's architecture; Version is its version.
	Binary, Version string
	// PassphraseFile has the passphrase of a county that was made on another computer; empty: none was given.
	PassphraseFile string
	// Events is told how a command goes on; called from one goroutine at a time. May be nil.
	Events func(Event)
	Log    *slog.Logger
	// Turn waits until nobody else in this process changes the county, and is given back; nil: nobody else is there. Commands that wait
	// for hours take a turn for each change.
	Turn func(ctx context.Context) (leave func(), err error)

	line line
}

// URL is the site's address as people open it.
func (c *County) URL() string {
	if port := c.Endpoints.SitePort; port != 0 && port != sitePort {
		return "https://" + net.JoinHostPort(c.Config.Domain, strconv.Itoa(port))
	}
	return "https://" + c.Config.Domain
}

func (c *County) emit(e Event) {
	if c.Events != nil {
		c.Events(e)
	}
}

// step runs f under a name and tells how it goes on. f returns one line about what it found or did.
func (c *County) step(ctx context.Context, name Step, f func(ctx context.Context, progress func(string)) (string, error)) error {
	begun := c.World.Now()
	elapsed := func() time.Duration { return c.World.Now().Sub(begun) }
	c.emit(Event{Step: name, Kind: Begun})
	text, err := f(ctx, func(line string) { c.emit(Event{Step: name, Kind: Progress, Text: line, Elapsed: elapsed()}) })
	if err != nil {
		c.emit(Event{Step: name, Kind: Failed, Elapsed: elapsed()})
		c.Log.Debug("step failed", "step", name, "elapsed", elapsed())
		return &StepError{County: c.Home.Name, Step: name, Err: err}
	}
	c.emit(Event{Step: name, Kind: Done, Text: text, Elapsed: elapsed()})
	c.Log.Debug("step done", "step", name, "elapsed", elapsed())
	return nil
}

// StepError says in which step a command failed.
type StepError struct {
	County string
	Step   Step
	Err    error
}

func (e *StepError) Error() string { return fmt.Sprintf("%s: %s: %v", e.County, e.Step, e.Err) }

func (e *StepError) Unwrap() error { return e.Err }

// ops returns a caller of a machine's ops API.
func (c *County) ops(s *secrets, m infra.Machine) Ops {
	return c.World.DialOps(siteAddress(m), s.ca)
}

func siteAddress(m infra.Machine) string { return net.JoinHostPort(m.IPv4, strconv.Itoa(sitePort)) }

// live returns what is remembered of a county that is up, and a caller of its server. Returns ErrNotUp if it has no machine.
func (c *County) live() (*local, infra.Machine, Ops, error) {
	l, err := c.remembered()
	if err != nil {
		return nil, infra.Machine{}, nil, err
	}
	m, _ := portal(l.Outputs)
	s, err := openSecrets(c.Home, c.World.Now)
	if err != nil {
		return nil, infra.Machine{}, nil, err
	}
	return l, m, c.ops(s, m), nil
}

// closeForgotten takes away a temporary SSH rule that a killed run left behind, unless somebody is logged in.
func (c *County) closeForgotten(ctx context.Context, l *local) error {
	if l.SSHOpenIn == 0 {
		return nil
	}
	if in, err := c.Home.InSession(); err != nil || in {
		return err
	}
	if _, err := c.World.Cloud.CloseSSH(ctx, l.SSHOpenIn); err != nil {
		return fmt.Errorf("close port 22, which an earlier run left open: %w", err)
	}
	return l.change(func(l *local) { l.SSHOpenIn = 0 })
}
