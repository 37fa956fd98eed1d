package serve

import (
	"fmt"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// proofPatience is how long after the latest time of a restart its proof may take to be there.
const proofPatience = 15 * time.Minute

// Nightly says when a county restarts.
type Nightly struct {
	// At and Latest are minutes after midnight, local time. Latest before At is on the next day.
	At, Latest int
	Zone       *time.Location
}

// lastDue returns the calendar day whose restart must be proven by now, and when it was due. DST: time.Date normalises a time that does
// not exist to one within an hour of it, which the patience of a quarter of an hour after Latest does not depend on: what is compared
// with a proof is its day.
func (n Nightly) lastDue(now time.Time) (day string, at time.Time) {
	local := now.In(n.Zone)
	for back := 0; ; back++ {
		at := time.Date(local.Year(), local.Month(), local.Day()-back, 0, n.At, 0, 0, n.Zone)
		latest := time.Date(local.Year(), local.Month(), local.Day()-back, 0, n.Latest, 0, 0, n.Zone)
		if n.Latest < n.At {
			latest = time.Date(local.Year(), local.Month(), local.Day()-back+1, 0, n.Latest, 0, 0, n.Zone)
		}
		if !now.Before(latest.Add(proofPatience)) {
			return time.Date(local.Year(), local.Month(), local.Day()-back, 12, 0, 0, 0, n.Zone).Format(time.DateOnly), at
		}
	}
}

// missingProof says what is wrong with the last night, "" if nothing is. since is when the county was first seen: nights before that
// owe no proof.
func missingProof(n Nightly, night opsapi.Night, since, now time.Time) string {
	day, at := n.lastDue(now)
	if since.IsZero() || !since.Before(at) {
		return ""
	}
	for _, p := range night.Proofs { // newest first
		if p.Day < day {
			break
		}
		if p.Reason == opsapi.ReasonCrash {
			continue
		}
		faults := p.Faults()
		if len(faults) == 0 {
			return ""
		}
		return fmt.Sprintf("the proof of %s is not good: %s", p.Day, faults[0])
	}
	return "there is no proof of the restart of " + day
}
