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
	seats := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf("%016x:p%dh%de-0+-0x", i, i, i))
		}
		return list
	}
	sign := func(r *cluster.Record) {
		a := cluster.Admission{Room: strings.Repeat("a", 64), DisplayRoom: strings.Repeat("A", 64), Source: strings.Repeat("0", 16),
			Account: strings.Repeat("a", 64), AccountName: strings.Repeat("a", 64), Organiser: true,
			Owner: strings.Repeat("a", 64), Title: strings.Repeat("<", 80), FirstCode: "482713", Host: strings.Repeat("h", 260), Restore: r}
		if _, err := token.Verify[cluster.Admission](make(token.Key, token.KeySize), token.PurposeAdmission, a.Sign(make(token.Key, token.KeySize), time.Now()), time.Now()); err != nil {
			t.Error(err)
		}
	}
	full := cluster.Record{Boot: strings.Repeat("b", 26), Epoch: strings.Repeat("e", 32), CodeHash: strings.Repeat("c", 32), Locked: true, Owner: strings.Repeat("a", 64), Organisers: organisers(10),
		Settings: &cluster.Settings{Locked: true, CamerasTo: "organisers"}, Emergency: true, Removed: removed(256)}
	got := carried(full)
	if !slices.Equal(got.Removed, full.Removed) || len(got.Organisers) != 10 {
		t.Errorf("%d removals and %d organisers of a full room go along", len(got.Removed), len(got.Organisers))
	}
	sign(got)
	usual := full
	usual.Removed, usual.Seats = removed(20), seats(140)
	if got = carried(usual); len(got.Seats) != 140 || len(got.Removed) != 20 {
		t.Errorf("%d seats and %d removals of a usual room go along", len(got.Seats), len(got.Removed))
	}
	sign(got)
	usual.Removed = full.Removed
	got = carried(usual)
	if n := len(got.Seats); len(got.Removed) != 256 || n == 140 || n > 0 && got.Seats[n-1] != usual.Seats[139] {
		t.Errorf("%d seats, not the most important ones, and %d removals go along", n, len(got.Removed))
	}
	sign(got)
	huge := full
	huge.Organisers, huge.Removed, huge.Seats = organisers(2000), removed(5000), seats(5000)
	got = carried(huge)
	if got.CodeHash != full.CodeHash || !got.Locked || got.Epoch != full.Epoch || got.Owner != full.Owner || got.Settings == nil || !got.Emergency || len(huge.Removed) != 5000 {
		t.Error("more is left behind than seats, removals and organisers")
	}
	sign(got)
	huge.Organisers = nil
	if got = carried(huge); len(got.Removed) < 200 || got.Removed[len(got.Removed)-1] != huge.Removed[4999] {
		t.Errorf("%d removals go along, not the latest", len(got.Removed))
	}
	sign(got)
}
