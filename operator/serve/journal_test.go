package serve

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

var monday = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func recordAt(at time.Time) autoscale.Record {
	in := autoscale.Input{Now: at, Policy: autoscale.Policy{Max: 3, TimeZone: "Europe/Berlin"}}
	return autoscale.Record{Input: in, Decision: autoscale.Decide(in)}
}

// writeAt writes one decision for each time.
func writeAt(t *testing.T, j journal, times ...time.Time) {
	t.Helper()
	var last time.Time
	for _, at := range times {
		if err := j.write(recordAt(at), last); err != nil {
			t.Fatal(err)
		}
		last = at
	}
}

func TestDecisionsAreReadAcrossDays(t *testing.T) {
	j := journal{t.TempDir()}
	var times []time.Time
	for day := range 20 {
		times = append(times, monday.AddDate(0, 0, day), monday.AddDate(0, 0, day).Add(time.Hour))
	}
	writeAt(t, j, times...)
	found, err := Decisions(j.dir, 5)
	if err != nil || len(found) != 5 {
		t.Fatalf("%d decisions, %v", len(found), err)
	}
	for i, r := range found {
		if want := times[len(times)-5+i]; !r.Decision.At.Equal(want) {
			t.Errorf("decision %d is of %v, want %v", i, r.Decision.At, want)
		}
	}
	all, err := Decisions(j.dir, 1000)
	if err != nil || len(all) < 28 || len(all) > 32 {
		t.Errorf("%d decisions are kept (%v), want those of a fortnight", len(all), err)
	}
}

// Without the memory beside it the journal goes on as it was.
func TestDecisionsOutliveTheMemory(t *testing.T) {
	j := journal{t.TempDir()}
	now := time.Now()
	for i := range 2 {
		if err := j.write(recordAt(now.Add(time.Duration(i)*time.Second)), time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := Decisions(j.dir, 5); err != nil || len(found) != 2 {
		t.Errorf("%d decisions, %v", len(found), err)
	}
}

func TestFullFilesArePutAside(t *testing.T) {
	j := journal{t.TempDir()}
	writeAt(t, j, monday)
	if err := os.Truncate(j.path(), journalSize); err != nil {
		t.Fatal(err)
	}
	if err := j.write(recordAt(monday.Add(time.Minute)), monday); err != nil {
		t.Fatal(err)
	}
	older, err := j.older()
	if info, statErr := os.Stat(j.path()); err != nil || statErr != nil || len(older) != 1 || info.Size() > 10_000 {
		t.Errorf("%v, %v, %v", older, err, statErr)
	}
}

// A kill in the middle of a write costs that line and no other.
func TestTornLines(t *testing.T) {
	j := journal{t.TempDir()}
	writeAt(t, j, monday, monday.Add(time.Minute))
	data, err := os.ReadFile(j.path())
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, 40, len(data) / 2} {
		if err := os.WriteFile(j.path(), data[:len(data)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := j.write(recordAt(monday.Add(2*time.Minute)), monday.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		found, err := Decisions(j.dir, 10)
		if err != nil || len(found) != 2 || !found[0].Decision.At.Equal(monday) || !found[1].Decision.At.Equal(monday.Add(2*time.Minute)) {
			t.Errorf("%d bytes cut: %d decisions, %v", cut, len(found), err)
		}
	}
}

func TestNoDecisionsYet(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "nowhere")} {
		if found, err := Decisions(dir, 10); len(found) != 0 || err != nil {
			t.Errorf("%v, %v", found, err)
		}
	}
}
