package serve

import "github.com/medienzentrenverbund/kreisraum/operator/autoscale"

// record is a decision with everything that it depended on, as package autoscale replays it.
type record struct {
	Input    autoscale.Input    `json:"input"`
	Decision autoscale.Decision `json:"decision"`
}

// Record is a decision with everything that it depended on.
type Record = record
