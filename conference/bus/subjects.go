package bus

import (
	"strings"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
)

const (
	leaseSubject     = "$KV." + leases + "."
	recordSubject    = "$KV." + records + "."
	placementSubject = "$KV." + placements + "."

	callSubject = "kreisraum.call"
)

// orderSubject is where a bridge listens.
func orderSubject(machine string) string { return "kreisraum.bridge." + machine + ".order" }

// inbox is the prefix of the subjects on which a machine gets its answers; no other may listen there.
func inbox(machine string) string { return "_INBOX." + machine }

// isRoomKey reports whether s has the shape of cluster.RoomKey.
func isRoomKey(s string) bool {
	if len(s) != 32 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// recordKey takes the key of a record apart.
func recordKey(key string) (machine string, room cluster.RoomKey, ok bool) {
	machine, rest, ok := strings.Cut(key, ".")
	return machine, cluster.RoomKey(rest), ok && identity.IsMachine(machine) && isRoomKey(rest)
}
