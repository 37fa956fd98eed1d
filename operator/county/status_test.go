package county

import (
	"context"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
)

func TestStatus(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, w *world, c *County)
		up      bool
		problem string
	}{
		{"never up", func(*testing.T, *world, *County) {}, false, "kreisraum up tuttlingen"},
		{"up", func(t *testing.T, w *world, c *County) { mustUp(t, c) }, true, ""},
		{"server dead", func(t *testing.T, w *world, c *County) { mustUp(t, c); w.running = "" }, false, "does not answer; `kreisraum up tuttlingen`"},
		{"gone at Hetzner", func(t *testing.T, w *world, c *County) { mustUp(t, c); w.running, w.exists = "", false }, false, "nothing exists at Hetzner"},
		{"machine deleted", func(t *testing.T, w *world, c *County) { mustUp(t, c); w.running = ""; w.serverID++ }, false, "makes it again"},
		{"made elsewhere", func(t *testing.T, w *world, c *County) { w.exists = true }, false, "does not know how to reach"},
		{"keys damaged", func(t *testing.T, w *world, c *County) { mustUp(t, c); damage(t, c.Home.File("ca.key")) }, false, "ca.key is not PEM"},
		{"certificate lost", func(t *testing.T, w *world, c *County) { mustUp(t, c); w.certState = opsapi.CertificateFailed }, true, "no valid certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			c := testCounty(t, w)
			tt.prepare(t, w, c)
			got, err := c.Status(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if got.Up != tt.up || !strings.Contains(got.Problem, tt.problem) || (got.Problem == "") != (tt.problem == "") {
				t.Errorf("got up %t, problem %q; want %t, %q", got.Up, got.Problem, tt.up, tt.problem)
			}
		})
	}
}

// The cloud's plan and the machines' names know each other by this number alone.
func TestAsManyBridgesHaveNamesAsMachines(t *testing.T) {
	if infra.MaxBridges != identity.MaxBridges {
		t.Errorf("%d machines, %d names", infra.MaxBridges, identity.MaxBridges)
	}
}
