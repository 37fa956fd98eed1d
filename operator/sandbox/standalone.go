package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// CloudConfig is a simulated cloud that stands alone: no machines, no certificates, no names, only the API. Every zero value means the
// default.
type CloudConfig struct {
	// Listen is a loopback address, host:port. Empty: a free port of 127.0.0.1.
	Listen string
	// TokenFile holds the API token; written when it is missing. Empty: the token is drawn anew.
	TokenFile string
	// StateFile keeps the cloud over a restart. Empty: it is forgotten.
	StateFile string
	// Profile says how long things take. nil: the simulator's default.
	Profile *hcloudsim.Profile
	// Limits are those of the account that are not the default, see hcloudsim.Quotas.With.
	Limits map[string]int
	// Seed decides what is drawn.
	Seed uint64
	// Log gets one line per event worth acting on. nil: nothing is logged.
	Log *slog.Logger
}

// CloudAddress is what a client needs.
type CloudAddress struct {
	Endpoint string `json:"hcloud_endpoint"`
	Token    string `json:"hcloud_token"`
}

// ErrCloudRunning means that a simulated cloud uses the state file already.
var ErrCloudRunning = errors.New("a simulated cloud that runs uses this state file already")

// RunCloud runs a simulated cloud until ctx ends. ready is called once, when it answers.
func RunCloud(ctx context.Context, c CloudConfig, ready func(CloudAddress)) error {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	token, err := c.token()
	if err != nil {
		return err
	}
	quotas, err := hcloudsim.DefaultQuotas().With(c.Limits)
	if err != nil {
		return err
	}
	lock, err := lockState(c.StateFile)
	if err != nil {
		return err
	}
	defer lock.Close()
	listener, err := c.listen()
	if err != nil {
		return err
	}
	cloud, err := hcloudsim.New(hcloudsim.Config{
		Token: token, Runtime: hcloudsim.NoMachines{}, Log: c.Log, IPv6Supported: true, StateFile: c.StateFile, Profile: c.Profile, Seed: c.Seed,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	cloud.SetQuota(quotas)
	control := http.NewServeMux()
	control.Handle(controlPrefix, cloud.Control())
	server := serveCloud(listener, guarded(cloud, control, token), c.Log)
	if ready != nil {
		ready(CloudAddress{"http://" + listener.Addr().String() + "/v1", token})
	}
	<-ctx.Done()
	return errors.Join(server.close(), cloud.Close())
}

func (c CloudConfig) token() (string, error) {
	if c.TokenFile == "" {
		return rand.Text() + rand.Text(), nil
	}
	token, err := loadTokenFile(c.TokenFile)
	if err != nil {
		return "", fmt.Errorf("the simulated cloud's token: %w", err)
	}
	return token, nil
}

func (c CloudConfig) listen() (net.Listener, error) {
	address := c.Listen
	if address == "" {
		address = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("simulated cloud: %w; give an address such as 127.0.0.1:7780", err)
	}
	if ip, err := netip.ParseAddr(host); err != nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("simulated cloud: %q is not a loopback address; it is for this computer only", host)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("simulated cloud: %w", explain(err))
	}
	return l, nil
}

// lockState keeps a second simulator away from the state file. Without a file there is nothing to lock.
func lockState(path string) (io.Closer, error) {
	if path == "" {
		return io.NopCloser(nil), nil
	}
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("simulated cloud: %w", err)
	}
	whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	err = unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &whole)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		err = ErrCloudRunning
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("simulated cloud: lock %s: %w", f.Name(), err), f.Close())
	}
	return f, nil
}
