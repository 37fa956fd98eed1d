package machine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/spawn"
)

// Config says where machines live.
type Config struct {
	// Dir holds one folder per machine; made when missing, mode 0700.
	Dir string
	// Log gets one line per event worth acting on. nil: nothing is logged.
	Log *slog.Logger
	// Resolver is the name server in the machines' /etc/resolv.conf; resolvers always ask port 53. Empty: 127.0.0.1.
	Resolver string
	// ShutdownTimeout bounds how long Close waits for units to stop by themselves. 0: ten seconds.
	ShutdownTimeout time.Duration
}

// Process is the runtime "process": machines that are folders. It implements hcloudsim.Runtime.
type Process struct {
	config   Config
	spawn    *spawn.Spawner
	loopback *loopback

	mu      sync.Mutex
	servers map[int64]*server
	closed  bool
}

var _ hcloudsim.Runtime = (*Process)(nil)

// errGone means that the machine does not exist (any more).
var errGone = errors.New("the machine does not exist")

// NewProcess checks that this computer can run machines and makes the folder for them. Without root rights it needs user namespaces and
// unprivileged ports from 22 on; the error says what to do.
func NewProcess(c Config) (*Process, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Resolver == "" {
		c.Resolver = "127.0.0.1"
	}
	if _, err := netip.ParseAddr(c.Resolver); err != nil {
		return nil, fmt.Errorf("machine runtime: resolver %q is not an IP address", c.Resolver)
	}
	if c.ShutdownTimeout == 0 {
		c.ShutdownTimeout = 10 * time.Second
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("machine runtime: %w", err)
	}
	if err := checkRights(c.Dir); err != nil {
		return nil, err
	}
	spawner, err := spawn.New(giveUp)
	if err != nil {
		return nil, fmt.Errorf("machine runtime: %w", err)
	}
	return &Process{config: c, spawn: spawner, loopback: &loopback{}, servers: make(map[int64]*server)}, nil
}

// EnableIPv6 lets machines have addresses of prefix: each one's address is added to the loopback interface while it is on. It tries with one
// address and says why it is impossible, for example without the right to administer the network or where IPv6 is switched off. Call it
// before the first machine is powered on.
func (p *Process) EnableIPv6(prefix netip.Prefix) error { return p.loopback.enable(prefix) }

// EnablePrivate lets machines have addresses of private networks: each one's is added to the loopback interface while it is on. It tries with
// one address and says why it is impossible, as without the right to administer the network. Call it before the first machine is powered
// on; without, machines have no private addresses.
func (p *Process) EnablePrivate() error { return p.loopback.enablePrivate() }

// Create implements hcloudsim.Runtime. A disk that an earlier run left for the same machine is used again.
func (p *Process) Create(ctx context.Context, m hcloudsim.Machine) error {
	s, err := p.known(m)
	if err != nil {
		return named("create", m.ID, err)
	}
	m = own(m)
	return named("create", m.ID, s.Do(ctx, func() error { return s.create(m) }))
}

// known is the machine's server, made if there is none yet.
func (p *Process) known(m hcloudsim.Machine) (*server, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.servers[m.ID]; s != nil {
		return s, nil
	}
	if p.closed {
		return nil, errors.New("the machine runtime is closed")
	}
	s := newServer(p, own(m))
	p.servers[m.ID] = s
	return s, nil
}

// own is a machine whose lists are nobody else's.
func own(m hcloudsim.Machine) hcloudsim.Machine {
	m.AuthorizedKeys, m.Private, m.Networks = slices.Clone(m.AuthorizedKeys), slices.Clone(m.Private), slices.Clone(m.Networks)
	return m
}

// PowerOn implements hcloudsim.Runtime.
func (p *Process) PowerOn(ctx context.Context, id int64) error {
	s, err := p.server(id)
	if err != nil {
		return named("power on", id, err)
	}
	return named("power on", id, s.Do(ctx, s.powerOn))
}

// PowerOff implements hcloudsim.Runtime. It does not wait for a shutdown that is under way.
func (p *Process) PowerOff(ctx context.Context, id int64) error {
	s, err := p.server(id)
	if err != nil {
		return named("power off", id, err)
	}
	if units := s.running.Load(); units != nil {
		units.cutPower()
	}
	return named("power off", id, s.Do(ctx, s.powerOff))
}

