package stack

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra"
)

// atHetzner is how long things take there: a server some ten seconds, its boot three (measured by third parties, 2026).
func atHetzner(command string) time.Duration {
	switch command {
	case "create_server":
		return 10 * time.Second
	case "start_server":
		return 3 * time.Second
	case "delete_server", "stop_server", "shutdown_server":
		return 2 * time.Second
	}
	return 700 * time.Millisecond
}

// requests counts what is asked of the simulated cloud.
func (w *world) requests() int {
	report := w.sim.Requests(1)
	w.sim.ResetRequests()
	return report.Total
}

// The infra step of one machine with its DNS records, with Hetzner's times. A whole `up` asks for a little more: the token, what exists, the
// zone, prices, and port 22 open and closed.
func TestRequestsOfASmallCounty(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, atHetzner)
	zone, _, err := w.cloud.Cloud().Zone.Create(t.Context(), hcloud.ZoneCreateOpts{Name: "kmz-demo.example", Mode: hcloud.ZoneModePrimary})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cloud.Cloud().Action.WaitFor(t.Context(), zone.Action); err != nil {
		t.Fatal(err)
	}
	spec := plan("demo")
	spec.Domain, spec.Zone, spec.CAA = "jitsi.kmz-demo.example", "kmz-demo.example", "letsencrypt.org"
	s := w.open("demo")
	w.requests()
	began := time.Now()
	w.up(s, spec)
	fresh, took := w.requests(), time.Since(began)
	if again := w.up(s, spec); again.Changed() {
		t.Errorf("a further up changed %v", again.Changes)
	}
	second := w.requests()
	t.Logf("%d requests in %s, then %d", fresh, took.Round(100*time.Millisecond), second)
	if fresh > 50 || second > 9 {
		t.Errorf("%d requests for a new county, %d for one that is there; want at most 50 and 9", fresh, second)
	}
	if left := w.leftovers("demo"); !slices.Contains(left, "rrset kmz-demo.example/jitsi/A") || !slices.Contains(left, "rrset kmz-demo.example/jitsi/CAA") || len(left) != 10 {
		t.Errorf("at Hetzner: %v", left)
	}
	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if left := w.leftovers("demo"); len(left) > 0 {
		t.Errorf("left at Hetzner: %v", left)
	}
}

// Ten bridges cost hardly more time than one, since all are ordered while the first is being made, and their waiting hardly more requests.
func TestTenBridgesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, atHetzner)
	quotas := w.sim.Quotas()
	quotas.Servers, quotas.PrimaryIPs = 20, 40
	w.sim.SetQuota(quotas)
	s := w.open("demo")
	spec := plan("demo")
	spec.UserData = userData("demo", 12)
	w.up(s, spec)
	grow := func(to int) (time.Duration, int) {
		for n := len(spec.Bridges) + 1; n <= to; n++ {
			spec.Bridges = append(spec.Bridges, infra.Bridge{Number: n, ServerType: "cpx22", Location: "nbg1"})
		}
		w.requests()
		began := time.Now()
		w.up(s, spec)
		return time.Since(began), w.requests()
	}
	one, requestsOne := grow(1)
	w.writes.reset()
	ten, requestsTen := grow(11)
	t.Logf("one bridge more: %s, %d requests; ten more: %s, %d requests", one.Round(100*time.Millisecond), requestsOne, ten.Round(100*time.Millisecond), requestsTen)
	// A clock would tell what else this computer does; the order of the requests tells whether one machine waits for another.
	ordered := 0
	for _, path := range w.writes.reset() {
		if strings.HasSuffix(path, "/actions/poweron") {
			break
		}
		if path == "POST /v1/servers" {
			ordered++
		}
	}
	if ordered != 10 {
		t.Errorf("%d of ten bridges were ordered before the first of them was made", ordered)
	}
	if requestsTen > requestsOne+9*14 {
		t.Errorf("ten bridges cost %d requests, one %d", requestsTen, requestsOne)
	}
}

// What somebody changed in the console is mended by the next up, and seen without asking for each thing.
func TestUpMendsWhatWasChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	out := w.up(s, plan("demo")).Outputs
	cloud := w.cloud.Cloud()
	firewall := &hcloud.Firewall{ID: out.FirewallID}
	for name, spoil := range map[string]func() ([]*hcloud.Action, error){
		"rules": func() ([]*hcloud.Action, error) {
			actions, _, err := cloud.Firewall.SetRules(t.Context(), firewall, hcloud.FirewallSetRulesOpts{Rules: []hcloud.FirewallRule{}})
			return actions, err
		},
		"network": func() ([]*hcloud.Action, error) {
			server, _, err := cloud.Server.GetByID(t.Context(), out.Machines[0].ServerID)
			if err != nil {
				return nil, err
			}
			action, _, err := cloud.Server.DetachFromNetwork(t.Context(), server, hcloud.ServerDetachFromNetworkOpts{Network: server.PrivateNet[0].Network})
			return []*hcloud.Action{action}, err
		},
		"reverse name": func() ([]*hcloud.Action, error) {
			action, _, err := cloud.Server.ChangeDNSPtr(t.Context(), &hcloud.Server{ID: out.Machines[0].ServerID}, out.Machines[0].IPv4, hcloud.Ptr("other.example"))
			return []*hcloud.Action{action}, err
		},
	} {
		actions, err := spoil()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := cloud.Action.WaitFor(t.Context(), actions...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if result := w.up(s, plan("demo")); result.Changes["update"] != 1 || result.Changes["replace"] != 0 {
			t.Errorf("%s: changed %v, want one update", name, result.Changes)
		}
		w.writes.reset()
		if again := w.up(s, plan("demo")); again.Changed() || slices.ContainsFunc(w.writes.reset(), func(p string) bool { return !strings.HasPrefix(p, http.MethodGet) }) {
			t.Errorf("%s: a further up changed %v", name, again.Changes)
		}
	}
}
