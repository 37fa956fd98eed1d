package night

import (
	"testing"
	"time"

	"github.com/robfig/cron/v3"
	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func utc(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// Europe/Berlin: on 28 March 2027 the clocks go from 02:00 to 03:00 (01:00 UTC), on 31 October 2027 from 03:00 back to 02:00.
func TestOncePerCalendarDayOnBothClockChanges(t *testing.T) {
	tests := []struct {
		name, zone string
		at         Clock
		from       string
		want       []string // UTC
	}{
		{"02:30, clocks forward: the hour is left out", "Europe/Berlin", Clock{2, 30}, "2027-03-26 12:00",
			[]string{"2027-03-27 01:30", "2027-03-28 01:00", "2027-03-29 00:30"}},
		{"02:30, clocks back: it comes twice", "Europe/Berlin", Clock{2, 30}, "2027-10-29 12:00",
			[]string{"2027-10-30 00:30", "2027-10-31 00:30", "2027-11-01 01:30"}},
		{"03:30, clocks forward", "Europe/Berlin", Clock{3, 30}, "2027-03-26 12:00",
			[]string{"2027-03-27 02:30", "2027-03-28 01:30", "2027-03-29 01:30"}},
		{"03:30, clocks back", "Europe/Berlin", Clock{3, 30}, "2027-10-29 12:00",
			[]string{"2027-10-30 01:30", "2027-10-31 02:30", "2027-11-01 02:30"}},
		{"02:00, clocks forward: 03:00 is the first instant", "Europe/Berlin", Clock{2, 0}, "2027-03-27 12:00", []string{"2027-03-28 01:00"}},
		{"03:00, clocks forward", "Europe/Berlin", Clock{3, 0}, "2027-03-27 12:00", []string{"2027-03-28 01:00", "2027-03-29 01:00"}},
		{"midnight is left out", "Africa/Cairo", Clock{0, 0}, "2027-04-28 22:00", []string{"2027-04-29 22:00", "2027-04-30 21:00"}},
		{"from the very instant", "Europe/Berlin", Clock{3, 30}, "2027-01-10 02:30", []string{"2027-01-11 02:30"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Daily{tt.at, zone(t, tt.zone)}
			now := utc(t, tt.from)
			for _, want := range tt.want {
				now = d.Next(now)
				if !now.Equal(utc(t, want)) {
					t.Fatalf("got %s (%s), want %s UTC", now.UTC(), now, want)
				}
			}
		})
	}
}

// The schedule exists because of this.
func TestPlainCronSkipsOneNightAndComesTwiceInAnother(t *testing.T) {
	plain, err := cron.ParseStandard("CRON_TZ=Europe/Berlin 30 2 * * *")
	if err != nil {
		t.Fatal(err)
	}
	if got := plain.Next(utc(t, "2027-03-27 12:00")); !got.After(utc(t, "2027-03-28 12:00")) {
		t.Errorf("plain cron came at %s; the own schedule is not needed any more", got.UTC())
	}
}

func TestEveryDayHasExactlyOneNight(t *testing.T) {
	zones := []string{"Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		z, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		d := Daily{Clock{rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute")}, z}
		from := time.Unix(rapid.Int64Range(0, 2_000_000_000).Draw(t, "from"), 0)
		at := d.Next(from)
		next := d.Next(at)
		if !at.After(from) || !next.After(at) {
			t.Fatalf("%s, %s, %s are not in order", from, at, next)
		}
		year, month, day := at.In(z).Date()
		if want := time.Date(year, month, day+1, 12, 0, 0, 0, z); next.In(z).Format(time.DateOnly) != want.Format(time.DateOnly) {
			t.Fatalf("%s is followed by %s", at.In(z), next.In(z))
		}
		hour, minute, _ := at.In(z).Clock()
		if shown := (Clock{hour, minute}); shown.sinceMidnight() < d.At.sinceMidnight() {
			t.Fatalf("%s is before %v", at.In(z), d.At)
		}
		if before := at.Add(-time.Second).In(z); before.Day() == day {
			hour, minute, _ = before.Clock()
			if (Clock{hour, minute}).sinceMidnight() >= d.At.sinceMidnight() {
				t.Fatalf("%s was already at or after %v", before, d.At)
			}
		}
	})
}

func TestLatestMayPassMidnight(t *testing.T) {
	s := Schedule{At: Clock{23, 30}, Latest: Clock{0, 30}, Zone: zone(t, "Europe/Berlin")}
	n := s.After(utc(t, "2026-11-22 12:00"))
	if !n.At.Equal(utc(t, "2026-11-22 22:30")) || !n.Latest.Equal(utc(t, "2026-11-22 23:30")) || n.Day != "2026-11-22" {
		t.Errorf("got %+v", n)
	}
	if !n.Notice.Equal(utc(t, "2026-11-22 22:25")) {
		t.Errorf("notice at %s", n.Notice)
	}
}
