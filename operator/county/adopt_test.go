package county

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/audit"
)

func TestAdoptTakesOverWhatIsThere(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	_, w.project = healthy()
	w.project.Servers[0].Type = c.Config.PortalKinds()[0].ServerType
	w.forgetCalls()
	result, err := c.Adopt(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if result.Found["server"] != 2 || len(result.Machines) != 1 || result.Machines[0] != "portal" {
		t.Errorf("result %+v", result)
	}
	if w.called("Stack.Up") != 1 || w.called("Deploy") != 0 {
		t.Errorf("%d runs of the stack, %d deployments", w.called("Stack.Up"), w.called("Deploy"))
	}
	if countLedger(t, c, audit.CountyAdopted) != 1 {
		t.Errorf("ledger:\n%s", ledgerText(t, c))
	}
}

// TestAdoptRefusesBeforeAnythingIsChanged: what is not labelled, what is not there, and without the keys.
func TestAdoptRefusesBeforeAnythingIsChanged(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(*testing.T, *County, *world)
		want    string
	}{
		{"nothing there", func(_ *testing.T, _ *County, w *world) { w.project = hetzner.Project{} }, "nothing of the county exists"},
		{"a name without labels", func(_ *testing.T, _ *County, w *world) { w.project.Servers[0].Labels = nil }, "do not carry its labels"},
		{"another county's labels", func(_ *testing.T, _ *County, w *world) {
			w.project.Servers[0].Labels = hetzner.Labels("goeppingen", "portal")
		}, "do not carry its labels"},
		{"another kind of portal than in the file", func(_ *testing.T, _ *County, w *world) { w.project.Servers[0].Type = "ccx63" }, "does not name"},
		{"no keys", func(t *testing.T, c *County, _ *world) {
			if err := os.Remove(c.Home.File("ca.key")); err != nil {
				t.Fatal(err)
			}
		}, "does not have the keys"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			county := testCounty(t, w)
			mustUp(t, county)
			_, w.project = healthy()
			w.project.Servers[0].Type = county.Config.PortalKinds()[0].ServerType
			c.prepare(t, county, w)
			before := files(t, county.Home.Dir())
			w.forgetCalls()
			_, err := county.Adopt(context.Background())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if w.called("Stack.Up") > 0 || strings.Join(before, "") != strings.Join(files(t, county.Home.Dir()), "") {
				t.Error("something was changed")
			}
		})
	}
}

func TestNamesOfACounty(t *testing.T) {
	for name, want := range map[string]bool{
		"kreisraum-demo": true, "kreisraum-demo-portal": true, "kreisraum-demo-bridge-12": true, "kreisraum-demo-portal-ipv4": true, "kreisraum-demo-1": true,
		"kreisraum-demo-nord": false, "kreisraum-demo-nord-portal": false, "kreisraum-demokratie": false, "demo": false, "kreisraum": false,
	} {
		if got := ofName(name, "demo"); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if errors.Is(ErrNothing, ErrNotUp) {
		t.Error("a county without anything is not one that is down")
	}
}
