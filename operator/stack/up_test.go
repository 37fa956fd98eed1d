package stack

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
)

func TestUpTwiceThenDestroy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.open("demo")
	first := w.up(s, plan("demo"))
	if len(first.Outputs.Machines) != 1 {
		t.Fatalf("outputs name %d machines, want the portal", len(first.Outputs.Machines))
	}
	portal := first.Outputs.Machines[0]
	if portal.Name != infra.PortalName("demo") || portal.Role != infra.RolePortal || !strings.HasSuffix(portal.PrivateIP, ".10") || portal.ServerID == 0 {
		t.Errorf("portal in the outputs: %+v", portal)
	}
	if first.Outputs.FirewallID == 0 || first.Outputs.Location != "fsn1" || portal.IPv4 == "" || portal.IPv6 == "" {
		t.Errorf("outputs are incomplete: %+v", first.Outputs)
	}
	running := w.machines.list()
	if len(running) != 1 || !running[0].on || running[0].booted != 1 || running[0].firstNet != 1 || !running[0].filtered || len(running[0].inbound) != 2 {
		t.Errorf("machine after up: %+v", running)
	}

	w.writes.reset()
	began := time.Now()
	second := w.up(w.open("demo"), plan("demo"))
	t.Logf("unchanged up took %s", time.Since(began))
	if second.Changed() {
		t.Errorf("unchanged up changed %v", second.Changes)
	}
	if paths := w.writes.reset(); len(paths) > 0 {
		t.Errorf("unchanged up wrote %v", paths)
	}
	if !slices.Equal(second.Outputs.Machines, first.Outputs.Machines) || second.Outputs.FirewallID != first.Outputs.FirewallID {
		t.Errorf("outputs differ: %+v, before %+v", second.Outputs, first.Outputs)
	}

	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if left := w.leftovers("demo"); len(left) > 0 {
		t.Errorf("left at Hetzner: %v", left)
	}
	if len(w.machines.list()) > 0 {
		t.Error("the machine still exists")
	}
}
