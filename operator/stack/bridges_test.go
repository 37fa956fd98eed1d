package stack

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

var (
	first = infra.Bridge{Number: 1, ServerType: "ccx13", Location: "fsn1"}
	third = infra.Bridge{Number: 3, ServerType: "cpx32", Location: "nbg1"}
)

func with(spec infra.Spec, bridges ...infra.Bridge) infra.Spec {
	spec.Bridges = bridges
	return spec
}

func mustDesire(t *testing.T, s *Stack, bridges ...infra.Bridge) {
	t.Helper()
	if err := s.SetDesiredBridges(t.Context(), bridges); err != nil {
		t.Fatal(err)
	}
}

func TestDesiredBridges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	if got, set, err := s.DesiredBridges(t.Context()); len(got) != 0 || set || err != nil {
		t.Errorf("before: %v, %t, %v", got, set, err)
	}
	for _, bad := range [][]infra.Bridge{{{Number: 0, ServerType: "ccx13", Location: "fsn1"}}, {first, first}, {{Number: 1}}} {
		if err := s.SetDesiredBridges(t.Context(), bad); err == nil {
			t.Errorf("%v accepted", bad)
		}
	}
	for _, want := range [][]infra.Bridge{{third, first}, {}} {
		mustDesire(t, s, want...)
		w.up(s, plan("demo")) // an up leaves the wish alone
		if got, set, err := w.open("demo").DesiredBridges(t.Context()); !slices.Equal(got, infra.SortBridges(want)) || !set || err != nil {
			t.Errorf("got %v, %t, %v; want %v", got, set, err, want)
		}
	}
}

// A wish that cannot be read is no wish for none.
func TestUnreadableWishIsAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	mustDesire(t, s, first)
	for _, text := range []string{"", "2", `[{"number":1}]`, `[{"number":1,"server_type":"ccx13","location":"fsn1","colour":"red"}]`, `[] []`, strings.Repeat(" ", maxBridgesText) + "[]"} {
		if err := s.store.Write(t.Context(), s.layout.wishKey(), []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, _, err := s.DesiredBridges(t.Context()); err == nil {
			t.Errorf("%.40q was read as %v", text, got)
		}
	}
}

// Earlier versions kept it in a file of this computer.
func TestFormerWishIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	w.up(s, plan("demo"))
	settings, err := s.ws.StackSettings(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	settings.Config = config.Map{formerKey: config.NewValue(`[{"number":1,"server_type":"ccx13","location":"fsn1"}]`)}
	if err := s.ws.SaveStackSettings(t.Context(), "demo", settings); err != nil {
		t.Fatal(err)
	}
	if got, set, err := w.open("demo").DesiredBridges(t.Context()); !slices.Equal(got, []infra.Bridge{first}) || !set || err != nil {
		t.Errorf("got %v, %t, %v", got, set, err)
	}
	mustDesire(t, s, third)
	if got, set, err := w.open("demo").DesiredBridges(t.Context()); !slices.Equal(got, []infra.Bridge{third}) || !set || err != nil {
		t.Errorf("a newer one: %v, %t, %v", got, set, err)
	}
}

func TestBridgesAreFoundByLabelAfterLostState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	mustDesire(t, s, first, third)
	before := w.up(s, with(plan("demo"), first, third))
	if err := os.RemoveAll(filepath.Join(w.home, "pulumi")); err != nil {
		t.Fatal(err)
	}
	s = w.open("demo")
	found, set, err := s.DesiredBridges(t.Context())
	if err != nil || set || !slices.Equal(found, []infra.Bridge{first, third}) {
		t.Fatalf("found %v, set %t, %v", found, set, err)
	}
	w.writes.reset()
	after := w.up(s, with(plan("demo"), found...))
	if paths := w.writes.reset(); len(paths) > 0 || !slices.Equal(after.Outputs.Machines, before.Outputs.Machines) {
		t.Errorf("adopting wrote %v and led to %+v, before %+v", paths, after.Outputs.Machines, before.Outputs.Machines)
	}
}

func TestErrorNamesTheMachineThatIsSoldOut(t *testing.T) {
	t.Parallel()
	small := hcloudsim.DefaultQuotas()
	small.Servers = 1
	for _, tt := range []struct {
		name    string
		bridge  infra.Bridge
		spoil   func(*world) error
		soldOut bool
		class   hetzner.Class
	}{
		{"no stock", third, func(w *world) error { return w.sim.SetStock("cpx32", "nbg1", false) }, true, hetzner.Capacity},
		{"not offered there", infra.Bridge{Number: 3, ServerType: "cpx32", Location: "ash"}, func(*world) error { return nil }, true, hetzner.Capacity},
		{"limit of the account", third, func(w *world) error { w.sim.SetQuota(small); return nil }, false, hetzner.Quota},
		{"no host apart", third, func(w *world) error {
			w.sim.InjectFault(hcloudsim.Fault{Method: "POST", PathPrefix: "/servers", Times: 1, Status: 412, Code: "placement_error"})
			return nil
		}, false, hetzner.Placement},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.open("demo")
			w.up(s, plan("demo"))
			if err := tt.spoil(w); err != nil {
				t.Fatal(err)
			}
			_, err := s.Up(t.Context(), with(plan("demo"), tt.bridge), nil)
			if errors.Is(err, hetzner.ErrSoldOut) != tt.soldOut || hetzner.Classify(err) != tt.class {
				t.Fatalf("got %v of class %s, want sold out %t, class %s", err, hetzner.Classify(err), tt.soldOut, tt.class)
			}
			var which *hetzner.SoldOutError
			if tt.soldOut && (!errors.As(err, &which) || which.Machine != infra.BridgeName("demo", 3) || which.ServerType != "cpx32") {
				t.Errorf("the error names %+v", which)
			}
			// What was begun for it goes with the next run that does not want it.
			w.up(s, plan("demo"))
			if left := w.leftovers("demo"); len(left) != 7 {
				t.Errorf("at Hetzner: %v", left)
			}
		})
	}
}

// An engine that is killed may leave what the state never heard of.
func TestStraysOfBridgesAreRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	w.up(s, plan("demo"))
	state, err := os.ReadFile(s.layout.checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	w.up(s, with(plan("demo"), first, third))
	if err := os.WriteFile(s.layout.checkpoint(), state, 0o600); err != nil {
		t.Fatal(err)
	}
	machines := w.up(s, with(plan("demo"), third)).Outputs.Machines
	if left := w.leftovers("demo"); len(left) != 10 || len(machines) != 2 || slices.Contains(left, "server "+infra.BridgeName("demo", 1)) {
		t.Errorf("at Hetzner: %v; machines %+v", left, machines)
	}
}

// What could be had of several is kept, and the rest leaves nothing.
func TestOneOfTwoIsSoldOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	portal := w.up(s, plan("demo")).Outputs.Machines[0]
	if err := w.sim.SetStock("cpx32", "nbg1", false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Up(t.Context(), with(plan("demo"), first, third), nil); !errors.Is(err, hetzner.ErrSoldOut) {
		t.Fatalf("got %v, want that it is sold out", err)
	}
	machines := w.up(s, with(plan("demo"), first)).Outputs.Machines
	if len(machines) != 2 || machines[0] != portal || machines[1].Number != 1 || machines[1].ServerID == 0 {
		t.Errorf("machines %+v", machines)
	}
	if left := w.leftovers("demo"); len(left) != 10 || len(w.machines.list()) != 2 {
		t.Errorf("at Hetzner: %v", left)
	}
}
