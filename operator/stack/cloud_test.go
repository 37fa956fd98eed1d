package stack

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

const token = "token-of-the-stack-tests-0123456789abcdefghijklmnopqrstuvwxyz0123"

// machines is a hcloudsim.Runtime whose machines are entries in a map.
type machines struct {
	hcloudsim.NoMachines

	mu  sync.Mutex
	all map[int64]*machine
}

type machine struct {
	hcloudsim.Machine
	on       bool
	booted   int
	firstNet int // private addresses at the first boot
	filtered bool
	inbound  []hcloudsim.FirewallRule
}

func (r *machines) edit(id int64, change func(*machine)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all == nil {
		r.all = map[int64]*machine{}
	}
	if r.all[id] == nil {
		r.all[id] = &machine{}
	}
	change(r.all[id])
	return nil
}

func (r *machines) Create(_ context.Context, m hcloudsim.Machine) error {
	return r.edit(m.ID, func(old *machine) { old.Machine = m })
}

func (r *machines) PowerOn(_ context.Context, id int64) error {
	return r.edit(id, func(m *machine) {
		m.on = true
		if m.booted++; m.booted == 1 {
			m.firstNet = len(m.Private)
		}
	})
}

func (r *machines) PowerOff(_ context.Context, id int64) error {
	return r.edit(id, func(m *machine) { m.on = false })
}

func (r *machines) Shutdown(ctx context.Context, id int64) error { return r.PowerOff(ctx, id) }

func (r *machines) SetFirewall(_ context.Context, id int64, filtered bool, inbound []hcloudsim.FirewallRule) error {
	return r.edit(id, func(m *machine) { m.filtered, m.inbound = filtered, inbound })
}

func (r *machines) Delete(_ context.Context, id int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, id)
	return nil
}

// list is a copy of all machines.
func (r *machines) list() []machine {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []machine
	for _, m := range r.all {
		all = append(all, *m)
	}
	return all
}

// world is a simulated Hetzner project with a stack in it.
type world struct {
	t        testing.TB
	sim      *hcloudsim.Server
	machines *machines
	url      string
	cloud    *hetzner.Client
	home     string
	// state is where it is kept, empty: below home; stateFolder is where the server of it keeps what it is given.
	state, stateFolder string
	writes             writes
	hook               hook
}

// hook lets a test act on the n-th request that changes something, before it is answered.
type hook struct {
	mu   sync.Mutex
	left int
	act  func()
}

func (h *hook) set(n int, act func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left, h.act = n, act
}

func (h *hook) note(r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Method == http.MethodGet || h.act == nil {
		return
	}
	if h.left--; h.left <= 0 {
		h.act()
		h.act = nil
	}
}

// writes counts the requests that change something.
type writes struct {
	mu    sync.Mutex
	paths []string
}

func (w *writes) note(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Method != http.MethodGet {
		w.paths = append(w.paths, r.Method+" "+r.URL.Path)
	}
}

func (w *writes) reset() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	paths := w.paths
	w.paths = nil
	return paths
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldWith(t, testLatency)
}

func newWorldWith(t testing.TB, latency func(command string) time.Duration) *world {
	t.Helper()
	return newWorldFrom(t, hcloudsim.Config{Latency: latency})
}

// plenty are the limits of an account that has been there for long.
var plenty = hcloudsim.Quotas{Servers: 100, DedicatedCores: 400, PrimaryIPs: 200, Firewalls: 50, PlacementGroups: 50}

func newWorldFrom(t testing.TB, config hcloudsim.Config) *world {
	t.Helper()
	w := &world{t: t, machines: &machines{}, home: t.TempDir()}
	config.Token, config.Runtime, config.IPv6Supported = token, w.machines, true
	sim, err := hcloudsim.New(config)
	if err != nil {
		t.Fatal(err)
	}
	w.sim = sim
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.writes.note(r)
		w.hook.note(r)
		sim.ServeHTTP(rw, r)
	}))
	w.url = server.URL + "/v1"
	w.cloud = hetzner.New(hetzner.Config{Token: token, URL: w.url})
	t.Cleanup(func() {
		w.cloud.Close()
		server.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// testLatency makes every action visible as running without costing the tests much.
func testLatency(string) time.Duration { return 50 * time.Millisecond }

// open opens the world's stack of a county.
func (w *world) open(county string) *Stack {
	w.t.Helper()
	s, err := Open(w.t.Context(), Config{
		County: county, Home: w.home, StateURL: w.state, PulumiPath: pulumiPath(w.t), Passphrase: passphrase,
		Cloud: w.cloud, Log: slog.New(slog.NewTextHandler(testWriter{w.t}, nil)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// up runs Up and fails the test if it fails.
func (w *world) up(s *Stack, spec infra.Spec) Result {
	w.t.Helper()
	began := time.Now()
	result, err := s.Up(w.t.Context(), spec, func(e Event) {
		w.t.Logf("%s %s %s %s %s", e.Op, e.Type, e.Name, e.Phase, e.Duration.Round(time.Millisecond))
	})
	if err != nil {
		w.t.Fatalf("up: %v", err)
	}
	w.t.Logf("up took %s: %v", time.Since(began).Round(time.Millisecond), result.Changes)
	return result
}

// leftovers are the names of what the county has at Hetzner.
func (w *world) leftovers(county string) []string {
	w.t.Helper()
	found, err := w.cloud.Leftovers(w.t.Context(), county)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for _, r := range found {
		names = append(names, r.Kind+" "+r.Name)
	}
	return names
}

// pulumiPath is the engine that `make pulumi` built.
func pulumiPath(t testing.TB) string {
	t.Helper()
	path := os.Getenv("KREISRAUM_PULUMI")
	if path == "" {
		path = filepath.Join("..", "..", "bin", "pulumi")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("the Pulumi engine is not at %s: run `make pulumi`, or name it in KREISRAUM_PULUMI", path)
	}
	return path
}

// testWriter sends log lines to the test's log.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// plan is a county with a portal only.
func plan(county string) infra.Spec {
	return infra.Spec{
		County: county, Domain: county + ".example", Location: "fsn1", ServerType: "cpx22",
		Image: "debian-12", IPv6: true, SSHPublicKey: operatorKey, UserData: userData(county, 3),
	}
}

const passphrase = "a passphrase of the tests"

// Keys whose private halves do not exist.
const (
	operatorKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator"
	otherKey    = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator"
)

func userData(county string, bridges int) map[string]string {
	data := map[string]string{}
	var all []infra.Bridge
	for n := 1; n <= bridges; n++ {
		all = append(all, infra.Bridge{Number: n})
	}
	for _, name := range infra.MachineNames(county, all) {
		data[name] = "#cloud-config\nhostname: " + name + "\n"
	}
	return data
}
