package serve

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

func TestMemoryOutlivesTheDaemon(t *testing.T) {
	dir := t.TempDir()
	m := &memory{Manual: &autoscale.Manual{Bridges: 3, Until: monday}, Frozen: true, Lead: time.Minute, Seen: map[int]time.Time{3: monday}}
	m.markSoldOut(small, monday)
	m.setPrice(small, 4, monday)
	if err := m.save(dir); err != nil {
		t.Fatal(err)
	}
	got, err := openMemory(dir)
	if err != nil || got.Manual.Bridges != 3 || !got.Frozen || got.Lead != time.Minute || !got.Seen[3].Equal(monday) || len(got.SoldOut) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	info, err := os.Stat(filepath.Join(dir, memoryFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestDamagedMemoryIsSetAside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, memoryFile)
	if err := os.WriteFile(path, []byte(`{"frozen":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Remember(dir, monday); !errors.Is(err, errDamaged) {
		t.Errorf("a look says %v", err)
	}
	if m, err := openMemory(dir); err != nil || m.Frozen {
		t.Errorf("%+v, %v", m, err)
	}
	if readFile(t, path+".damaged") != `{"frozen":` {
		t.Error("the damaged file is gone")
	}
}

func TestOneProcessSeesToACounty(t *testing.T) {
	s := testSettings(t)
	m := testMind(t, newPlant(), s)
	if _, err := newMind("musterkreis", newPlant(), s, autoscale.Decide, m.log); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v", err)
	}
	m.close()
	testMind(t, newPlant(), s).close()
}

func TestKinds(t *testing.T) {
	all := []Kind{small, other, large, last}
	if !slices.Equal(all, []Kind{small, other, large, last}) {
		t.Fatalf("order %v", all)
	}
	m := &memory{}
	m.markSoldOut(small, monday)
	if got := m.available(all, monday); !slices.Equal(got, all[1:]) {
		t.Errorf("available %v", got)
	}
	if got := m.soldOutUntil(all, monday); !got.IsZero() {
		t.Errorf("sold out until %v although others can be had", got)
	}
	for i, k := range all[1:] {
		m.markSoldOut(k, monday.Add(time.Duration(i+1)*time.Minute))
	}
	if got := m.soldOutUntil(all, monday.Add(4*time.Minute)); !got.Equal(monday.Add(soldOutTime)) {
		t.Errorf("sold out until %v, want the first one's end", got)
	}
	m.expire(monday.Add(soldOutTime))
	if got := m.available(all, monday.Add(soldOutTime)); !slices.Equal(got, all[:1]) {
		t.Errorf("available afterwards %v", got)
	}
	if m.soldOutUntil(nil, monday) != (time.Time{}) {
		t.Error("a county without kinds is sold out")
	}
}

func TestSpent(t *testing.T) {
	zone := berlin(t)
	midnight := time.Date(2026, 11, 23, 0, 0, 0, 0, zone)
	at := func(d time.Duration) time.Time { return midnight.Add(d) }
	tests := []struct {
		name     string
		from, to time.Time
		now      time.Time
		hours    int
	}{
		{"just made", at(8 * time.Hour), time.Time{}, at(8 * time.Hour), 1},
		{"one hour to the second", at(8 * time.Hour), at(9 * time.Hour), at(12 * time.Hour), 1},
		{"a second more", at(8 * time.Hour), at(9*time.Hour + time.Second), at(12 * time.Hour), 2},
		{"runs", at(8 * time.Hour), time.Time{}, at(10*time.Hour + 30*time.Minute), 3},
		{"yesterday's hour counted yesterday", at(-20 * time.Minute), at(30 * time.Minute), at(time.Hour), 0},
		{"the hour that begins today", at(-20 * time.Minute), at(50 * time.Minute), at(time.Hour), 1},
		{"over midnight", at(-20 * time.Minute), time.Time{}, at(2 * time.Hour), 2},
		{"ended yesterday", at(-3 * time.Hour), at(-time.Hour), at(time.Hour), 0},
		{"runs for days", at(-72 * time.Hour), time.Time{}, at(12 * time.Hour), 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &memory{Bills: []bill{{Number: 1, Kind: small, From: tt.from, To: tt.to}}}
			m.setPrice(small, 5, tt.now)
			if got := m.spent(tt.now, zone); got != 5*tt.hours {
				t.Errorf("%d cents, want %d", got, 5*tt.hours)
			}
		})
	}
}

func TestBillsFollowTheBridges(t *testing.T) {
	m := &memory{}
	first := Bridge{Number: 1, Kind: small, Created: monday}
	m.bill([]Bridge{first, {Number: 2, Kind: small}}, monday)
	if len(m.Bills) != 1 {
		t.Fatalf("bills %+v, want none for what was not made", m.Bills)
	}
	again := Bridge{Number: 1, Kind: large, Created: monday.Add(2 * time.Hour)}
	m.bill([]Bridge{again}, monday.Add(2*time.Hour))
	if len(m.Bills) != 2 || !m.Bills[0].To.Equal(monday.Add(2*time.Hour)) || m.Bills[1].Kind != large {
		t.Errorf("bills %+v, want the first ended and another begun", m.Bills)
	}
	m.bill(nil, monday.Add(3*time.Hour))
	m.bill(nil, monday.Add(60*time.Hour))
	if len(m.Bills) != 0 {
		t.Errorf("old bills stay: %+v", m.Bills)
	}
}
