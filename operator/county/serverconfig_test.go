package county

import (
	"reflect"
	"testing"
	"time"

	server "github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
)

// loaded is a machine's server.yaml as the server reads it.
func loaded(t *testing.T, c config.Config, m, front infra.Machine) server.Config {
	t.Helper()
	text, err := serverConfig(c, m, front, endpoints.Endpoints{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := server.Load(text)
	if err != nil {
		t.Fatalf("refused: %v\n%s", err, text)
	}
	return got
}

// TestRulesReachEveryMachineAndTheImprintThePortal: another word in the imprint must not be another deployment of bridges.
func TestRulesReachEveryMachineAndTheImprintThePortal(t *testing.T) {
	c, err := config.Find(t.TempDir(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	c.DataProtection.OfficerAddress = []string{"Musterweg 2"}
	c.Rooms.Lobby, c.Rooms.Cameras, c.Rooms.OrganiserGrace = true, "organisers", 5*time.Minute
	front := infra.Machine{Role: infra.RolePortal, IPv4: "192.0.2.10", PrivateIP: "10.64.0.10"}
	bridge := infra.Machine{Role: infra.RoleBridge, Number: 3, IPv4: "192.0.2.13", PrivateIP: "10.64.0.13"}
	portal, other := loaded(t, c, front, front), loaded(t, c, bridge, front)
	for _, got := range []server.Config{portal, other} {
		if got.Rooms != server.Rooms(c.Rooms) {
			t.Errorf("%s has the rules %+v, want %+v", got.Role, got.Rooms, c.Rooms)
		}
	}
	if !reflect.DeepEqual(portal.Imprint, server.Imprint(c.Imprint)) || !reflect.DeepEqual(portal.DataProtection, server.DataProtection(c.DataProtection)) ||
		portal.Support != server.Support(c.Support) || portal.Accessibility != server.Accessibility(c.Accessibility) || portal.Imprint.Office == "" {
		t.Errorf("the portal has %+v, %+v, %+v, %+v", portal.Imprint, portal.DataProtection, portal.Support, portal.Accessibility)
	}
	before := other
	c.Imprint.Office, c.DataProtection.Authority, c.Support.Hours, c.Accessibility.Arbitration = "x", "x", "x", "x"
	if after := loaded(t, c, bridge, front); !reflect.DeepEqual(after, before) {
		t.Error("a bridge has another configuration because of the imprint")
	}
}
