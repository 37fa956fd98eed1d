package nspawn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/spawn"
)

// Config says where the machines live.
type Config struct {
	// Dir keeps the machines' disks and snapshots; made when missing, mode 0700. All names are drawn from it.
	Dir string
	// Images is the folder of the images, see ImagesDir.
	Images string
	// Log gets one line per event worth acting on. nil: nothing is logged.
	Log *slog.Logger
	// StopTimeout bounds how long Close waits for machines to shut down by themselves. 0: ten seconds.
	StopTimeout time.Duration
}

// Runtime runs machines as systemd-nspawn containers. Safe for concurrent use.
type Runtime struct {
	config   Config
	names    names
	image    Image // of disks to come
	cgroup   cgroup
	fabric   *fabric
	metadata *metadataServer
	spawn    *spawn.Spawner
	guard    *guard

	mu      sync.Mutex
	servers map[int64]*server
	closed  bool
}

var _ hcloudsim.Runtime = (*Runtime)(nil)

// Open makes the network and everything else that machines need, after purging what a killed run left behind. The caller holds the sandbox's
// lock: nobody else may use Dir. The image must have been built, see EnsureImage. Returns a *Missing if this computer cannot do it.
func Open(c Config) (*Runtime, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = 10 * time.Second
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("machines: %w", err)
	}
	c.Dir = dir
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("machines: %w", err)
	}
	if err := Check(c.Dir); err != nil {
		return nil, err
	}
	image, built := FindImage(c.Images)
	if !built {
		return nil, fmt.Errorf("the machines' image %s is not built; `kreisraum sandbox image` builds it", image.Root)
	}
	if err := Purge(c.Dir); err != nil {
		return nil, fmt.Errorf("machines: what an earlier run left: %w", err)
	}
	spawner, err := spawn.New(nil)
	if err != nil {
		return nil, fmt.Errorf("machines: %w", err)
	}
	r := &Runtime{config: c, image: image, servers: make(map[int64]*server), spawn: spawner}
	if err := r.raise(); err != nil {
		if r.guard != nil {
			r.guard.close()
		}
		r.spawn.Close()
		return nil, errors.Join(fmt.Errorf("machines: %w", err), Purge(c.Dir))
	}
	return r, nil
}

func (r *Runtime) raise() (err error) {
	if r.names, err = namesOf(r.config.Dir); err != nil {
		return err
	}
	mount, err := cgroupMount()
	if err != nil {
		return err
	}
	r.cgroup = cgroup(filepath.Join(mount, r.names.group()))
	if err := os.MkdirAll(string(r.cgroup), 0o755); err != nil {
		return fmt.Errorf("cgroup: %w", err)
	}
	if r.guard, err = startGuard(r.cgroup); err != nil {
		return err
	}
	if r.fabric, err = raiseFabric(r.names, r.config.Dir); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	r.metadata, err = serveMetadata(r.names.fabric(), r.config.Log)
	return err
}

// IPv4Pool is the range of the machines' public addresses; its first ten are not for machines.
func (r *Runtime) IPv4Pool() netip.Prefix { return r.fabric.plan.v4 }

// IPv6Pool is the range of the machines' IPv6 networks; its first /64 is not for machines.
func (r *Runtime) IPv6Pool() netip.Prefix { return r.fabric.plan.v6 }

// IPv6Supported says whether machines can have IPv6.
func (r *Runtime) IPv6Supported() bool { return r.fabric.ipv6 }

// HostAddress is this computer as the machines reach it: what listens on it is open to them.
func (r *Runtime) HostAddress() netip.Addr { return r.fabric.plan.host() }

func (r *Runtime) cgroupOf(id int64) cgroup {
	return cgroup(filepath.Join(string(r.cgroup), fmt.Sprintf("m%d", id)))
}

// snapshot is the copy of a disk. No machine has such a folder: theirs are numbers.
func (r *Runtime) snapshot(imageID int64) disk {
	return disk{filepath.Join(r.config.Dir, fmt.Sprintf("snapshot-%d", imageID))}
}

// named says what went wrong with which machine.
func named(what string, id int64, err error) error {
	if err == nil || errors.Is(err, hcloudsim.ErrShutdownIgnored) {
		return err
	}
	return fmt.Errorf("%s machine %d: %w", what, id, err)
}

// known is the machine's loop, made if there is none yet.
func (r *Runtime) known(id int64) (*server, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.servers[id]; s != nil {
		return s, nil
	}
	if r.closed {
		return nil, errors.New("the machine runtime is closed")
	}
	s := newServer(r, id)
	r.servers[id] = s
	return s, nil
}

func (r *Runtime) server(id int64) (*server, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.servers[id]; s != nil {
		return s, nil
	}
	return nil, errors.New("there is no such machine")
}

// order has the machine's loop do something.
func (r *Runtime) order(ctx context.Context, what string, id int64, do func(*server) error) error {
	s, err := r.server(id)
	if err != nil {
		return named(what, id, err)
	}
	return named(what, id, s.Do(ctx, func() error { return do(s) }))
}

