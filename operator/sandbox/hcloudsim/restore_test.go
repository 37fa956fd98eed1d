package hcloudsim

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
)

// restart ends the simulator and starts it again over new machines, as after the end of the process.
func (c *cloud) restart(cfg Config) {
	c.Helper()
	if err := c.sim.Close(); err != nil {
		c.Fatal(err)
	}
	c.runtime = newMemoryRuntime(c)
	cfg.Runtime = c.runtime
	c.serve(cfg)
}

func TestCloudSurvivesARestart(t *testing.T) {
	var cfg Config
	c := newCloud(t, func(base *Config) {
		base.StateFile = filepath.Join(t.TempDir(), "cloud.json")
		cfg = *base
	})
	key := must[*hcloud.SSHKey](t)(c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{Name: "operator", PublicKey: publicKey(t)}))
	opts := serverOpts("portal")
	opts.SSHKeys, opts.UserData, opts.Labels = []*hcloud.SSHKey{key}, "#cloud-config\n", map[string]string{"role": "portal"}
	on := c.create(opts)
	off := c.createStopped("bridge")
	gone := c.create(serverOpts("gone"))
	n := must[*hcloud.Network](t)(c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{
		Name: "private", IPRange: cidr(t, "10.77.0.0/16"),
		Subnets: []hcloud.NetworkSubnet{{Type: "cloud", NetworkZone: "eu-central", IPRange: cidr(t, "10.77.0.0/24")}},
	}))
	c.wait(must[*hcloud.Action](t)(c.client.Server.AttachToNetwork(c.ctx, on, hcloud.ServerAttachToNetworkOpts{Network: n})))
	c.wait(must[hcloud.FirewallCreateResult](t)(c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{
		Name: "county", Rules: []hcloud.FirewallRule{tcpRule(t, "443", "0.0.0.0/0")}, ApplyTo: []hcloud.FirewallResource{onLabel("role=portal")},
	})).Actions...)
	c.wait(must[*hcloud.Action](t)(c.client.Server.ChangeDNSPtr(c.ctx, on, "127.77.0.10", hcloud.Ptr("klasse.kreis.example"))))
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, gone)).Action)
	before, names := c.server(on.ID), c.sim.ReverseNames()

	c.restart(cfg)
	after := c.server(on.ID)
	if after.Status != hcloud.ServerStatusRunning || after.Name != before.Name || !after.PublicNet.IPv4.IP.Equal(before.PublicNet.IPv4.IP) ||
		after.PrivateNet[0].IP.String() != "10.77.0.1" && after.PrivateNet[0].IP.String() != before.PrivateNet[0].IP.String() || !after.Created.Equal(before.Created) {
		t.Errorf("server: got %+v, want %+v", after, before)
	}
	m := c.machine(on.ID)
	if !m.on || m.UserData != "#cloud-config\n" || len(m.AuthorizedKeys) != 1 || len(m.Private) != 1 || c.ports(on.ID) != "tcp/443 from [0.0.0.0/0]" {
		t.Errorf("machine: got %+v", m)
	}
	if got := c.server(off.ID).Status; got != hcloud.ServerStatusOff || c.machine(off.ID).on {
		t.Errorf("stopped server: got %s", got)
	}
	if s := must[*hcloud.Server](t)(c.client.Server.GetByID(c.ctx, gone.ID)); s != nil {
		t.Error("the deleted server is back")
	}
	if got := c.sim.ReverseNames(); len(got["klasse.kreis.example"]) != 1 || len(names["klasse.kreis.example"]) != 1 {
		t.Errorf("reverse names: got %v, want %v", got, names)
	}
	if again := c.create(serverOpts("new")); again.ID <= gone.ID {
		t.Errorf("ID %d was given out before", again.ID)
	}
}

func TestRestartInTheMiddle(t *testing.T) {
	var cfg Config
	c := newCloud(t, func(base *Config) {
		base.StateFile = filepath.Join(t.TempDir(), "cloud.json")
		cfg = *base
		base.Latency = func(string) time.Duration { return time.Hour }
	})
	made := must[hcloud.ServerCreateResult](t)(c.client.Server.Create(c.ctx, serverOpts("portal")))
	c.restart(cfg)
	c.wait(append(made.NextActions, made.Action)...)
	if s := c.server(made.Server.ID); s.Status != hcloud.ServerStatusRunning || s.Locked || !c.machine(s.ID).on {
		t.Errorf("create under way: got %s locked %v, want it finished", s.Status, s.Locked)
	}
	slow := cfg
	slow.Latency = func(string) time.Duration { return time.Hour }
	c.restart(slow)
	del := must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, made.Server))
	c.restart(cfg)
	c.wait(del.Action)
	if s := must[*hcloud.Server](t)(c.client.Server.GetByID(c.ctx, made.Server.ID)); s != nil {
		t.Errorf("delete under way: server is still %s", s.Status)
	}
}

