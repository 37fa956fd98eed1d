package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/acme"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/dns"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/frontdoor"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// Run runs the sandbox in this process until ctx ends, and then stops everything in order; machines get ten seconds. ready is called once, when
// everything answers. Returns an error that is ErrRunning if the home is in use.
func Run(ctx context.Context, c Config, ready func(Manifest)) error {
	c, err := c.withDefaults()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Home, 0o700); err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	lock, err := acquire(c.Home)
	if err != nil {
		return err
	}
	defer lock.Close()
	_ = os.Remove(filepath.Join(c.Home, manifestFile)) // of one that was killed
	_ = os.Remove(filepath.Join(c.Home, startErrorFile))

	s, err := start(c)
	if err == nil {
		err = s.manifest.write(c.Home)
	}
	if err != nil {
		err = errors.Join(fmt.Errorf("start the sandbox: %w", explain(err)), s.stop())
		_ = writeAtomic(filepath.Join(c.Home, startErrorFile), []byte(err.Error()+"\n"))
		return err
	}
	c.Log.Info("the sandbox is ready", "front_door", s.manifest.FrontDoor, "pid", s.manifest.PID)
	if ready != nil {
		ready(s.manifest)
	}
	<-ctx.Done()
	c.Log.Info("the sandbox stops")
	err = errors.Join(os.Remove(filepath.Join(c.Home, manifestFile)), s.stop())
	if err != nil {
		return fmt.Errorf("stop the sandbox: %w", err)
	}
	return nil
}

// running is a sandbox with all its parts. closers end them; the last one is called first.
type running struct {
	manifest Manifest
	closers  []func() error
}

func (r *running) onStop(close func() error) { r.closers = append(r.closers, close) }

func (r *running) stop() error {
	var errs []error
	for _, close := range slices.Backward(r.closers) {
		errs = append(errs, close())
	}
	r.closers = nil
	return errors.Join(errs...)
}

// start wires the parts, first what others need: with the machines comes the address that they reach the others at. All ports are taken before
// the first machine boots, so that a taken port ends the start at once.
// It is one straight line. After an error the caller stops what stands.
func start(c Config) (*running, error) {
	r := &running{}
	token, err := loadToken(c.Home)
	if err != nil {
		return r, err
	}
	reverse := &reverseNames{}
	machines, err := openMachines(c)
	if err != nil {
		return r, err
	}
	r.onStop(machines.runtime.Close)
	names, err := dns.Start(machines.dns, reverse.names, c.Log)
	if err != nil {
		return r, err
	}
	r.onStop(names.Close)
	ca, err := acme.Start(acme.Config{Dir: filepath.Join(c.Home, acmeDir), Listen: machines.acme, DNSServer: names.Address(), Log: c.Log})
	if err != nil {
		return r, err
	}
	r.onStop(ca.Close)
	roots := filepath.Join(c.Home, acmeRootsFile)
	if err := writeAtomic(roots, ca.Roots()); err != nil {
		return r, err
	}
	api, err := net.Listen("tcp", c.HCloud)
	if err != nil {
		return r, fmt.Errorf("cloud API: %w", err)
	}
	r.onStop(func() error { return ignoreClosed(api.Close()) })
	door, err := frontdoor.Start(frontdoor.Config{Listen: c.FrontDoor, Names: reverse.names, Log: c.Log})
	if err != nil {
		return r, err
	}
	r.onStop(door.Close)

	cloud, err := hcloudsim.New(hcloudsim.Config{
		Token: token, Runtime: machines.runtime, Log: c.Log, IPv4Pool: machines.ipv4Pool, IPv6Pool: machines.ipv6Pool, IPv6Supported: machines.ipv6,
		StateFile: filepath.Join(c.Home, cloudFile),
	})
	if err != nil {
		return r, err
	}
	r.onStop(cloud.Close)
	reverse.cloud.Store(cloud)
	names.ServeZones(cloud.ServedRecords)
	server := serveCloud(api, withControl(cloud, machines.runtime, token), c.Log)
	r.onStop(server.close)

	r.manifest = Manifest{
		PID: os.Getpid(), HCloudURL: "http://" + api.Addr().String() + "/v1", HCloudToken: token, ACMEDirectory: ca.Directory(),
		ACMERootsFile: roots, DNSServer: names.Address(), FrontDoor: door.Address(), SitePort: portOf(door.Address()),
		MachinesKind: c.Machines, NoPrivateNetwork: !machines.private, NetworkSeed: machines.seed, LogFile: filepath.Join(c.Home, logFile), Started: time.Now().UTC().Truncate(time.Second),
	}
	return r, nil
}

func portOf(address string) int {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return 0
	}
	return int(a.Port())
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// explain adds what to do about a taken port.
func explain(err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	var op *net.OpError
	if !errors.As(err, &op) || op.Addr == nil {
		return err
	}
	_, port, _ := net.SplitHostPort(op.Addr.String())
	return fmt.Errorf("%w; port %s is taken by another program, perhaps by a sandbox with another home: "+
		"`ss -ltnup 'sport = :%s'` shows which, stop that one", err, port, port)
}
