package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

// rescanEvery is how often the daemon looks for counties that came, went or have another file.
const rescanEvery = 30 * time.Second

// homeEvery is how often the daemon looks whether its home is still there.
const homeEvery = time.Second

// Counties are the counties of the operator's home.
type Counties interface {
	// Owns reports whether a county is the daemon's, there or not.
	Owns(name string) bool
	// Names are the daemon's counties that have a folder in the home: there is something to look after.
	Names() ([]string, error)
	// Exists reports whether a county has a folder in the home.
	Exists(name string) bool
	Settings(name string) (Settings, error)
	// Open makes the county; it asks nobody yet.
	Open(name string) (County, error)
}

// Config of a Daemon.
type Config struct {
	// Home is the operator's home.
	Home     string
	Version  string
	Counties Counties
	// Decide is autoscale.Decide.
	Decide func(autoscale.Input) autoscale.Decision
	// Run runs a command that came through the socket.
	Run Command
	// Every is the time between two looks at a county.
	Every time.Duration
	// Metrics is host:port to listen on; empty: no metrics.
	Metrics string
	Log     *slog.Logger
}

// Daemon looks after the counties of a home. The caller holds the home's lock.
type Daemon struct {
	cfg     Config
	metrics *metrics
	// metricsAddr is where metrics are served.
	metricsAddr net.Addr
	workers     sync.WaitGroup
	rescans     chan struct{}

	mu      sync.Mutex
	runners map[string]*entry
	gates   map[string]gate
	broken  map[string]string // counties that cannot be opened, and the reason that was logged
}

// entry is a county that is being looked after.
type entry struct {
	runner      *runner
	fingerprint string
	retire      func()
}

// New makes a Daemon.
func New(cfg Config) *Daemon {
	return &Daemon{cfg: cfg, metrics: newMetrics(), rescans: make(chan struct{}, 1), runners: map[string]*entry{}, gates: map[string]gate{}, broken: map[string]string{}}
}

// Run serves until ctx ends. ready is called once commands are taken.
func (d *Daemon) Run(ctx context.Context, ready func(metrics net.Addr)) error {
	listener, err := listen(SocketPath(d.cfg.Home))
	if err != nil {
		return err
	}
	s := &socket{
		listener: listener, path: SocketPath(d.cfg.Home), version: d.cfg.Version, owns: d.cfg.Counties.Owns, run: d.cfg.Run, log: d.cfg.Log,
	}
	own, err := os.Lstat(s.path)
	if err != nil {
		listener.Close()
		return fmt.Errorf("look after the home: %w", err)
	}
	parts := []func(context.Context) error{s.serve, d.look, func(ctx context.Context) error { return d.stay(ctx, own) }}
	if d.cfg.Metrics != "" {
		l, err := net.Listen("tcp", d.cfg.Metrics)
		if err != nil {
			listener.Close()
			return fmt.Errorf("serve metrics: %w; choose another address with --metrics, or none with --metrics ''", err)
		}
		d.metricsAddr = l.Addr()
		parts = append(parts, func(ctx context.Context) error { return d.metrics.serve(ctx, l, d.cfg.Log) })
	}
	if ready != nil {
		ready(d.metricsAddr)
	}
	return together(ctx, parts)
}

// together runs all parts until ctx ends or one of them fails, which ends the others.
func together(ctx context.Context, parts []func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error)
	for _, part := range parts {
		go func() { ended <- part(ctx) }()
	}
	var errs []error
	for range parts {
		errs = append(errs, <-ended)
		cancel()
	}
	return errors.Join(errs...)
}

// stay ends with an error when the home is taken away, as with a sandbox that is removed: who makes another one in its place must not find
// two daemons in it. own is the daemon's socket.
func (d *Daemon) stay(ctx context.Context, own fs.FileInfo) error {
	path := SocketPath(d.cfg.Home)
	ticker := time.NewTicker(homeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		there, err := os.Lstat(path)
		gone := errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(own, there)
		if gone && ctx.Err() == nil { // the end of the daemon removes its socket
			return fmt.Errorf("%s was removed, and with it all that this daemon looked after", d.cfg.Home)
		}
	}
}

