package county

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/stack"
)

// TestPreviewChangesNothing: neither here nor at Hetzner, before the first up and after it.
func TestPreviewChangesNothing(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", temporary)
	w := newWorld()
	c := testCounty(t, w)
	p, err := c.Preview(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !p.First || len(p.Changes) != 1 || p.Changes[0].Op != stack.OpCreate || !p.Changed() {
		t.Errorf("before the first up: %+v", p)
	}
	if c.Home.Exists() {
		t.Error("the preview has made the county's folder")
	}
	mustUp(t, c)
	before := files(t, c.Home.Dir())
	w.forgetCalls()
	if p, err = c.Preview(context.Background()); err != nil || p.First || p.Changed() {
		t.Errorf("after up: %+v, %v", p, err)
	}
	if after := files(t, c.Home.Dir()); !slices.Equal(before, after) {
		t.Errorf("files before %v, after %v", before, after)
	}
	for _, call := range []string{"Stack.Up", "OpenSSH", "CloseSSH", "PutAccounts", "PutMachines", "OrderCertificate", "Deploy", "Purge", "Stack.Destroy"} {
		if w.called(call) > 0 {
			t.Errorf("the preview called %s", call)
		}
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestPreviewNamesLessonsThatWouldBeTouched: a server that would be started anew is a machine with lessons.
func TestPreviewNamesLessonsThatWouldBeTouched(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	if err := os.WriteFile(c.Binary, []byte("another server"), 0o755); err != nil {
		t.Fatal(err)
	}
	p, err := c.Preview(context.Background())
	if err != nil || len(p.Machines) != 1 || p.Machines[0].Effect != EffectRestarted || p.Machines[0].Machine != "portal" || !p.Machines[0].Known {
		t.Errorf("machines %+v, %v", p.Machines, err)
	}
}

func TestEffectsOnMachines(t *testing.T) {
	m := infra.Machine{Name: "kreisraum-demo-portal"}
	change := func(op string, properties ...string) []stack.Change {
		c := stack.Change{Kind: "Server", Name: m.Name, Op: op}
		for _, p := range properties {
			c.Properties = append(c.Properties, stack.PropertyChange{Name: p})
		}
		return []stack.Change{{Kind: "Firewall", Name: "kreisraum-demo", Op: stack.OpReplace}, c}
	}
	for _, c := range []struct {
		name    string
		changes []stack.Change
		want    string
	}{
		{"nothing", nil, ""},
		{"labels", change(stack.OpUpdate, "labels"), ""},
		{"another type", change(stack.OpUpdate, "labels", "serverType"), EffectOff},
		{"another address", change(stack.OpUpdate, "primaryIpv4"), EffectOff},
		{"made anew", change(stack.OpReplace, "location"), EffectReplaced},
		{"deleted", change(stack.OpDelete), EffectDeleted},
	} {
		if got := effect(c.changes, m); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	for want, touched := range map[string]Touched{
		"no lesson there now": {Known: true}, "2 lessons with 30 participants RUN": {Known: true, Rooms: 2, Participants: 30}, "not known": {},
	} {
		if got := touched.InUse(); !strings.Contains(got, want) {
			t.Errorf("%+v: %q", touched, got)
		}
	}
}
