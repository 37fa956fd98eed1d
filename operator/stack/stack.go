package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/stack/store"
)

// project is the Pulumi project of every county; the stack is named after the county.
const project = "kreisraum"

// Config says which stack to open. All fields but Log are required.
type Config struct {
	County string
	// Home is the folder below which "pulumi" is made.
	Home string
	// StateURL is where the state is kept, as the county's file says it: s3://… or postgres://…; empty: below Home.
	StateURL string
	// PulumiPath is the engine's binary, see FindPulumi.
	PulumiPath string
	// Passphrase encrypts the secrets in the state. It must stay the same for the life of the stack.
	Passphrase string
	// Cloud reaches the county's Hetzner project. The stack does not close it.
	Cloud *hetzner.Client
	// Log receives the provider's changes. Nil: nothing is logged.
	Log *slog.Logger
}

func (c Config) validate() error {
	var errs []error
	for name, missing := range map[string]bool{
		"county": c.County == "", "home": c.Home == "", "path of the pulumi binary": c.PulumiPath == "",
		"passphrase": c.Passphrase == "", "Hetzner client": c.Cloud == nil,
	} {
		if missing {
			errs = append(errs, fmt.Errorf("open stack: the %s is missing", name))
		}
	}
	return errors.Join(errs...)
}

// Stack is a county's stack. It is not safe for concurrent use; the caller holds the county's lock.
type Stack struct {
	*State
	cfg     Config
	command *command
	ws      auto.Workspace
	// serving is how the provider serves the engine that runs now.
	serving serving
}

// Open prepares the folders and the workspace. It starts no process and makes no stack yet; the first Up does.
func Open(ctx context.Context, cfg Config) (*Stack, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	state, err := OpenState(ctx, cfg.Home, cfg.County, cfg.StateURL)
	if err != nil {
		return nil, err
	}
	engine, err := filepath.Abs(cfg.PulumiPath) // it is started in another folder
	if err != nil {
		return nil, fmt.Errorf("open stack: %w", err)
	}
	s := &Stack{State: state, cfg: cfg, command: &command{path: engine, needs: store.Environment(state.layout.url)}}
	return s, s.prepare(ctx)
}

// prepare makes the folders and the project file.
func (s *Stack) prepare(ctx context.Context) error {
	for _, dir := range []string{s.layout.root, s.layout.home, s.layout.work} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("open stack: %w", err)
		}
	}
	// A folder that somebody made before may be open to others.
	if err := os.Chmod(s.layout.root, 0o700); err != nil {
		return fmt.Errorf("open stack: %w", err)
	}
	if err := s.layout.writeProject(); err != nil {
		return err
	}
	ws, err := auto.NewLocalWorkspace(ctx,
		auto.WorkDir(s.layout.work),
		auto.PulumiHome(s.layout.home),
		auto.Pulumi(s.command),
		auto.SecretsProvider("passphrase"),
		auto.EnvVars(s.environment()),
	)
	if err != nil {
		return fmt.Errorf("open stack: %w", err)
	}
	s.ws = ws
	return nil
}

// environment of the engine. It has no token: that stays with the provider in this process.
func (s *Stack) environment() map[string]string {
	return map[string]string{
		"PULUMI_DIY_BACKEND_NO_LEGACY_WARNING":          "true",
		"PULUMI_BACKEND_URL":                            s.layout.backendURL(),
		"PULUMI_CONFIG_PASSPHRASE":                      s.cfg.Passphrase,
		"PULUMI_SKIP_UPDATE_CHECK":                      "true",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION":   "true",
		"PULUMI_IGNORE_AMBIENT_PLUGINS":                 "true",
		"PULUMI_DISABLE_REGISTRY_RESOLVE":               "true",
		"PULUMI_LOG_ROTATION_MAX_TOTAL_MB":              "5",
		"PULUMI_SUPPRESS_NEO_LINK":                      "true",
		"PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
	}
}

// existing selects the stack if it was made before.
func (s *Stack) existing(ctx context.Context) (_ auto.Stack, found bool, err error) {
	state, found, err := s.load(ctx)
	if err != nil || !found {
		return auto.Stack{}, false, err
	}
	if err := s.shareSalt(ctx, state); err != nil {
		return auto.Stack{}, true, err
	}
	selected, err := auto.SelectStack(ctx, s.cfg.County, s.ws)
	return selected, true, err
}

// made selects the stack or makes it.
func (s *Stack) made(ctx context.Context) (auto.Stack, error) {
	selected, found, err := s.existing(ctx)
	if found || err != nil {
		return selected, err
	}
	return auto.NewStack(ctx, s.cfg.County, s.ws)
}
