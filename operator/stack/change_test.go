package stack

import (
	"errors"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

func TestUpAdoptsAfterLostState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	before := w.up(s, plan("demo"))
	if err := os.RemoveAll(filepath.Join(w.home, "pulumi")); err != nil {
		t.Fatal(err)
	}
	w.writes.reset()
	after := w.up(w.open("demo"), plan("demo"))
	if paths := w.writes.reset(); len(paths) > 0 {
		t.Errorf("adopting wrote %v", paths)
	}
	if !slices.Equal(after.Outputs.Machines, before.Outputs.Machines) || after.Outputs.FirewallID != before.Outputs.FirewallID {
		t.Errorf("outputs %+v, before %+v", after.Outputs, before.Outputs)
	}
	if again := w.up(w.open("demo"), plan("demo")); again.Changed() {
		t.Errorf("a further up changed %v", again.Changes)
	}
}

// What is only read when a server is made is no difference later on.
func TestCreateOnlyInputsAreNoDifference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	before := w.up(s, plan("demo"))
	changed := plan("demo")
	changed.UserData = maps.Clone(changed.UserData)
	changed.UserData[infra.PortalName("demo")] = "#cloud-config\nhostname: other\n"
	changed.Image = "debian-13"
	w.writes.reset()
	if result := w.up(s, changed); result.Changed() {
		t.Errorf("changed %v", result.Changes)
	}
	if paths := w.writes.reset(); len(paths) > 0 {
		t.Errorf("wrote %v", paths)
	}

	// A new operator's key replaces the key, and leaves the server alone.
	changed.SSHPublicKey = otherKey
	result := w.up(s, changed)
	if result.Changes["replace"] != 1 || result.Changes["update"] != 0 {
		t.Errorf("a new SSH key changed %v, want one replacement", result.Changes)
	}
	if !slices.Equal(result.Outputs.Machines, before.Outputs.Machines) {
		t.Errorf("the machine changed: %+v, before %+v", result.Outputs.Machines, before.Outputs.Machines)
	}
}

func TestServerTypeChangeKeepsTheMachine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	before := w.up(s, plan("demo")).Outputs.Machines[0]
	bigger := plan("demo")
	bigger.ServerType = "cpx32"
	after := w.up(s, bigger).Outputs.Machines[0]
	if after.ServerID != before.ServerID || after.ServerType != "cpx32" {
		t.Errorf("the server was replaced, or is still another type: %+v", after)
	}
	if after.IPv4 != before.IPv4 || after.IPv6 != before.IPv6 || after.PrivateIP != before.PrivateIP {
		t.Errorf("addresses changed: %+v, before %+v", after, before)
	}
	if n := len(w.machines.list()); n != 1 {
		t.Errorf("%d machines", n)
	}
}

func TestDomainChangeIsAnUpdateOfTheReverseName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	w.up(s, plan("demo"))
	moved := plan("demo")
	moved.Domain = "video.demo.example"
	if result := w.up(s, moved); result.Changes["update"] != 2 || result.Changes["replace"] != 0 {
		t.Errorf("changed %v, want two updates", result.Changes)
	}
	if names := w.sim.ReverseNames(); len(names[moved.Domain]) != 2 || len(names["demo.example"]) != 0 {
		t.Errorf("reverse names: %v", names)
	}
}

func TestBridgesComeAndGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	portal := w.up(s, plan("demo")).Outputs.Machines[0]
	more := plan("demo")
	more.Bridges = []infra.Bridge{{Number: 1, ServerType: "ccx13", Location: "fsn1"}, {Number: 3, ServerType: "cpx32", Location: "nbg1"}}
	machines := w.up(s, more).Outputs.Machines
	if len(machines) != 3 || machines[0] != portal {
		t.Fatalf("machines: %+v", machines)
	}
	third := machines[2]
	if third.Name != infra.BridgeName("demo", 3) || third.Number != 3 || third.ServerType != "cpx32" || third.Location != "nbg1" ||
		!strings.HasSuffix(third.PrivateIP, ".13") || !infra.PrivateNetwork("demo").Contains(netip.MustParseAddr(third.PrivateIP)) {
		t.Errorf("third bridge: %+v", third)
	}
	if names := w.sim.ReverseNames(); len(names) != 1 {
		t.Errorf("bridges got reverse names: %v", names)
	}
	fewer := plan("demo")
	fewer.Bridges = more.Bridges[1:]
	w.writes.reset()
	if machines := w.up(s, fewer).Outputs.Machines; len(machines) != 2 || machines[0] != portal || machines[1] != third {
		t.Errorf("machines: %+v", machines)
	}
	for _, path := range w.writes.reset() { // the server and its two addresses, nothing else
		if !strings.HasPrefix(path, "DELETE /v1/servers/") && !strings.HasPrefix(path, "DELETE /v1/primary_ips/") {
			t.Errorf("removing a bridge wrote %s", path)
		}
	}
	if left := w.leftovers("demo"); len(left) != 10 {
		t.Errorf("at Hetzner: %v", left)
	}
}

func TestUpRepairsWhatSomebodyDidByHand(t *testing.T) {
	t.Parallel()
	cloud := func(w *world) *hcloud.Client { return w.cloud.Cloud() }
	cases := map[string]func(*world, infra.Outputs) error{
		"server deleted": func(w *world, out infra.Outputs) error {
			result, _, err := cloud(w).Server.DeleteWithResult(t.Context(), &hcloud.Server{ID: out.Machines[0].ServerID})
			if err != nil {
				return err
			}
			return cloud(w).Action.WaitFor(t.Context(), result.Action)
		},
		"server switched off": func(w *world, out infra.Outputs) error {
			action, _, err := cloud(w).Server.Poweroff(t.Context(), &hcloud.Server{ID: out.Machines[0].ServerID})
			if err != nil {
				return err
			}
			return cloud(w).Action.WaitFor(t.Context(), action)
		},
		"firewall removed and deleted": func(w *world, out infra.Outputs) error {
			firewall := &hcloud.Firewall{ID: out.FirewallID}
			actions, _, err := cloud(w).Firewall.RemoveResources(t.Context(), firewall, []hcloud.FirewallResource{
				{Type: hcloud.FirewallResourceTypeServer, Server: &hcloud.FirewallResourceServer{ID: out.Machines[0].ServerID}},
			})
			if err != nil {
				return err
			}
			if err := cloud(w).Action.WaitFor(t.Context(), actions...); err != nil {
				return err
			}
			_, err = cloud(w).Firewall.Delete(t.Context(), firewall)
			return err
		},
	}
	for name, spoil := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.open("demo")
			before := w.up(s, plan("demo")).Outputs
			if err := spoil(w, before); err != nil {
				t.Fatal(err)
			}
			after := w.up(s, plan("demo")).Outputs
			if before.Machines[0].IPv4 != after.Machines[0].IPv4 {
				t.Error("the address changed")
			}
			machines := w.machines.list()
			if len(machines) != 1 || !machines[0].on || !machines[0].filtered || len(machines[0].inbound) != 2 {
				t.Errorf("machines: %+v", machines)
			}
			if again := w.up(s, plan("demo")); again.Changed() {
				t.Errorf("a further up changed %v", again.Changes)
			}
		})
	}
}

func TestTemporarySSHIsNoDifference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	out := w.up(s, plan("demo")).Outputs
	if _, err := w.cloud.OpenSSH(t.Context(), out.FirewallID, prefixes("192.0.2.0/24")); err != nil {
		t.Fatal(err)
	}
	if result := w.up(s, plan("demo")); result.Changed() {
		t.Errorf("changed %v", result.Changes)
	}
	// Even a refresh and an adoption leave it alone.
	if err := os.RemoveAll(filepath.Join(w.home, "pulumi")); err != nil {
		t.Fatal(err)
	}
	w.up(w.open("demo"), plan("demo"))
	if closed, err := w.cloud.CloseSSH(t.Context(), out.FirewallID); err != nil || !closed {
		t.Errorf("the rule is gone: closed %v, err %v", closed, err)
	}
}

func TestForeignResourcesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	foreign, _, err := w.cloud.Cloud().Network.Create(t.Context(), hcloud.NetworkCreateOpts{
		Name: "kreisraum-demo", IPRange: ipNet("10.1.0.0/16"), Labels: map[string]string{"team": "other"},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := w.open("demo")
	_, err = s.Up(t.Context(), plan("demo"), nil)
	var refused *hetzner.ForeignError
	if !errors.As(err, &refused) || refused.Kind != "network" || refused.Name != "kreisraum-demo" {
		t.Fatalf("got %v", err)
	}
	if !strings.Contains(err.Error(), "rename or delete it") || strings.Contains(err.Error(), "\n") {
		t.Errorf("the error is not one sentence that says what to do: %v", err)
	}
	untouched, _, err := w.cloud.Cloud().Network.GetByID(t.Context(), foreign.ID)
	if err != nil || untouched == nil || !maps.Equal(untouched.Labels, foreign.Labels) || len(untouched.Subnets) > 0 {
		t.Errorf("the other's network: %+v, %v", untouched, err)
	}
	// Once the name is free, the same stack finishes.
	if _, err := w.cloud.Cloud().Network.Delete(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	w.up(s, plan("demo"))
}

func TestErrorsKeepTheirClass(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		spoil func(*testing.T, *world)
		class hetzner.Class
		says  string
	}{
		{"sold out", func(t *testing.T, w *world) {
			if err := w.sim.SetStock("cpx22", "fsn1", false); err != nil {
				t.Fatal(err)
			}
		}, hetzner.Capacity, "sold out"},
		{"quota", func(_ *testing.T, w *world) {
			q := hcloudsim.DefaultQuotas()
			q.Servers = 0
			w.sim.SetQuota(q)
		}, hetzner.Quota, "Limits"},
		{"refused token", func(_ *testing.T, w *world) {
			w.cloud = hetzner.New(hetzner.Config{Token: "wrong", URL: w.url})
		}, hetzner.Auth, "HCLOUD_TOKEN"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.spoil(t, w)
			_, err := w.open("demo").Up(t.Context(), plan("demo"), nil)
			w.cloud.Close()
			var explained *hetzner.Error
			if !errors.As(err, &explained) || explained.Class != c.class || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestPreviewTouchesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	result, err := s.Preview(t.Context(), plan("demo"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if result.Changes["create"] != 8 { // seven resources and the stack itself
		t.Errorf("preview of a new county: %v", result.Changes)
	}
	if paths := w.writes.reset(); len(paths) > 0 {
		t.Errorf("preview wrote %v", paths)
	}
	w.up(s, plan("demo"))
	w.writes.reset()
	bigger := plan("demo")
	bigger.ServerType = "cpx32"
	result, err = s.Preview(t.Context(), bigger, nil)
	if err != nil || result.Changes["update"] != 1 || result.Changes["replace"] != 0 {
		t.Errorf("preview of a bigger portal: %v, %v", result.Changes, err)
	}
	elsewhere := plan("demo")
	elsewhere.Location = "nbg1"
	result, err = s.Preview(t.Context(), elsewhere, nil)
	if err != nil || result.Changes["replace"] != 3 { // the machine and both addresses
		t.Errorf("preview of a portal elsewhere: %v, %v", result.Changes, err)
	}
	if paths := w.writes.reset(); len(paths) > 0 {
		t.Errorf("preview wrote %v", paths)
	}
}

func TestDestroyAfterLostState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	spec := plan("demo")
	spec.Bridges = []infra.Bridge{{Number: 1, ServerType: "ccx13", Location: "fsn1"}}
	w.up(w.open("demo"), spec)
	if err := os.RemoveAll(filepath.Join(w.home, "pulumi")); err != nil {
		t.Fatal(err)
	}
	if err := w.open("demo").Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if left := w.leftovers("demo"); len(left) > 0 || len(w.machines.list()) > 0 {
		t.Errorf("left at Hetzner: %v", left)
	}
}

// A machine beside the county's, which somebody labelled for the bill, is not ours to delete; one of ours that the state has not heard of is.
func TestDestroyDeletesWhatKreisraumMadeAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	w.up(s, plan("demo"))
	for name, labels := range map[string]map[string]string{
		"monitoring": {hetzner.LabelCounty: "demo"}, infra.BridgeName("demo", 7): hetzner.Labels("demo", infra.RoleBridge),
	} {
		made, _, err := w.cloud.Cloud().Server.Create(t.Context(), hcloud.ServerCreateOpts{
			Name: name, ServerType: &hcloud.ServerType{Name: "cpx22"}, Image: &hcloud.Image{Name: "debian-13"}, Location: &hcloud.Location{Name: "fsn1"}, Labels: labels,
		})
		if err == nil {
			err = w.cloud.Wait(t.Context(), "create "+name, append(made.NextActions, made.Action)...)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if left := w.leftovers("demo"); !slices.Equal(left, []string{"server monitoring"}) {
		t.Errorf("left at Hetzner: %v, want the other machine", left)
	}
}

func TestTwoCountiesInOneProjectAndHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.open("demo"), w.open("other")
	w.up(first, plan("demo"))
	_, err := second.Up(t.Context(), plan("other"), nil)
	if err == nil || !strings.Contains(err.Error(), "under the name kreisraum-demo") {
		t.Errorf("the same key for both: %v", err)
	}
	other := plan("other")
	other.SSHPublicKey = otherKey
	w.up(second, other)
	if err := first.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := first.Remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := w.leftovers("demo"); len(left) > 0 {
		t.Errorf("left of the first: %v", left)
	}
	if result := w.up(second, other); result.Changed() {
		t.Errorf("the other county changed %v", result.Changes)
	}
}

func TestCountyWithoutIPv6(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	spec := plan("demo")
	spec.IPv6 = false
	before := w.up(s, spec).Outputs.Machines[0]
	if before.IPv6 != "" || before.IPv4 == "" {
		t.Errorf("portal: %+v", before)
	}
	// A switched-off server makes the next up refresh everything, which must see no difference in the missing address.
	action, _, err := w.cloud.Cloud().Server.Poweroff(t.Context(), &hcloud.Server{ID: before.ServerID})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cloud.Cloud().Action.WaitFor(t.Context(), action); err != nil {
		t.Fatal(err)
	}
	if result := w.up(s, spec); result.Changes["update"] != 1 || result.Changes["replace"] != 0 || result.Outputs.Machines[0] != before {
		t.Errorf("changed %v: %+v", result.Changes, result.Outputs.Machines)
	}
	if result := w.up(s, spec); result.Changed() {
		t.Errorf("a further up changed %v", result.Changes)
	}

	// IPv6 can be added later, and taken away again, without a new machine.
	for _, spec.IPv6 = range []bool{true, false} {
		after := w.up(s, spec).Outputs.Machines[0]
		if after.ServerID != before.ServerID || after.IPv4 != before.IPv4 || (after.IPv6 != "") != spec.IPv6 {
			t.Errorf("IPv6 %v: %+v, before %+v", spec.IPv6, after, before)
		}
		if result := w.up(s, spec); result.Changed() {
			t.Errorf("a further up changed %v", result.Changes)
		}
	}
}

// Addresses are bound to a location, so a move is the one change that costs them.
func TestMoveToAnotherLocation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	before := w.up(s, plan("demo")).Outputs
	moved := plan("demo")
	moved.Location = "nbg1"
	result := w.up(s, moved)
	if result.Outputs.Location != "nbg1" || result.Changes["replace"] != 3 || result.Outputs.FirewallID != before.FirewallID {
		t.Errorf("changed %v, outputs %+v", result.Changes, result.Outputs)
	}
	if again := w.up(s, moved); again.Changed() {
		t.Errorf("a further up changed %v", again.Changes)
	}
	if left := w.leftovers("demo"); len(left) != 7 || len(w.machines.list()) != 1 {
		t.Errorf("at Hetzner: %v", left)
	}
}
