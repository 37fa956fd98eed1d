package directory

import (
	"encoding/json"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// maxCarried bounds a record on its way in an admission, as JSON in bytes: signed it has to fit into token.MaxLength with the rest.
// What a room remembers at the most is more (512 removals, 140 seats).
const maxCarried = 10 << 10

// carried returns the record as it goes along with an admission. Of one that is too large the least important seats are left behind, whose
// people are asked for the code again, then the oldest removals, and if that does not help all accounts: they come back with their login.
func carried(r cluster.Record) *cluster.Record {
	for size(r) > maxCarried && len(r.Seats) > 0 {
		r.Seats = r.Seats[(len(r.Seats)+7)/8:]
	}
	for size(r) > maxCarried && len(r.Removed) > 0 {
		r.Removed = r.Removed[(len(r.Removed)+7)/8:]
	}
	if size(r) > maxCarried {
		r.Organisers = nil
	}
	return &r
}

func size(r cluster.Record) int {
	b, err := json.Marshal(r)
	if err != nil {
		panic("directory: a record has no JSON form")
	}
	return len(b)
}