// Shutdown implements hcloudsim.Runtime. Units get SIGTERM and their TimeoutStopSec; then the machine is off.
func (p *Process) Shutdown(ctx context.Context, id int64) error {
	s, err := p.server(id)
	if err != nil {
		return named("shut down", id, err)
	}
	return named("shut down", id, s.Do(ctx, s.shutdown))
}

// Reboot implements hcloudsim.Runtime. Units get SIGTERM and their TimeoutStopSec.
func (p *Process) Reboot(ctx context.Context, id int64) error {
	s, err := p.server(id)
	if err != nil {
		return named("reboot", id, err)
	}
	return named("reboot", id, s.Do(ctx, func() error { return errors.Join(s.shutdown(), s.powerOn()) }))
}

// Reset implements hcloudsim.Runtime. It does not wait for a shutdown that is under way.
func (p *Process) Reset(ctx context.Context, id int64) error {
	s, err := p.server(id)
	if err != nil {
		return named("reset", id, err)
	}
	if units := s.running.Load(); units != nil {
		units.cutPower()
	}
	return named("reset", id, s.Do(ctx, func() error { return errors.Join(s.powerOff(), s.powerOn()) }))
}

// Rebuild implements hcloudsim.Runtime.
func (p *Process) Rebuild(ctx context.Context, id int64, m hcloudsim.Machine) error {
	m.ID = id
	s, err := p.known(m)
	if err != nil {
		return named("rebuild", id, err)
	}
	if units := s.running.Load(); units != nil {
		units.cutPower()
	}
	return named("rebuild", id, s.Do(ctx, func() error { return s.rebuild(own(m)) }))
}

// Snapshot implements hcloudsim.Runtime.
func (p *Process) Snapshot(ctx context.Context, id, imageID int64) error {
	s, err := p.server(id)
	if err != nil {
		return named("take a snapshot of", id, err)
	}
	return named("take a snapshot of", id, s.Do(ctx, func() error { return s.snapshot(p.snapshotDir(imageID)) }))
}

// DeleteSnapshot implements hcloudsim.Runtime. Deleting what does not exist is no error.
func (p *Process) DeleteSnapshot(_ context.Context, imageID int64) error {
	if err := os.RemoveAll(p.snapshotDir(imageID)); err != nil {
		return fmt.Errorf("delete snapshot %d: %w", imageID, err)
	}
	return nil
}

// SetFirewall implements hcloudsim.Runtime. Only TCP port 22 is enforced.
func (p *Process) SetFirewall(ctx context.Context, id int64, filtered bool, inbound []hcloudsim.FirewallRule) error {
	s, err := p.server(id)
	if err != nil {
		return named("set the firewall of", id, err)
	}
	f := firewall{filtered: filtered, rules: slices.Clone(inbound)}
	return named("set the firewall of", id, s.Do(ctx, func() error { return s.setFirewall(f) }))
}

// Delete implements hcloudsim.Runtime. Deleting what does not exist is no error.
func (p *Process) Delete(ctx context.Context, id int64) error {
	s, err := p.server(id)
	if err != nil {
		return nil
	}
	if units := s.running.Load(); units != nil {
		units.cutPower()
	}
	if err := s.Do(ctx, s.remove); err != nil && !errors.Is(err, errGone) {
		return named("delete", id, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.servers[id] == s {
		delete(p.servers, id)
		s.End()
	}
	return nil
}

// Close shuts all machines down, cuts the power of those that do not stop in time, and keeps their disks. Safe to call twice.
func (p *Process) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	var all []*server
	for _, s := range p.servers {
		all = append(all, s)
	}
	p.mu.Unlock()
	each(all, func(s *server) {
		ctx, cancel := context.WithTimeout(context.Background(), p.config.ShutdownTimeout)
		defer cancel()
		if err := s.Do(ctx, s.shutdown); err != nil {
			if units := s.running.Load(); units != nil {
				units.cutPower()
			}
		}
		_ = s.Do(context.Background(), s.powerOff)
		s.End()
	})
	p.spawn.Close()
	return nil
}

func (p *Process) server(id int64) (*server, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.servers[id]; s != nil {
		return s, nil
	}
	return nil, errGone
}

func named(what string, id int64, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s machine %d: %w", what, id, err)
}
