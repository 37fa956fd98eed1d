package myrooms

import (
	"regexp"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/night"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// TestCodesOfADay: from one nightly restart to the next the code is the same, and then another one.
func TestCodesOfADay(t *testing.T) {
	zone := berlin(t)
	c := Codes{Key: token.NewKey(), DayEnds: night.Daily{At: night.Clock{Hour: 3, Minute: 30}, Zone: zone}.Next}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, zone) }
	r := Room{ID: "a"}
	today := c.Of(r, at(23, 3, 30))
	if !regexp.MustCompile(`^\d{6}$`).MatchString(today) {
		t.Errorf("%q is not six digits", today)
	}
	for name, now := range map[string]time.Time{"morning": at(23, 7, 50), "midnight": at(24, 0, 0), "before the restart": at(24, 3, 29)} {
		if c.Of(r, now) != today {
			t.Errorf("%s: another code", name)
		}
	}
	if c.Of(r, at(24, 3, 30)) == today || c.Of(r, at(23, 3, 29)) == today {
		t.Error("the day before or after has the same code")
	}
	stays := Room{ID: "a", CodeStays: true}
	if c.Of(stays, at(23, 8, 0)) != c.Of(stays, at(29, 8, 0)) {
		t.Error("the code does not stay")
	}
}

// TestDaysOnWhichTheClocksChange: each has one code, although an hour is left out or comes twice.
func TestDaysOnWhichTheClocksChange(t *testing.T) {
	zone := berlin(t)
	c := Codes{Key: token.NewKey(), DayEnds: night.Daily{At: night.Clock{Hour: 2, Minute: 30}, Zone: zone}.Next}
	for _, noon := range []time.Time{time.Date(2026, 3, 29, 12, 0, 0, 0, zone), time.Date(2026, 10, 25, 12, 0, 0, 0, zone)} {
		seen := map[string]bool{}
		for now := noon.Add(-24 * time.Hour); now.Before(noon); now = now.Add(time.Minute) {
			seen[c.Of(Room{ID: "a"}, now)] = true
		}
		if len(seen) != 2 {
			t.Errorf("%d codes from noon to noon, want 2", len(seen))
		}
	}
}

func TestCodesDependOnEverything(t *testing.T) {
	ends := func(now time.Time) time.Time { return now.Truncate(24 * time.Hour) }
	c := Codes{Key: token.NewKey(), DayEnds: ends}
	first := c.Of(Room{ID: "a"}, morning)
	same := 0
	for i, other := range []string{
		c.Of(Room{ID: "b"}, morning), c.Of(Room{ID: "a", Counter: 1}, morning), c.Of(Room{ID: "a", CodeStays: true}, morning),
		Codes{Key: token.NewKey(), DayEnds: ends}.Of(Room{ID: "a"}, morning),
	} {
		if other == first {
			t.Logf("%d has the same code", i)
			same++
		}
	}
	if same > 1 { // one may be by chance, 1 in 250,000
		t.Errorf("%d of 4 others have the same code", same)
	}
}
