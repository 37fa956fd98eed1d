package directory

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// TestTheLargestRecordFitsIntoAnAdmission: a token that is too long is a panic.
func TestTheLargestRecordFitsIntoAnAdmission(t *testing.T) {
	removed := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("d:%032d", i))
		}
		return list
	}
	organisers := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("%032d", i))
		}
		return list
	}
	sign := func(r *cluster.Record) {
		a := cluster.Admission{Room: strings.Repeat("a", 64), DisplayRoom: strings.Repeat("A", 64), Source: strings.Repeat("0", 16),
			Account: strings.Repeat("a", 64), AccountName: strings.Repeat("a", 64), Organiser: true, Restore: r}
		if _, err := token.Verify[cluster.Admission](make(token.Key, token.KeySize), token.PurposeAdmission, a.Sign(make(token.Key, token.KeySize), time.Now()), time.Now()); err != nil {
			t.Error(err)
		}
	}
	full := cluster.Record{Boot: strings.Repeat("b", 26), Epoch: strings.Repeat("e", 32), CodeHash: strings.Repeat("c", 32), Locked: true, Organisers: organisers(10), Removed: removed(256)}
	got := carried(full)
	if !slices.Equal(got.Removed, full.Removed) || len(got.Organisers) != 10 {
		t.Errorf("%d removals and %d organisers of a full room go along", len(got.Removed), len(got.Organisers))
	}
	sign(got)
	huge := full
	huge.Organisers, huge.Removed = organisers(2000), removed(5000)
	got = carried(huge)
	if got.CodeHash != full.CodeHash || !got.Locked || got.Epoch != full.Epoch || len(huge.Removed) != 5000 {
		t.Error("more is left behind than removals and organisers")
	}
	sign(got)
	huge.Organisers = nil
	if got = carried(huge); len(got.Removed) < 200 || got.Removed[len(got.Removed)-1] != huge.Removed[4999] {
		t.Errorf("%d removals go along, not the latest", len(got.Removed))
	}
	sign(got)
}
