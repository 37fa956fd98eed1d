package bus

import (
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
)

// TestWordsOfANewerReleaseAreUnderstood: in the middle of an upgrade some machines run the next release. What it says beyond what is known
// here is passed over, and nothing else is lost.
func TestWordsOfANewerReleaseAreUnderstood(t *testing.T) {
	const more = `"of_the_next_release":{"a":[1,2]},"and_this":"x",`
	lease, err := decodeLease([]byte(`{` + more + `"boot":"b","call":"c","load":{` + more + `"known":true,"stress":0.5,"rooms":3},"version":"2.0.0","proof":{` + more + `"machine":"bridge-1","checks":[{` + more + `"name":"no swap","ok":true}]}}`))
	if err != nil || lease.Boot != "b" || lease.Call != "c" || lease.Load.Rooms != 3 || lease.Proof == nil || !lease.Proof.Checks[0].OK {
		t.Errorf("lease %+v, %v", lease, err)
	}
	record, err := decodeRecord([]byte(`{` + more + `"boot":"b","epoch":"e","locked":true,"participants":4}`))
	if err != nil || record.Epoch != "e" || !record.Locked || record.Participants != 4 {
		t.Errorf("record %+v, %v", record, err)
	}
	placement, err := decodePlacement([]byte(`{` + more + `"machine":"bridge-1","boot":"b","opened":true}`))
	if err != nil || placement.Machine != "bridge-1" || !placement.Opened {
		t.Errorf("placement %+v, %v", placement, err)
	}
	order, err := decodeOrder([]byte(`{` + more + `"restart":{` + more + `"reason":"night","latest":"2026-11-22T04:30:00Z","at":"2026-11-22T03:30:00Z"}}`))
	if err != nil || order.Restart == nil || order.Restart.Reason != "night" {
		t.Errorf("order %+v, %v", order, err)
	}
	if order, err := decodeOrder([]byte(`{"of_the_next_release":1}`)); err != nil || order.Restart != nil || order.Evict != cluster.RoomKey("") {
		t.Errorf("an order that only the next release knows: %+v, %v", order, err)
	}
}
