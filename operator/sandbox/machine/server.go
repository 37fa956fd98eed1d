package machine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/orders"
)

// server is one machine. A loop owns its state and does one thing after the other; callers may give up waiting, the loop does not.
type server struct {
	*orders.Queue
	process *Process
	dir     string
	log     *slog.Logger

	// running lets PowerOff cut the power of a machine whose loop is busy shutting down.
	running atomic.Pointer[supervisor]

	// Owned by the loop.
	machine  hcloudsim.Machine
	firewall firewall
	on       *boot
}

// boot is a machine between power on and power off.
type boot struct {
	disk     *rootFS
	units    *supervisor
	endpoint *sshEndpoint
	address  *netip.Addr // IPv6, added to the loopback interface
	private  []netip.Addr
	cancel   context.CancelFunc
	finished chan struct{}
}

func newServer(p *Process, m hcloudsim.Machine) *server {
	s := &server{
		Queue: orders.New(errGone), process: p, dir: filepath.Join(p.config.Dir, fmt.Sprint(m.ID)), log: p.config.Log.With("machine", m.ID),
		machine: m,
	}
	go s.run()
	return s
}

func (s *server) run() {
	for {
		select {
		case o := <-s.Next():
			o.Carry()
		case <-s.Ended():
			return
		}
	}
}

func (s *server) rootDir() string { return filepath.Join(s.dir, "rootfs") }

// create lays out the disk, or takes the one that belongs to this very machine. A folder of another machine that happened to have the same
// number is thrown away.
func (s *server) create(m hcloudsim.Machine) error {
	s.machine = m
	if s.on != nil {
		return nil
	}
	have, err := os.ReadFile(s.identityFile())
	switch {
	case err == nil && string(have) == identity(m):
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return s.makeDisk()
}

// rebuild throws the disk away and makes a new one. The machine is off afterwards.
func (s *server) rebuild(m hcloudsim.Machine) error {
	if err := s.powerOff(); err != nil {
		return err
	}
	s.machine = m
	return s.makeDisk()
}

// makeDisk makes a fresh disk from the machine's image or snapshot, and notes whose it is.
func (s *server) makeDisk() error {
	if err := os.RemoveAll(s.dir); err != nil {
		return err
	}
	var err error
	if m := s.machine; m.Snapshot != 0 {
		err = layOutSnapshot(s.rootDir(), s.process.snapshotDir(m.Snapshot))
	} else {
		err = layOut(s.rootDir(), m.Image, s.process.config.Resolver)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(s.identityFile(), []byte(identity(s.machine)), 0o600) // last: without it the disk is not complete
}

func (s *server) identityFile() string { return filepath.Join(s.dir, "identity") }

// identity tells whose disk a folder is. A machine may be renamed and moved to another type, it keeps its disk.
func identity(m hcloudsim.Machine) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%d", m.ID, m.Created.UnixNano()))
	return hex.EncodeToString(sum[:]) + "\n"
}

func (s *server) addresses() []netip.Addr {
	var out []netip.Addr
	if s.machine.IPv4.IsValid() {
		out = append(out, s.machine.IPv4)
	}
	if a, ok := s.ipv6(); ok {
		out = append(out, a)
	}
	return out
}

// ipv6 is the address that a machine uses of its /64: the first one, as Hetzner's images do.
func (s *server) ipv6() (netip.Addr, bool) {
	if !s.machine.IPv6.IsValid() {
		return netip.Addr{}, false
	}
	return s.machine.IPv6.Masked().Addr().Next(), true
}

func (s *server) powerOn() (err error) {
	if s.on != nil {
		return nil
	}
	disk, err := openRootFS(s.rootDir())
	if err != nil {
		return err
	}
	emptyVolatile(disk)
	ctx, cancel := context.WithCancel(context.Background())
	b := &boot{disk: disk, cancel: cancel, finished: make(chan struct{})}
	b.units = newSupervisor(&host{disk: disk, spawn: s.process.spawn, log: s.log})
	init := newCloudInit(disk)
	sh := &shell{units: b.units, init: init}
	b.endpoint = newSSHEndpoint(disk, sh, s.log)
	sh.restart = b.endpoint.restart

	before := init.finishedBefore()
	if !before {
		init.first(s.machine.UserData, s.machine.Name, s.machine.AuthorizedKeys)
	}
	if err := s.bringUp(b); err != nil {
		close(b.finished)
		s.takeDown(b)
		return err
	}
	s.on = b
	s.running.Store(b.units)
	s.log.Info("the machine is on", "first_boot", !before)
	go func() {
		defer close(b.finished)
		if !before {
			init.last(ctx, sh.run)
			if *init.status.Load() == "error" {
				s.log.Warn("cloud-init has reported errors", "log", filepath.Join(s.rootDir(), cloudInitLog))
			}
		}
		if ctx.Err() == nil {
			b.units.startEnabled()
		}
	}()
	return nil
}

// bringUp makes the machine reachable.
func (s *server) bringUp(b *boot) error {
	if a, ok := s.ipv6(); ok {
		if err := s.process.loopback.add(a); err != nil {
			return err
		}
		b.address = &a
	}
	if s.process.loopback.hasPrivate() {
		for _, a := range s.machine.Private {
			if err := s.process.loopback.addPrivate(a); err != nil {
				return err
			}
			b.private = append(b.private, a)
		}
	}
	if err := b.endpoint.restart(); err != nil {
		s.log.Warn("the machine's SSH endpoint does not start", "error", err) // as sshd without a usable host key
		return nil
	}
	return b.endpoint.apply(s.firewall, s.addresses())
}

// powerOff cuts the power.
func (s *server) powerOff() error {
	if s.on != nil {
		s.running.Store(nil)
		s.takeDown(s.on)
		s.on = nil
		s.log.Info("the machine is off")
	}
	return nil
}

func (s *server) takeDown(b *boot) {
	b.cancel()
	b.units.cutPower()
	b.endpoint.close()
	<-b.finished
	if b.address != nil {
		if err := s.process.loopback.remove(*b.address); err != nil {
			s.log.Warn("an IPv6 address stays on the loopback interface", "error", err)
		}
	}
	for _, a := range b.private {
		if err := s.process.loopback.removePrivate(a); err != nil {
			s.log.Warn("a private address stays on the loopback interface", "error", err)
		}
	}
	_ = b.disk.close()
}

// shutdown stops the units in order, then cuts the power.
func (s *server) shutdown() error {
	if s.on != nil {
		s.on.units.stopAll()
	}
	return s.powerOff()
}

func (s *server) setFirewall(f firewall) error {
	s.firewall = f
	if s.on == nil || s.on.endpoint.config.Load() == nil {
		return nil
	}
	return s.on.endpoint.apply(f, s.addresses())
}

// remove ends the loop after taking everything away.
func (s *server) remove() error {
	err := s.powerOff()
	return errors.Join(err, os.RemoveAll(s.dir))
}

// emptyVolatile empties what is a tmpfs on a real machine.
func emptyVolatile(disk *rootFS) {
	for _, folder := range []string{"/run", "/tmp"} {
		entries, _ := disk.readDir(folder)
		for _, e := range entries {
			_ = disk.removeAll(folder + "/" + e.Name())
		}
	}
}
