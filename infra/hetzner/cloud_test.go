package hetzner_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token         = "token-of-the-client-tests-0123456789abcdefghijklmnopqrstuvwxyz012"
	readOnlyToken = "readonly-of-the-client-tests-0123456789abcdefghijklmnopqrstuvwxyz"
)

// newCloud starts a simulated Hetzner project.
func newCloud(t testing.TB) (*hcloudsim.Server, string) {
	t.Helper()
	sim, err := hcloudsim.New(hcloudsim.Config{
		Token: token, ReadOnlyTokens: []string{readOnlyToken}, Runtime: hcloudsim.NoMachines{}, IPv6Supported: true,
		Latency: func(string) time.Duration { return 10 * time.Millisecond },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.Close()
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	return sim, server.URL + "/v1"
}

// newClient starts a simulated project and a Client of it.
func newClient(t testing.TB) (*hcloudsim.Server, *hetzner.Client) {
	t.Helper()
	sim, url := newCloud(t)
	return sim, clientOf(t, hetzner.Config{Token: token, URL: url})
}

func clientOf(t testing.TB, cfg hetzner.Config) *hetzner.Client {
	t.Helper()
	c := hetzner.New(cfg)
	t.Cleanup(c.Close)
	return c
}

// newFirewall makes a firewall with a rule for the site.
func newFirewall(t testing.TB, c *hetzner.Client, county string) *hcloud.Firewall {
	t.Helper()
	made, _, err := c.Cloud().Firewall.Create(t.Context(), hcloud.FirewallCreateOpts{
		Name: "kreisraum-" + county, Labels: hetzner.Labels(county, "county"),
		Rules: []hcloud.FirewallRule{{
			Direction: hcloud.FirewallRuleDirectionIn, Protocol: hcloud.FirewallRuleProtocolTCP, Port: hcloud.Ptr("443"),
			Description: hcloud.Ptr("site"), SourceIPs: nets("0.0.0.0/0", "::/0"),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.Firewall
}