// TestStateIsOnDiskBeforeTheAnswer reads the file behind a running simulator's back, as after kill -9.
func TestStateIsOnDiskBeforeTheAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cloud.json")
	c := newCloud(t, func(cfg *Config) {
		cfg.StateFile = path
		cfg.Latency = func(string) time.Duration { return time.Hour }
	})
	made := must[hcloud.ServerCreateResult](t)(c.client.Server.Create(c.ctx, serverOpts("portal")))
	p, err := loadProject(path)
	if err != nil || p.Servers[made.Server.ID] == nil || p.Actions[made.Action.ID] == nil || len(p.PrimaryIPs) != 2 {
		t.Fatalf("on disk: got %+v %v", p, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %v %v, want 0600: it holds user data", info.Mode(), err)
	}
	if err := c.sim.Close(); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("files: got %v %v, want the state only", entries, err)
	}
}

func TestStateThatCannotBeSaved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	sim, err := New(Config{Token: testToken, Runtime: newMemoryRuntime(t), StateFile: filepath.Join(dir, "cloud.json")})
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{T: t}
	c.eventually("the first state to be saved", func() bool {
		_, err := os.Stat(sim.cfg.StateFile)
		return err == nil
	})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.handle(createPlacementGroup, &request{api: sim, body: []byte(`{"name":"a","type":"spread"}`)}, "POST"); err == nil {
		t.Error("create: got success although nothing was saved")
	}
	if err := sim.Close(); err == nil {
		t.Error("Close: got success although nothing was saved")
	}
}

func TestBadStateFiles(t *testing.T) {
	for name, text := range map[string]string{
		"not JSON":       "kreisraum",
		"another format": `{"version":99,"project":{}}`,
		"null":           `{"version":1,"project":null}`,
		"a part is null": `{"version":1,"project":{"servers":null}}`,
		"empty":          "",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cloud.json")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := New(Config{Token: testToken, Runtime: newMemoryRuntime(t), StateFile: path}); err == nil || !strings.Contains(err.Error(), "remove the file") {
				t.Errorf("got %v, want an error with advice", err)
			}
		})
	}
}

func TestMachineThatDoesNotComeBack(t *testing.T) {
	var cfg Config
	c := newCloud(t, func(base *Config) {
		base.StateFile = filepath.Join(t.TempDir(), "cloud.json")
		cfg = *base
	})
	s := c.create(serverOpts("portal"))
	if err := c.sim.Close(); err != nil {
		t.Fatal(err)
	}
	c.runtime = newMemoryRuntime(t)
	c.runtime.failWith("PowerOn", errors.New("no power"))
	cfg.Runtime = c.runtime
	c.serve(cfg)
	if got := c.server(s.ID).Status; got != hcloud.ServerStatusOff {
		t.Errorf("status: got %s, want off", got)
	}
	c.runtime.failWith("PowerOn", nil)
	c.wait(must[*hcloud.Action](t)(c.client.Server.Poweron(c.ctx, s)))
}

// stuckRuntime never finishes Create until its context ends.
type stuckRuntime struct{ *memoryRuntime }

func (stuckRuntime) Create(ctx context.Context, _ Machine) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestStuckMachineDoesNotHoldUpNewOrClose(t *testing.T) {
	var cfg Config
	c := newCloud(t, func(base *Config) {
		base.StateFile = filepath.Join(t.TempDir(), "cloud.json")
		cfg = *base
	})
	c.create(serverOpts("portal"))
	if err := c.sim.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Runtime, cfg.RestoreTimeout = stuckRuntime{newMemoryRuntime(t)}, 20*time.Millisecond
	sim, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := sim.Close(); err != nil {
		t.Error(err)
	}
}

