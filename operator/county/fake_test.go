package county

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/countyca"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"github.com/medienzentrenverbund/kreisraum/operator/dnscheck"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
	"golang.org/x/crypto/ssh"
)

var errFault = errors.New("a fault that the test made")

// world is a cloud with one machine that behaves as the real one does, as far as a county can tell. A fault set for a call
// makes it fail once; with afterwards set, the effect has happened all the same.
type world struct {
	mu    sync.Mutex
	calls []string
	fault map[string]bool
	// afterwards lists calls whose effect stays although they fail.
	afterwards map[string]bool

	exists     bool        // at Hetzner
	kind       config.Kind // of the portal
	zone       string      // that ZoneFor finds
	serverID   int64
	sshOpen    bool
	running    string // deployment digest of the portal's server
	bridges    map[int]*fakeBridge
	desired    []infra.Bridge
	desiredSet bool
	people     map[int]int     // on machines, by number
	forgotten  bool            // the state is older than the bridges
	soldOut    map[string]bool // "type location"
	lastID     int64
	list       opsapi.Machines // the last that the portal took
	load       func() (opsapi.Load, error)
	nights     []opsapi.Night // answers, the last one stays
	deployed   []string       // machines, in order
	accounts   opsapi.Accounts
	certState  string
	orderEnds  string // what an order leads to
	unnoticed  int    // how often Leftovers still lists what was deleted
	deployHook func(ctx context.Context)
	closeCtx   error // ctx.Err() of the last CloseSSH
	password   string
	injected   ssh.PublicKey // of the last deployment
	spec       infra.Spec    // of the last run of the stack
	project    hetzner.Project
}

func newWorld() *world {
	return &world{bridges: map[int]*fakeBridge{}, soldOut: map[string]bool{}, lastID: 100, fault: map[string]bool{}, afterwards: map[string]bool{}, serverID: 41, certState: opsapi.CertificateNone, orderEnds: opsapi.CertificateReady}
}

// fakeBridge is a bridge machine at Hetzner.
type fakeBridge struct {
	kind    infra.Bridge
	id      int64
	running string // deployment digest
	// away: its server does not take the probe's call, so many times.
	away int
}

func (w *world) address(number int) string {
	return netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + number)}).String()
}

// call notes a call and decides whether its effect happens and whether it fails.
func (w *world) call(name string) (effect bool, err error) {
	w.calls = append(w.calls, name)
	if !w.fault[name] {
		return true, nil
	}
	delete(w.fault, name)
	return w.afterwards[name], errFault
}

func (w *world) called(name string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c == name {
			n++
		}
	}
	return n
}

func (w *world) forgetCalls() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = nil
}

func (w *world) world() World {
	return World{
		Cloud: cloud{w},
		OpenStack: func(context.Context, string, string) (Stack, error) {
			_, err := w.locked("OpenStack")
			return stackFake{w}, err
		},
		DialOps: func(address string, _ *countyca.CA) Ops {
			_, _ = w.locked("DialOps")
			return ops{w, w.numberAt(address)}
		},
		Deploy: w.deploy,
		CheckDNS: func(context.Context, dnscheck.Wanted, time.Duration, func(string)) error {
			_, err := w.locked("CheckDNS")
			return err
		},
		Probe: w.probe,
		Hash:  w.hash,
		Purge: w.purge,
		Now:   time.Now,
	}
}

func (w *world) hash(password string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.password = password
	return "hash", nil
}

func (w *world) locked(name string) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.call(name)
}

