package cli

import (
	"context"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"github.com/medienzentrenverbund/kreisraum/operator/serve"
	"github.com/spf13/cobra"
)

func (a *app) serve() *cobra.Command {
	var every time.Duration
	var metrics string
	cmd := &cobra.Command{
		Use:   "serve [county…]",
		Short: "Look after counties: bridges by load, certificates, proofs of the night",
		Long: `serve is the operator's daemon. Every few seconds it asks each county's portal how busy it is, and makes, drains and removes bridges
as the county's file allows. Every minute it compares with Hetzner and looks at certificates and at the proofs of the nightly restart;
what is wrong is logged, shown by status and counted in the metrics.

Without counties it looks after all that are up in this home, also after those that come later. While it runs, other commands for its
counties are carried out by it; nothing else about them changes. --token-file may contain {county} where counties have tokens of their own.
One daemon serves a home. It can be stopped and started, even killed, at any time: what it was doing is finished by the next one.`,
		Example: `  kreisraum serve --token-file /etc/kreisraum/{county}.token
  kreisraum serve tuttlingen goeppingen
  kreisraum serve --sandbox --every 1s`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if every < minEvery || every > maxEvery {
				return &usageError{cmd.CommandPath(), fmt.Errorf("--every %s is not between %s and %s", every, minEvery, maxEvery)}
			}
			return a.runServe(cmd.Context(), args, every, metrics)
		},
	}
	cmd.Flags().DurationVar(&every, "every", 5*time.Second, "time between two looks at a county")
	cmd.Flags().StringVar(&metrics, "metrics", "127.0.0.1:9477", "where Prometheus finds metrics; empty: nowhere")
	return cmd
}

// Bounds of --every: a look costs each portal a request.
const (
	minEvery = 200 * time.Millisecond
	maxEvery = time.Minute
)

// daemon is what a command knows of the daemon that it runs in.
type daemon struct {
	core *serve.Daemon
	// app is that of `serve` itself.
	app *app
}

func (a *app) runServe(ctx context.Context, counties []string, every time.Duration, metrics string) error {
	for _, name := range counties {
		if err := config.CheckName(name); err != nil {
			return err
		}
	}
	_, dir, err := a.endpoints(ctx, "", need{world: true})
	if err != nil {
		return err
	}
	h, err := home.Open(dir)
	if err != nil {
		return err
	}
	unlock, err := h.LockDaemon()
	if err != nil {
		return err
	}
	defer unlock()
	log := a.daemonLog()
	for _, name := range counties {
		if !h.County(name).Exists() {
			log.Warn("there is no such county yet; it is looked after from its first `kreisraum up` on", "county", name)
		}
	}
	a.engines = serve.NewEngines()
	d := &daemon{app: a}
	d.core = serve.New(serve.Config{
		Home: h.Dir(), Version: a.version, Counties: owned{d, h, counties}, Decide: autoscale.Decide, Every: every, Metrics: metrics, Log: log,
		Run: d.run,
	})
	return d.core.Run(ctx, func(metrics net.Addr) {
		if metrics != nil {
			log.Info("taking commands and serving metrics", "home", h.Dir(), "metrics", "http://"+metrics.String()+"/metrics")
			return
		}
		log.Info("taking commands", "home", h.Dir())
	})
}

// run is a command that came through the socket.
func (d *daemon) run(ctx context.Context, r serve.Request, s serve.Streams) int {
	a := &app{
		Streams: Streams(s), version: d.app.version, options: d.app.options.pinned(r.Options), args: r.Args, dir: r.Dir, terminal: r.Terminal, daemon: d,
		engines: d.app.engines,
	}
	if err := d.app.options.contradicts(r.Options); err != nil {
		a.report(ctx, err)
		return exitFailure
	}
	return a.execute(ctx)
}

// owned are the daemon's counties.
type owned struct {
	daemon *daemon
	home   home.Home
	// only names them; empty: all of the home.
	only []string
}

func (o owned) Owns(name string) bool { return len(o.only) == 0 || slices.Contains(o.only, name) }

func (o owned) Exists(name string) bool { return o.home.County(name).Exists() }

func (o owned) Names() ([]string, error) {
	names, err := o.home.Counties()
	return slices.DeleteFunc(names, func(name string) bool { return !o.Owns(name) || config.CheckName(name) != nil }), err
}

func (o owned) Settings(name string) (serve.Settings, error) {
	a := o.daemon.app
	cfg, err := config.Find(a.options.configDir(), name)
	if err != nil {
		return serve.Settings{}, err
	}
	token := ""
	if !a.options.sandbox() {
		if token, err = a.options.token(name); err != nil {
			return serve.Settings{}, err
		}
	}
	return serve.SettingsOf(cfg, o.home.County(name).Dir(), token)
}

func (o owned) Open(name string) (serve.County, error) {
	a := *o.daemon.app
	a.daemon = o.daemon
	c, err := a.open(context.Background(), name, need{config: true, cloud: true, world: true}, nil)
	if err != nil {
		return nil, err
	}
	return serve.Wire(c), nil
}