// look keeps a runner for each county that exists.
func (d *Daemon) look(ctx context.Context) error {
	defer d.workers.Wait()
	ticker := time.NewTicker(rescanEvery)
	defer ticker.Stop()
	for {
		d.rescan(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-d.rescans:
		case <-ticker.C:
		}
	}
}

// rescan starts, renews and retires runners. One that was retired frees its place when its hands are idle; the next rescan goes on.
func (d *Daemon) rescan(ctx context.Context) {
	names, err := d.cfg.Counties.Names()
	if err != nil {
		d.cfg.Log.Error("the counties could not be listed; those that are known are looked after as before", "error", err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	for name, e := range d.runners {
		select {
		case <-e.runner.over:
			delete(d.runners, name)
			d.metrics.forget(name)
			continue
		default:
		}
		if !slices.Contains(names, name) {
			e.retire()
		}
	}
	for _, name := range names {
		d.report(name, d.renewLocked(ctx, name))
	}
}

// renewLocked starts a county's runner, or retires it when the county's file has changed.
func (d *Daemon) renewLocked(ctx context.Context, name string) error {
	s, err := d.cfg.Counties.Settings(name)
	if err != nil {
		return err
	}
	if e, runs := d.runners[name]; runs {
		if e.fingerprint != s.Fingerprint {
			e.retire()
		}
		return nil
	}
	c, err := d.cfg.Counties.Open(name)
	if err != nil {
		return err
	}
	m, err := newMind(name, c, s, d.cfg.Decide, d.cfg.Log)
	if err != nil {
		return err
	}
	r := newRunner(m, d.cfg.Every, func() time.Duration { return d.surveyPeriod(s.Project) }, d.metrics)
	r.gate = d.gateLocked(name)
	d.runners[name] = &entry{runner: r, fingerprint: s.Fingerprint, retire: sync.OnceFunc(func() { close(r.retired) })}
	d.workers.Go(func() { r.run(ctx) })
	d.cfg.Log.Info("looking after the county", "county", name)
	return nil
}

// report logs once what keeps a county from being looked after.
func (d *Daemon) report(name string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != d.broken[name] && text != "" {
		d.cfg.Log.Error("the county cannot be looked after as its file says now; it is tried again", "county", name, "error", err)
	}
	d.broken[name] = text
}

// surveyPeriod is longer the more counties share a project.
func (d *Daemon) surveyPeriod(project string) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	counties := 0
	for _, e := range d.runners {
		if e.runner.mind.settings.Project == project {
			counties++
		}
	}
	return surveyPeriod(counties)
}

func (d *Daemon) gateLocked(name string) gate {
	if d.gates[name] == nil {
		d.gates[name] = newGate(1)
	}
	return d.gates[name]
}

func (d *Daemon) runnerOf(name string) *runner {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.runners[name]; e != nil {
		return e.runner
	}
	return nil
}

// Enter waits until nothing else changes the county, and returns how to let others in again. A command that changes a county in any
// other way than by an Order enters first.
func (d *Daemon) Enter(ctx context.Context, name string) (leave func(), err error) {
	d.mu.Lock()
	g := d.gateLocked(name)
	d.mu.Unlock()
	out, err := g.enter(ctx)
	if err != nil {
		return nil, fmt.Errorf("wait for another change of %s to end: %w", name, err)
	}
	return func() {
		out()
		d.settle(name)
	}, nil
}

// settle makes the runners fit what a command has changed: a county that came up is looked after, one that is down no more. It returns
// when the runner of a county that is down has ended, so that nothing of it is left when the county comes up again.
func (d *Daemon) settle(name string) {
	d.mu.Lock()
	e := d.runners[name]
	d.mu.Unlock()
	exists := d.cfg.Counties.Exists(name)
	switch {
	case e != nil && exists:
		e.runner.poke()
		return
	case e != nil:
		e.retire()
		<-e.runner.over
	case !exists:
		return
	}
	select {
	case d.rescans <- struct{}{}:
	default:
	}
}

// Order carries an operator's order out. Returns ErrNotUp if the county is not looked after.
func (d *Daemon) Order(ctx context.Context, name string, o Order, progress func(string)) (Outcome, error) {
	r := d.runnerOf(name)
	if r == nil {
		return Outcome{}, fmt.Errorf("%w: %s; `kreisraum up %s` starts it", ErrNotUp, name, name)
	}
	return r.Order(ctx, o, progress)
}
