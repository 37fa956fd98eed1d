package cli

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
)

// need says what a verb needs of a county.
type need struct {
	// config: the county's file must be right. Taking a county down must work without.
	config bool
	// cloud: the verb talks to Hetzner, so there must be a token.
	cloud bool
	// world: the verb talks to anybody, so the sandbox must run when it is asked for.
	world bool
	// begins: the county need not exist yet.
	begins bool
	// bare: the verb looks at the place of the state only, and needs no keys.
	bare bool
	// changes: the verb changes the county itself, so that the daemon must not do so meanwhile.
	changes bool
}

// open makes the county that a verb works on. progress may be nil.
func (a *app) open(ctx context.Context, name string, n need, progress *progress) (*county.County, error) {
	var cfg config.Config
	if n.config {
		var err error
		if cfg, err = config.Find(a.options.configDir(), name); err != nil {
			return nil, err
		}
	} else if err := config.CheckName(name); err != nil {
		return nil, err
	} else if file, err := config.Find(a.options.configDir(), name); err == nil {
		cfg.State = file.State // what works without the file finds a state that is shared with it
	}
	if err := a.rightWorld(name, n); err != nil {
		return nil, err
	}
	where, dir, err := a.endpoints(ctx, name, n)
	if err != nil {
		return nil, err
	}
	if n.changes {
		if err := a.enter(ctx, name); err != nil {
			return nil, err
		}
	}
	h, err := home.Open(dir)
	if err != nil {
		return nil, err
	}
	clerk, err := h.Clerk()
	if err != nil {
		return nil, err
	}
	c := &county.County{Config: cfg, Home: h.County(name), Endpoints: where, Version: a.version, Log: a.log(progress)}
	c.PassphraseFile = a.path(a.options.passphraseFile(name))
	c.Ledger = audit.New(c.Home.Ledger(), clerk, name, time.Now)
	c.World = county.RealWorld(name, a.version, where, c.Log)
	if a.engines != nil {
		c.World = a.engines.Bound(c.World)
	}
	if a.daemon != nil && !n.changes {
		c.Turn = func(ctx context.Context) (func(), error) { return a.daemon.core.Enter(ctx, name) }
	}
	if progress != nil {
		c.Events = progress.Event
	}
	if c.Binary, err = binary(cfg.Architecture()); err != nil {
		return nil, err
	}
	if n.bare {
		return c, nil
	}
	return c, c.Join(ctx)
}

// rightWorld refuses a county that is here in the sandbox only when --sandbox was forgotten: an empty register or a missing token would
// lead people astray.
func (a *app) rightWorld(name string, n need) error {
	dir, err := a.options.homeDir()
	if err != nil || a.options.sandbox() || n.begins {
		return err
	}
	if home.Has(home.InSandbox(dir), name) && !home.Has(dir, name) {
		return fmt.Errorf("%s is a county in the sandbox; add --sandbox to the command", name)
	}
	return nil
}

// endpoints says where the outside world is, and which home belongs to it.
func (a *app) endpoints(ctx context.Context, name string, n need) (endpoints.Endpoints, string, error) {
	dir, err := a.options.homeDir()
	if err != nil {
		return endpoints.Endpoints{}, "", err
	}
	if a.options.sandbox() {
		return a.sandboxEndpoints(ctx, dir, n)
	}
	if !n.cloud {
		return endpoints.Endpoints{}, dir, nil
	}
	token, err := a.options.token(name)
	return endpoints.Endpoints{HCloudToken: token}, dir, err
}

// binary is where the conference server for a machine's architecture is expected: beside this program.
func binary(architecture string) (string, error) {
	self, err := executable()
	if err != nil {
		return "", err
	}
	if resolved, err := filepath.EvalSymlinks(self); err == nil {
		self = resolved
	}
	return filepath.Join(filepath.Dir(self), "kreisraum-conference-linux-"+architecture), nil
}

// log writes warnings, or everything with --verbose, past the progress display.
func (a *app) log(progress *progress) *slog.Logger {
	level := slog.LevelWarn
	if a.options.verbose() {
		level = slog.LevelDebug
	}
	out := a.Err
	if progress != nil {
		out = progress
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
}

// daemonLog writes what an operator acts on, one line each, or everything with --verbose.
func (a *app) daemonLog() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if a.options.verbose() {
		options.Level = slog.LevelDebug
	}
	if a.options.json() {
		return slog.New(slog.NewJSONHandler(a.Err, options))
	}
	return slog.New(slog.NewTextHandler(a.Err, options))
}

// seconds for people.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
