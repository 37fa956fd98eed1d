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
	// Fingerprint changes with the county's file; the daemon then opens the county anew.
	Fingerprint string
}
