package nspawn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/orders"
)

const (
	// beginTimeout bounds the wait for a machine's systemd: it takes tenths of a second, more under load.
	beginTimeout = 30 * time.Second
	// shutdownTimeout bounds a shutdown that was asked for; a county's server takes up to TimeoutStopSec=20 to end its lessons.
	shutdownTimeout = 40 * time.Second
)

// errGone means that the machine was deleted.
var errGone = errors.New("the machine is deleted")

// server is one machine. A loop owns its state and does one thing after the other; callers may give up waiting, the loop does not. When the
// machine ends by itself between two orders, the loop finds out and boots it again if it asked for a reboot.
type server struct {
	*orders.Queue
	runtime *Runtime
	disk    disk
	log     *slog.Logger

	// running lets PowerOff cut the power of a machine whose loop is busy with a shutdown.
	running atomic.Pointer[boot]

	// Owned by the loop.
	machine  hcloudsim.Machine
	image    Image // that the disk lies over
	port     *port
	filtered bool
	inbound  []hcloudsim.FirewallRule
	on       *boot
}

func newServer(r *Runtime, id int64) *server {
	s := &server{
		Queue: orders.New(errGone), runtime: r, disk: disk{filepath.Join(r.config.Dir, fmt.Sprint(id))}, log: r.config.Log.With("machine", id),
	}
	go s.run()
	return s
}

func (s *server) run() {
	for {
		var exited chan struct{}
		if s.on != nil {
			exited = s.on.exited
		}
		select {
		case o := <-s.Next():
			o.Carry()
		case <-exited:
			s.byItself()
		case <-s.Ended():
			return
		}
	}
}

// byItself goes on after the machine has ended without being told to.
func (s *server) byItself() {
	b := s.on
	s.setOn(nil)
	if b.err != nil {
		s.log.Warn("something of the machine is left", "error", b.err)
	}
	switch b.code {
	case exitReboot:
		s.log.Info("the machine reboots by itself")
		if err := s.powerOn(); err != nil {
			s.log.Error("the machine does not come back from its reboot", "error", err)
		}
	case 0:
		s.log.Info("the machine has powered itself off")
	default:
		s.log.Warn("the machine has ended", "exit_code", b.code, "console", s.disk.path("console.log"))
	}
}

func (s *server) setOn(b *boot) {
	s.on = b
	s.running.Store(b)
}

// create makes network and disk what the machine is now.
func (s *server) create(m hcloudsim.Machine) error {
	if err := s.place(m); err != nil {
		return err
	}
	if s.on != nil {
		return nil
	}
	stamp, err := s.disk.belongsTo(m)
	if err != nil {
		return err
	}
	if stamp == "" {
		return s.makeDisk()
	}
	s.image = imageAt(s.runtime.config.Images, stamp)
	return nil
}

// place attaches the machine to the network as it is now. A public address cannot change while the machine is on, the cloud sees to it.
func (s *server) place(m hcloudsim.Machine) error {
	if err := s.runtime.fabric.plan.covered(m); err != nil {
		return err
	}
	if m.Image != "debian-12" {
		return fmt.Errorf("image %q: machines with systemd are Debian 12; take the image debian-12, or a sandbox with --machines process", m.Image)
	}
	if s.port != nil && s.port.suits(m) {
		if err := s.port.attachPrivate(m.Networks); err != nil {
			return err
		}
		s.machine = m
		s.runtime.metadata.set(m)
		return nil
	}
	if s.port != nil {
		if err := s.leave(); err != nil {
			return err
		}
	}
	s.machine = m
	port, err := s.runtime.fabric.attach(m)
	s.port = port
	if err == nil && s.filtered {
		err = s.runtime.fabric.filter(m.ID, s.inbound)
	}
	if err != nil {
		return errors.Join(err, s.leave())
	}
	s.runtime.metadata.set(m)
	return nil
}

func (s *server) leave() error {
	if s.port == nil {
		return nil
	}
	s.runtime.metadata.forget(s.port.machine)
	err := s.port.detach()
	s.port = nil
	return err
}

func (s *server) makeDisk() error {
	if err := s.disk.make(s.machine, s.runtime.image, s.runtime.snapshot(s.machine.Snapshot), s.runtime.fabric.plan.host().String()); err != nil {
		return err
	}
	stamp, err := s.disk.belongsTo(s.machine)
	s.image = imageAt(s.runtime.config.Images, stamp)
	return err
}

// rebuild makes a fresh disk. The machine is off afterwards.
func (s *server) rebuild(m hcloudsim.Machine) error {
	if err := s.powerOff(); err != nil {
		return err
	}
	if err := s.place(m); err != nil {
		return err
	}
	return s.makeDisk()
}

func (s *server) powerOn() error {
	if s.on != nil {
		return nil
	}
	if s.port == nil {
		return errors.New("it was never created")
	}
	b, err := s.runtime.start(s.machine, s.disk, s.image)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), beginTimeout)
	defer cancel()
	s.setOn(b)
	if err := b.begun(ctx, s.disk); err != nil {
		return errors.Join(err, s.powerOff())
	}
	s.log.Info("the machine is on")
	return nil
}

// powerOff cuts the power.
func (s *server) powerOff() error {
	if s.on == nil {
		return nil
	}
	err := s.on.cut()
	s.setOn(nil)
	s.log.Info("the machine is off")
	return err
}

// shutdown asks the machine to stop.
func (s *server) shutdown(timeout time.Duration) error {
	if s.on == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if !s.on.ask(ctx, signalPowerOff) {
		return hcloudsim.ErrShutdownIgnored
	}
	return s.powerOff()
}

// reboot asks the machine to stop, cuts the power if it does not, and boots it.
func (s *server) reboot() error {
	if err := s.shutdown(shutdownTimeout); err != nil && !errors.Is(err, hcloudsim.ErrShutdownIgnored) {
		return err
	}
	return errors.Join(s.powerOff(), s.powerOn())
}

func (s *server) setFirewall(filtered bool, inbound []hcloudsim.FirewallRule) error {
	s.filtered, s.inbound = filtered, inbound
	switch {
	case s.port == nil:
		return nil
	case filtered:
		return s.runtime.fabric.filter(s.machine.ID, inbound)
	default:
		return s.runtime.fabric.unfilter(s.machine.ID)
	}
}

// remove takes everything away.
func (s *server) remove() error {
	err := s.powerOff()
	return errors.Join(err, s.leave(), os.RemoveAll(s.disk.dir))
}

// stop ends the machine for this run of the sandbox; its disk stays.
func (s *server) stop(timeout time.Duration) error {
	if err := s.shutdown(timeout); err != nil && !errors.Is(err, hcloudsim.ErrShutdownIgnored) {
		return err
	}
	return errors.Join(s.powerOff(), s.leave())
}
