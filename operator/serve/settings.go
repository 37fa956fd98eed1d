package serve

import (
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

// Settings are what the daemon needs of a county's file.
type Settings struct {
	// Dir is the county's folder in the operator's home.
	Dir     string
	Policy  autoscale.Policy
	Kinds   []Kind
	Nightly Nightly
	// Project is the same for counties that share a Hetzner project, and with it the budget of requests.
	Project string
	// Fingerprint changes with the county's file and its token; the daemon then opens the county anew.
	Fingerprint string
}
