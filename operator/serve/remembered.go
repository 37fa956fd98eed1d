package serve

import (
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

// Remembered is what a status shows of a county's capacity: orders in force, the last decision and what is wrong.
type Remembered struct {
	Manual *autoscale.Manual `json:"manual,omitempty"`
	Frozen bool              `json:"frozen,omitempty"`
	// Desired and Why are of the last decision that was written down, At is when.
	Desired int       `json:"desired"`
	Why     string    `json:"why,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Alarms  []Alarm   `json:"alarms,omitempty"`
	// Surveyed is when a daemon last looked for what is wrong.
	Surveyed time.Time `json:"surveyed,omitzero"`
}

// Remember reads what is remembered of the county whose folder is dir. It changes nothing.
func Remember(dir string, now time.Time) (Remembered, error) {
	m, err := readMemory(dir)
	if err != nil {
		return Remembered{}, err
	}
	m.expire(now)
	return Remembered{
		Manual: m.Manual, Frozen: m.Frozen, Desired: m.Last.Desired, Why: m.Last.Why, At: m.Last.At, Alarms: m.Alarms, Surveyed: m.Surveyed,
	}, nil
}