// TestManyClientsAtOnce has clients fight over names, addresses and firewalls; the Runtime checks that no machine has two owners.
func TestManyClientsAtOnce(t *testing.T) {
	c := newCloud(t, func(cfg *Config) { cfg.StateFile = filepath.Join(t.TempDir(), "cloud.json") })
	fw := must[hcloud.FirewallCreateResult](t)(c.client.Firewall.Create(c.ctx, hcloud.FirewallCreateOpts{
		Name: "all", ApplyTo: []hcloud.FirewallResource{onLabel("role=media")},
	})).Firewall
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			opts := serverOpts("server-" + string(rune('a'+i%4))) // two clients want each name
			opts.Labels = map[string]string{"role": "media"}
			for range 3 {
				res, _, err := c.client.Server.Create(c.ctx, opts)
				if hcloud.IsError(err, hcloud.ErrorCodeUniquenessError) {
					continue
				}
				if err != nil {
					t.Errorf("create: %v", err)
					return
				}
				rules := []hcloud.FirewallRule{tcpRule(t, "443", "0.0.0.0/0")}
				if _, _, err := c.client.Firewall.SetRules(c.ctx, fw, hcloud.FirewallSetRulesOpts{Rules: rules}); err != nil {
					t.Errorf("set rules: %v", err)
				}
				if err := c.client.Action.WaitFor(c.ctx, append(res.NextActions, res.Action)...); err != nil {
					t.Errorf("actions: %v", err)
				}
				if m, ok := c.runtime.machine(res.Server.ID); !ok || !m.on || !m.filtered || len(m.rules) != 1 {
					t.Errorf("machine: got %v %+v", ok, m)
				}
				deleted, _, err := c.client.Server.DeleteWithResult(c.ctx, res.Server)
				if err != nil {
					t.Errorf("delete: %v", err)
					return
				}
				if err := c.client.Action.WaitFor(c.ctx, deleted.Action); err != nil {
					t.Errorf("delete action: %v", err)
				}
			}
		})
	}
	for range 50 {
		c.sim.ReverseNames()
	}
	clients.Wait()
	if servers, err := c.client.Server.All(c.ctx); err != nil || len(servers) != 0 {
		t.Errorf("servers left: %d %v", len(servers), err)
	}
	if n := len(c.runtime.machines); n != 0 {
		t.Errorf("machines left: %d", n)
	}
	if ips := must2(t)(c.client.PrimaryIP.All(c.ctx)); len(ips) != 0 {
		t.Errorf("primary IPs left: %d", len(ips))
	}
	c.eventually("the lanes of deleted servers to end", func() bool {
		c.sim.mu.Lock()
		defer c.sim.mu.Unlock()
		return len(c.sim.lanes) == 0
	})
}

func TestLogKeepsSecrets(t *testing.T) {
	var log logtest.Buffer
	c := newCloud(t, func(cfg *Config) {
		cfg.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		cfg.StateFile = filepath.Join(t.TempDir(), "cloud.json")
	})
	c.runtime.failWith("PowerOn", errors.New("no power"))
	opts := serverOpts("canary-name")
	opts.UserData, opts.Labels = "canary-user-data", map[string]string{"canary-label": "canary-value"}
	res := must[hcloud.ServerCreateResult](t)(c.client.Server.Create(c.ctx, opts))
	if err := c.client.Action.WaitFor(c.ctx, res.NextActions...); err == nil {
		t.Fatal("start_server: got success")
	}
	c.raw("GET", "/v1/servers", "canary-token", "")
	if !strings.Contains(log.String(), "no power") {
		t.Errorf("log: got %q, want the failure", log.String())
	}
	for _, secret := range []string{"canary", testToken, res.RootPassword, "127.77.0.10"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("log has %q: %s", secret, log.String())
		}
	}
}

// recordedRuntime refuses a machine that is not in the state file yet.
type recordedRuntime struct {
	*memoryRuntime
	path string
}

func (r recordedRuntime) Create(ctx context.Context, m Machine) error {
	p, err := loadProject(r.path)
	if err != nil || p.Servers[m.ID] == nil {
		return errors.New("machine is created before it is on record")
	}
	return r.memoryRuntime.Create(ctx, m)
}

func TestNoMachineWithoutARecord(t *testing.T) {
	c := newCloud(t, func(cfg *Config) {
		cfg.StateFile = filepath.Join(t.TempDir(), "cloud.json")
		cfg.Runtime = recordedRuntime{newMemoryRuntime(t), cfg.StateFile}
	})
	for range 20 {
		s := c.create(serverOpts("portal"))
		c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s)).Action)
	}
}
