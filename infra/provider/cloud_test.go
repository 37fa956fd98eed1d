package provider

import (
	"context"
	"io"
	"log"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"
	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

func TestMain(m *testing.M) {
	// glog, which Pulumi's SDK brings along, starts a flusher when the program does.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

const token = "token-of-the-provider-tests-0123456789abcdefghijklmnopqrstuvwxyz"

// boots is a hcloudsim.Runtime that notes how many private addresses each machine had when it first booted.
type boots struct {
	hcloudsim.NoMachines
	mu      sync.Mutex
	private map[int64]int
	first   map[int64]int
}

func (b *boots) Create(_ context.Context, m hcloudsim.Machine) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.private[m.ID] = len(m.Private)
	return nil
}

func (b *boots) PowerOn(_ context.Context, id int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, booted := b.first[id]; !booted {
		b.first[id] = b.private[id]
	}
	return nil
}

// project is a simulated Hetzner project with what a server needs.
type project struct {
	t      testing.TB
	sim    *hcloudsim.Server
	boots  *boots
	cloud  *hcloud.Client
	handle handle
	trip   *tripwire
}

func newProject(t testing.TB) *project {
	t.Helper()
	p := &project{t: t, boots: &boots{private: map[int64]int{}, first: map[int64]int{}}}
	sim, err := hcloudsim.New(hcloudsim.Config{
		Token: token, Runtime: p.boots, IPv6Supported: true, Latency: func(string) time.Duration { return 2 * time.Millisecond },
	})
	if err != nil {
		t.Fatal(err)
	}
	p.trip = &tripwire{next: sim}
	server := httptest.NewServer(p.trip)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that are cut on purpose
	client := hetzner.New(hetzner.Config{Token: token, URL: server.URL + "/v1", Backoff: 2 * time.Millisecond})
	p.sim, p.cloud = sim, client.Cloud()
	p.handle = newHandle(Config{Cloud: client})
	t.Cleanup(func() {
		client.Close()
		server.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func labels(role string) map[string]string { return hetzner.Labels("demo", role) }

func create[R infer.CustomCreate[I, O], I, O any](p *project, r R, in I) string {
	p.t.Helper()
	made, err := r.Create(p.t.Context(), infer.CreateRequest[I]{Inputs: in})
	if err != nil {
		p.t.Fatal(err)
	}
	return made.ID
}

// serverArgs makes everything a server refers to, and the inputs of a server.
func (p *project) serverArgs() ServerArgs {
	p.t.Helper()
	key := create(p, SSHKey{p.handle}, SSHKeyArgs{Name: "kreisraum-demo", PublicKey: publicKey, Labels: labels("operator")})
	group := create(p, PlacementGroup{p.handle}, PlacementGroupArgs{Name: "kreisraum-demo-1", Labels: labels("county")})
	return ServerArgs{
		Name: "kreisraum-demo-portal", ServerType: "cpx22", Location: "fsn1", Image: "debian-12", UserData: "#cloud-config\n",
		SSHKeys: []string{key}, PlacementGroup: group,
		Network: create(p, Network{p.handle}, networkArgs()), PrivateIP: "10.77.1.10",
		Firewall:    create(p, Firewall{p.handle}, firewallArgs()),
		PrimaryIPv4: create(p, PrimaryIP{p.handle}, addressArgs("ipv4")),
		PrimaryIPv6: create(p, PrimaryIP{p.handle}, addressArgs("ipv6")),
		Labels:      labels("portal"),
	}
}

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f operator"

func networkArgs() NetworkArgs {
	return NetworkArgs{Name: "kreisraum-demo", IPRange: "10.77.0.0/16", Subnet: "10.77.1.0/24", Zone: "eu-central", Labels: labels("county")}
}

func firewallArgs() FirewallArgs {
	return FirewallArgs{Name: "kreisraum-demo", Labels: labels("county"), Rules: []FirewallRule{
		{Description: "site", Protocol: "tcp", Port: "443", Sources: []string{"0.0.0.0/0", "::/0"}},
		{Description: "media", Protocol: "udp", Port: "10000", Sources: []string{"0.0.0.0/0", "::/0"}},
	}}
}

func addressArgs(kind string) PrimaryIPArgs {
	return PrimaryIPArgs{Name: "kreisraum-demo-portal-" + kind, Type: kind, Location: "fsn1", ReverseName: "demo.example", Labels: labels("portal")}
}

// done waits for actions of what a test does by hand.
func (p *project) done(actions ...*hcloud.Action) {
	p.t.Helper()
	if err := p.cloud.Action.WaitFor(p.t.Context(), actions...); err != nil {
		p.t.Fatal(err)
	}
}

// server reads the server that the inputs name.
func (p *project) server(in ServerArgs) *hcloud.Server {
	p.t.Helper()
	server, _, err := p.cloud.Server.GetByName(p.t.Context(), in.Name)
	if err != nil || server == nil {
		p.t.Fatalf("server %s: %v, %v", in.Name, server, err)
	}
	return server
}

// complete fails the test unless the server is all that the inputs say.
func (p *project) complete(in ServerArgs) *hcloud.Server {
	p.t.Helper()
	server := p.server(in)
	want, err := parseRefs(in)
	if err != nil {
		p.t.Fatal(err)
	}
	if server.Status != hcloud.ServerStatusRunning || !attachedAt(server, want.network, in.PrivateIP) || !protectedBy(server, want.firewall) {
		p.t.Errorf("server is %s, attached %v, protected %v", server.Status, attachedAt(server, want.network, in.PrivateIP), protectedBy(server, want.firewall))
	}
	if server.PublicNet.IPv4.ID != want.ipv4 || server.PublicNet.IPv6.ID != want.ipv6 {
		p.t.Errorf("server has the addresses %d and %d, want %d and %d", server.PublicNet.IPv4.ID, server.PublicNet.IPv6.ID, want.ipv4, want.ipv6)
	}
	addresses, err := p.cloud.PrimaryIP.All(p.t.Context())
	if err != nil || len(addresses) != 2 {
		p.t.Errorf("%d primary IPs, %v", len(addresses), err)
	}
	all, err := p.cloud.Server.All(p.t.Context())
	if err != nil || len(all) != 1 {
		p.t.Errorf("%d servers, %v", len(all), err)
	}
	return server
}
