package cluster

import (
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// Lease is what a bridge says of itself every LeaseEvery. It is good for LeaseLife; a bridge whose lease has ended counts as dead.
type Lease struct {
	// Boot is drawn at each start of the process: a bridge that comes back is another one, without rooms.
	Boot string `json:"boot"`
	// Call is the last call of a portal that the bridge has answered with all its rooms' records.
	Call string `json:"call,omitempty"`
	// Closing: the bridge is about to restart and takes no new room.
	Closing bool   `json:"closing,omitempty"`
	Load    Load   `json:"load"`
	Version string `json:"version"`
	// Proof is what the bridge's last restart made it forget; nil before the first.
	Proof *opsapi.Proof `json:"proof,omitempty"`
}

// Times of leases.
const (
	LeaseEvery = 2 * time.Second
	// LeaseLife is one bucket-wide TTL: two leases may get lost.
	LeaseLife = 5 * time.Second
)

// Load is how busy a bridge is.
type Load struct {
	// Known is false while there is no measurement; then Stress means nothing, and least of all an idle bridge.
	Known bool `json:"known"`
	// Stress is the share of the bridge's capacity in use, 0 to 1 and above when it is overloaded: the largest of the four below.
	Stress     float64 `json:"stress"`
	CPU        float64 `json:"cpu"`
	Packets    float64 `json:"packets"`
	Egress     float64 `json:"egress"`
	Handshakes float64 `json:"handshakes"`
	// Person is the stress that one more participant is expected to bring, by the bridge's capacity; 0: unknown.
	Person float64 `json:"person,omitempty"`
	// Rooms that have begun, and who is inside in all.
	Rooms        int `json:"rooms"`
	Participants int `json:"participants"`
}
