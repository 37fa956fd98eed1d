package machine

import (
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/templates"
)

// TestServerUnitIsUnderstood: nothing of the unit that is deployed is passed over here without being known to do no harm.
func TestServerUnitIsUnderstood(t *testing.T) {
	text, err := templates.ServerUnit(templates.Unit{
		User: "kreisraum", Binary: "/opt/kreisraum/current/kreisraum-conference", ConfigFile: "/opt/kreisraum/current/server.yaml",
		EnvironmentFile: "/opt/kreisraum/current/deployment.env", StateDirectory: "kreisraum", LogsDirectory: "kreisraum", RuntimeDirectory: "kreisraum",
	})
	if err != nil {
		t.Fatal(err)
	}
	u, err := parseUnitFile("kreisraum-conference.service", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(u.warnings) > 0 || u.watchdog != time.Minute {
		t.Errorf("watchdog %s, warnings %q", u.watchdog, u.warnings)
	}
}