// unplug cuts the power at once, also of a machine whose loop is busy with a shutdown.
func (r *Runtime) unplug(id int64) {
	if s, err := r.server(id); err == nil {
		if b := s.running.Load(); b != nil {
			_ = b.cgroup.kill() // the loop does it again
		}
	}
}

// own is a machine whose lists are nobody else's.
func own(m hcloudsim.Machine) hcloudsim.Machine {
	m.AuthorizedKeys, m.Private, m.Networks = slices.Clone(m.AuthorizedKeys), slices.Clone(m.Private), slices.Clone(m.Networks)
	return m
}

// Create implements hcloudsim.Runtime. A disk that an earlier run left for the same machine is used again.
func (r *Runtime) Create(ctx context.Context, m hcloudsim.Machine) error {
	if _, err := r.known(m.ID); err != nil {
		return named("create", m.ID, err)
	}
	m = own(m)
	return r.order(ctx, "create", m.ID, func(s *server) error { return s.create(m) })
}

// PowerOn implements hcloudsim.Runtime. It returns when the machine's systemd is there.
func (r *Runtime) PowerOn(ctx context.Context, id int64) error {
	return r.order(ctx, "power on", id, (*server).powerOn)
}

// PowerOff implements hcloudsim.Runtime. It does not wait for a shutdown that is under way.
func (r *Runtime) PowerOff(ctx context.Context, id int64) error {
	r.unplug(id)
	return r.order(ctx, "power off", id, (*server).powerOff)
}

// Shutdown implements hcloudsim.Runtime.
func (r *Runtime) Shutdown(ctx context.Context, id int64) error {
	return r.order(ctx, "shut down", id, func(s *server) error { return s.shutdown(shutdownTimeout) })
}

// Reboot implements hcloudsim.Runtime.
func (r *Runtime) Reboot(ctx context.Context, id int64) error {
	return r.order(ctx, "reboot", id, (*server).reboot)
}

// Reset implements hcloudsim.Runtime.
func (r *Runtime) Reset(ctx context.Context, id int64) error {
	r.unplug(id)
	return r.order(ctx, "reset", id, func(s *server) error { return errors.Join(s.powerOff(), s.powerOn()) })
}

// Rebuild implements hcloudsim.Runtime.
func (r *Runtime) Rebuild(ctx context.Context, id int64, m hcloudsim.Machine) error {
	if _, err := r.known(id); err != nil {
		return named("rebuild", id, err)
	}
	m = own(m)
	m.ID = id
	r.unplug(id)
	return r.order(ctx, "rebuild", id, func(s *server) error { return s.rebuild(m) })
}

// Snapshot implements hcloudsim.Runtime.
func (r *Runtime) Snapshot(ctx context.Context, id, imageID int64) error {
	return r.order(ctx, "take a snapshot of", id, func(s *server) error { return s.disk.keep(r.snapshot(imageID), s.image.Stamp) })
}

// DeleteSnapshot implements hcloudsim.Runtime. Deleting what does not exist is no error.
func (r *Runtime) DeleteSnapshot(_ context.Context, imageID int64) error {
	if err := os.RemoveAll(r.snapshot(imageID).dir); err != nil {
		return fmt.Errorf("delete snapshot %d: %w", imageID, err)
	}
	return nil
}

// SetFirewall implements hcloudsim.Runtime.
func (r *Runtime) SetFirewall(ctx context.Context, id int64, filtered bool, inbound []hcloudsim.FirewallRule) error {
	inbound = slices.Clone(inbound)
	return r.order(ctx, "filter", id, func(s *server) error { return s.setFirewall(filtered, inbound) })
}

// Delete implements hcloudsim.Runtime. Deleting what does not exist is no error.
func (r *Runtime) Delete(ctx context.Context, id int64) error {
	s, err := r.server(id)
	if err != nil {
		return nil
	}
	r.unplug(id)
	if err := r.order(ctx, "delete", id, (*server).remove); err != nil {
		return err
	}
	r.mu.Lock()
	delete(r.servers, id)
	r.mu.Unlock()
	s.End()
	return nil
}

// Close shuts all machines down, those that take too long by cutting their power, and takes the network away. Disks stay. Idempotent.
func (r *Runtime) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	var servers []*server
	for _, s := range r.servers {
		servers = append(servers, s)
	}
	r.mu.Unlock()
	errs := make([]error, len(servers))
	var all sync.WaitGroup
	for i, s := range servers {
		all.Go(func() {
			errs[i] = s.Do(context.Background(), func() error { return s.stop(r.config.StopTimeout) })
			s.End()
		})
	}
	all.Wait()
	r.guard.close()
	err := errors.Join(append(errs, r.metadata.close(), r.fabric.lower(), r.cgroup.remove())...)
	r.spawn.Close()
	return err
}