func (w *world) deploy(ctx context.Context, job deploy.Job) (deploy.Result, error) {
	if w.deployHook != nil {
		w.deployHook(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	effect, err := w.call("Deploy")
	if !w.sshOpen {
		return deploy.Result{}, deploy.ErrUnreachable
	}
	if effect {
		w.injected = job.HostKeys.Injected
		digest, _ := job.Bundle.Digest()
		if b := w.bridges[w.numberAt(job.Address.String())]; b != nil {
			b.running = digest
		} else {
			w.running = digest
		}
		w.deployed = append(w.deployed, job.Machine)
		if err := job.HostKeys.Save(job.Key.PublicKey(), true); err != nil {
			return deploy.Result{}, err
		}
	}
	return deploy.Result{Changed: []string{"release"}, Restarted: true}, errors.Join(err, ctx.Err())
}

func (w *world) probe(_ context.Context, t ProbeTarget) (ProbeReport, error) {
	if _, err := w.locked("Probe"); err != nil {
		return ProbeReport{}, err
	}
	machine, ok := strings.CutPrefix(t.Token, "a token for ")
	if !ok || t.Address != "192.0.2.10:443" {
		return ProbeReport{}, errors.New("wrong token or address")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.OverTLS { // the second call of a probe
		w.calls = append(w.calls, "CallOverTLS "+machine)
		return ProbeReport{Join: time.Millisecond, Path: "tls", Received: 10}, nil
	}
	w.calls = append(w.calls, "Probe "+machine)
	for n, b := range w.bridges {
		if identity.Bridge(n) != machine {
			continue
		}
		if !slices.ContainsFunc(w.list.Machines, func(m opsapi.Machine) bool { return m.ID == machine }) || b.running == "" {
			return ProbeReport{}, errors.New("the portal does not know the bridge")
		}
		if b.away > 0 {
			b.away--
			return ProbeReport{}, errors.New("the bridge has no lease")
		}
	}
	return ProbeReport{Join: time.Millisecond, Path: "udp", Received: 10}, nil
}

type cloud struct{ *world }

func (c cloud) CheckToken(context.Context) error { _, err := c.locked("CheckToken"); return err }

func (c cloud) OpenSSH(context.Context, int64, []netip.Prefix) (func(context.Context) error, error) {
	effect, err := c.locked("OpenSSH")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sshOpen = c.sshOpen || effect
	return nil, err
}

func (c cloud) CloseSSH(ctx context.Context, _ int64) (bool, error) {
	effect, err := c.locked("CloseSSH")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeCtx = ctx.Err()
	if effect {
		c.sshOpen = false
	}
	return effect, err
}

func (c cloud) Leftovers(context.Context, string) ([]hetzner.Resource, error) {
	_, err := c.locked("Leftovers")
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.exists && c.unnoticed == 0 {
		return nil, err
	}
	c.unnoticed = max(0, c.unnoticed-1)
	found := []hetzner.Resource{{Kind: "server", ID: c.serverID, Name: "kreisraum-tuttlingen-portal"}}
	for n, b := range c.bridges {
		found = append(found, hetzner.Resource{Kind: "server", ID: b.id, Name: infra.BridgeName("tuttlingen", n), Created: billedSince})
	}
	return found, err
}

func (c cloud) Servers(ctx context.Context, county string) ([]hetzner.Resource, error) {
	found, err := c.Machines(ctx, county)
	return slices.DeleteFunc(found, func(r hetzner.Resource) bool { return r.Kind != "server" }), err
}

func (c cloud) Machines(context.Context, string) ([]hetzner.Resource, error) {
	_, err := c.locked("Machines")
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []hetzner.Resource
	if c.exists {
		found = append(found, hetzner.Resource{Kind: "server", ID: c.serverID, Name: "kreisraum-tuttlingen-portal", ServerType: c.kind.ServerType, Location: c.kind.Location},
			hetzner.Resource{Kind: "primary_ip", ID: c.serverID + 1000, Name: "kreisraum-tuttlingen-portal-ipv4", Location: c.kind.Location})
	}
	for n, b := range c.bridges {
		found = append(found, hetzner.Resource{Kind: "server", ID: b.id, Name: infra.BridgeName("tuttlingen", n), Created: billedSince})
	}
	return found, err
}

func (c cloud) ZoneFor(context.Context, string) (string, bool, error) {
	_, err := c.locked("ZoneFor")
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.zone, c.zone != "", err
}

func (c cloud) Hourly(context.Context, []hetzner.MachineKind) (hetzner.Price, error) {
	_, err := c.locked("Hourly")
	return hetzner.Price{Currency: "EUR", Hour: 320, Month: 199900}, err
}

type stackFake struct{ *world }

// billedSince is what Hetzner says of every bridge.
var billedSince = time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)

func (w *world) numberAt(address string) int {
	host, _, _ := strings.Cut(address, ":")
	return int(netip.MustParseAddr(host).As4()[3]) - 10
}

func (s stackFake) DesiredBridges(context.Context) ([]infra.Bridge, bool, error) {
	_, err := s.locked("Stack.DesiredBridges")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.desiredSet {
		return slices.Clone(s.desired), true, err
	}
	var found []infra.Bridge
	for _, b := range s.bridges {
		found = append(found, b.kind)
	}
	return infra.SortBridges(found), false, err
}

// Unrecorded are those beside the desired ones, as after a backup was put in place.
func (s stackFake) Unrecorded(context.Context) ([]infra.Bridge, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var late []infra.Bridge
	for n, b := range s.bridges {
		if s.desiredSet && s.forgotten && !slices.ContainsFunc(s.desired, func(d infra.Bridge) bool { return d.Number == n }) {
			late = append(late, b.kind)
		}
	}
	return late, nil
}

func (s stackFake) SetDesiredBridges(_ context.Context, bridges []infra.Bridge) error {
	effect, err := s.locked("Stack.SetDesiredBridges")
	s.mu.Lock()
	defer s.mu.Unlock()
	if effect {
		s.desired, s.desiredSet = slices.Clone(bridges), true
	}
	return err
}

// raise makes the bridges as wanted. One that is sold out stops nothing else.
func (s stackFake) raise(spec infra.Spec) (changes int, err error) {
	wanted := map[int]bool{}
	for _, b := range spec.Bridges {
		wanted[b.Number] = true
		if s.bridges[b.Number] != nil {
			continue
		}
		if s.soldOut[b.ServerType+" "+b.Location] {
			err = errors.Join(err, &hetzner.SoldOutError{
				Machine: infra.BridgeName(spec.County, b.Number), ServerType: b.ServerType, Location: b.Location,
				Err: &hetzner.Error{What: "create server", Class: hetzner.Capacity, Cause: "sold out"},
			})
			continue
		}
		s.lastID++
		changes++
		s.bridges[b.Number] = &fakeBridge{kind: b, id: s.lastID}
	}
	for n := range s.bridges {
		if !wanted[n] {
			delete(s.bridges, n)
			changes++
		}
	}
	return changes, err
}

// front makes the portal what spec says, as far as Hetzner has such a machine.
func (s stackFake) front(spec infra.Spec) (changes int, err error) {
	want := config.Kind{ServerType: spec.ServerType, Location: spec.Location}
	have := s.kind
	switch {
	case s.exists && have == (config.Kind{}): // a test has put it there
		s.kind = want
	case s.exists && have == want:
	case s.soldOut[want.ServerType+" "+want.Location]:
		return 0, &hetzner.SoldOutError{
			Machine: infra.PortalName(spec.County), ServerType: want.ServerType, Location: want.Location, Kept: s.exists && have.Location == want.Location,
			Err: &hetzner.Error{What: "create server", Class: hetzner.Capacity, Cause: "sold out"},
		}
	case !s.exists:
		s.exists, s.kind, changes = true, want, 7
	case have.Location != want.Location:
		s.serverID++
		s.kind, s.running, changes = want, "", 3
	default:
		s.kind, changes = want, 1
	}
	return changes, nil
}

func (s stackFake) outputs(spec infra.Spec) infra.Outputs {
	out := infra.Outputs{FirewallID: 7, Location: spec.Location, Machines: []infra.Machine{{
		Name: infra.PortalName(spec.County), Role: infra.RolePortal, ServerType: spec.ServerType, Location: spec.Location,
		ServerID: s.serverID, IPv4: s.address(0), IPv6: "2001:db8::1", PrivateIP: "10.64.0.10",
	}}}
	for _, b := range spec.Bridges {
		out.Machines = append(out.Machines, infra.Machine{
			Name: infra.BridgeName(spec.County, b.Number), Role: infra.RoleBridge, Number: b.Number, ServerType: b.ServerType, Location: b.Location,
			ServerID: s.bridges[b.Number].id, IPv4: s.address(b.Number), IPv6: "2001:db8::2", PrivateIP: netip.AddrFrom4([4]byte{10, 64, 0, byte(10 + b.Number)}).String(),
		})
	}
	return out
}

func (s stackFake) Up(_ context.Context, spec infra.Spec, progress func(string)) (infra.Outputs, int, error) {
	effect, err := s.locked("Stack.Up")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spec = spec
	changes := 0
	if effect {
		made, lack := s.front(spec)
		if lack != nil {
			return infra.Outputs{}, 0, errors.Join(err, lack)
		}
		if changes = made; made > 0 {
			progress("Server made")
		}
	}
	if !effect {
		return infra.Outputs{}, 0, err
	}
	more, lack := s.raise(spec)
	if err := errors.Join(err, lack); err != nil {
		return infra.Outputs{}, 0, err
	}
	return s.outputs(spec), changes + more, nil
}

func (s stackFake) Destroy(context.Context, func(string)) error {
	effect, err := s.locked("Stack.Destroy")
	s.mu.Lock()
	defer s.mu.Unlock()
	if effect {
		s.exists, s.running = false, ""
		clear(s.bridges)
		s.desired, s.desiredSet = nil, false
	}
	return err
}

func (s stackFake) Remove(context.Context) error { _, err := s.locked("Stack.Remove"); return err }

// ops is the server of the machine with a number, 0 for the portal.
type ops struct {
	*world
	number int
}

func (o ops) Info(context.Context) (opsapi.Info, error) {
	_, err := o.locked("Info")
	o.mu.Lock()
	defer o.mu.Unlock()
	running := o.running
	if b := o.bridges[o.number]; o.number != 0 {
		if running = ""; b != nil {
			running = b.running
		}
	}
	if running == "" {
		return opsapi.Info{}, errors.Join(err, errors.New("nobody answers"))
	}
	return opsapi.Info{Deployment: running, Rooms: o.people[o.number] / 20, Participants: o.people[o.number], MachinesRevision: o.list.Revision, AccountsRevision: o.accounts.Revision, WebClient: true, Certificate: opsapi.Certificate{State: o.certState}}, err
}

func (o ops) OrderCertificate(context.Context) (opsapi.Certificate, error) {
	effect, err := o.locked("OrderCertificate")
	o.mu.Lock()
	defer o.mu.Unlock()
	if effect {
		o.certState = opsapi.CertificateOrdering
	}
	return opsapi.Certificate{State: o.certState}, err
}

func (o ops) Certificate(context.Context) (opsapi.Certificate, error) {
	_, err := o.locked("Certificate")
	o.mu.Lock()
	defer o.mu.Unlock()
	state := opsapi.Certificate{State: o.certState}
	if o.certState == opsapi.CertificateFailed {
		state.Detail = "connection refused"
	}
	if o.certState == opsapi.CertificateOrdering {
		o.certState = o.orderEnds
	}
	return state, err
}

func (o ops) PutAccounts(_ context.Context, list opsapi.Accounts) (opsapi.AccountsResult, error) {
	effect, err := o.locked("PutAccounts")
	o.mu.Lock()
	defer o.mu.Unlock()
	if effect {
		o.accounts = list
	}
	return opsapi.AccountsResult{}, err
}

func (o ops) ProbeToken(_ context.Context, machine string) (opsapi.ProbeToken, error) {
	_, err := o.locked("ProbeToken")
	return opsapi.ProbeToken{Room: "probe", Token: "a token for " + machine}, err
}

func (o ops) PutMachines(_ context.Context, list opsapi.Machines) (opsapi.MachinesResult, error) {
	effect, err := o.locked("PutMachines")
	o.mu.Lock()
	defer o.mu.Unlock()
	if effect {
		o.list = list
	}
	return opsapi.MachinesResult{Revision: o.list.Revision, Machines: len(o.list.Machines)}, err
}

// Load says what the test wants, or that every bridge in the list is there and idle.
func (o ops) Load(context.Context) (opsapi.Load, error) {
	_, err := o.locked("Load")
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.load != nil {
		return o.load()
	}
	load := opsapi.Load{Settled: true}
	for _, m := range o.list.Machines {
		load.Bridges = append(load.Bridges, opsapi.BridgeLoad{ID: m.ID, Alive: true, Ready: m.Ready, Draining: m.Draining, Known: true})
	}
	return load, err
}

func (o ops) Night(context.Context) (opsapi.Night, error) {
	_, err := o.locked("Night")
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.nights) == 0 {
		return opsapi.Night{Phase: opsapi.PhaseDay}, err
	}
	night := o.nights[0]
	if len(o.nights) > 1 {
		o.nights = o.nights[1:]
	}
	return night, err
}

func (o ops) Restart(context.Context, opsapi.RestartOrder) (opsapi.Night, error) {
	_, err := o.locked("Restart")
	return opsapi.Night{}, err
}

func (o ops) Close() {}

// county makes a county in a home of its own that lives in w.
func testCounty(t *testing.T, w *world) *County {
	t.Helper()
	cfg, err := config.Find(t.TempDir(), "tuttlingen")
	if err != nil {
		t.Fatal(err)
	}
	h, err := home.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "server")
	if err := os.WriteFile(binary, []byte("a server"), 0o755); err != nil {
		t.Fatal(err)
	}
	c := &County{Config: cfg, Home: h.County("tuttlingen"), World: w.world(), Binary: binary, Version: "v1", Log: slog.New(slog.DiscardHandler)}
	c.Ledger = audit.New(c.Home.Ledger(), "clerk-1", "tuttlingen", time.Now)
	return c
}

func ledgerText(t *testing.T, c *County) string {
	t.Helper()
	data, err := os.ReadFile(c.Home.Ledger())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(data)
}

func countLedger(t *testing.T, c *County, action audit.Action) int {
	t.Helper()
	return strings.Count(ledgerText(t, c), `"action":"`+string(action)+`"`)
}

// pinnedKey returns what is remembered as the machine's host key.
func pinnedKey(t *testing.T, c *County, server int64) (ssh.PublicKey, bool) {
	t.Helper()
	l, err := loadLocal(c.Home)
	if err != nil {
		t.Fatal(err)
	}
	key, proven, err := l.pinned(server)
	if err != nil {
		t.Fatal(err)
	}
	return key, proven
}
