package autoscale

import (
	"testing"
	"time"
)

func TestEaster(t *testing.T) {
	// Physikalisch-Technische Bundesanstalt, Osterdaten.
	for _, want := range []string{"2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2028-04-16", "2029-04-01", "2038-04-25"} {
		day, err := time.Parse(time.DateOnly, want)
		if err != nil {
			t.Fatal(err)
		}
		if got := easterSunday(day.Year()).Format(time.DateOnly); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestHolidaysAreInOrder(t *testing.T) {
	before := ""
	for _, s := range bwHolidays {
		for _, date := range []string{s.first, s.last} {
			if _, err := time.Parse(time.DateOnly, date); err != nil {
				t.Error(err)
			}
		}
		if s.first <= before || s.last < s.first {
			t.Errorf("%v is not after %s", s, before)
		}
		before = s.last
	}
}

func TestNoSchool(t *testing.T) {
	for date, want := range map[string]bool{
		"2026-11-23": false,
		"2026-10-30": true, "2026-10-23": false, "2026-11-02": false, // autumn
		"2026-12-22": false, "2026-12-23": true, "2027-01-08": true, "2027-01-11": false, // Christmas
		"2027-03-25": true, "2027-03-26": true, "2027-03-29": true, "2027-04-02": true, "2027-04-05": false, // Gründonnerstag, Karfreitag, Ostermontag
		"2027-05-06": true, "2027-05-07": false, // Christi Himmelfahrt, and a movable holiday that is not data
		"2027-05-17": true, "2027-05-18": true, "2027-05-31": false, // Pfingsten
		"2027-07-28": false, "2027-07-29": true, "2027-09-10": true, "2027-09-13": false, // summer
		"2027-11-01": true, "2028-04-13": true, "2028-06-15": true, "2028-10-31": true, "2029-03-26": true, "2029-05-31": true,
		"2029-09-08": true, "2029-09-10": false,
		"2031-12-25": true, "2031-06-12": true, // Fronleichnam, long after the last school holiday that is known
	} {
		day, err := time.ParseInLocation(time.DateOnly, date, berlin)
		if err != nil {
			t.Fatal(err)
		}
		if got := noSchool(day.Add(8 * time.Hour)); got != want {
			t.Errorf("%s: %v, want %v", date, got, want)
		}
	}
}

func TestEveryYearHasItsSchoolDays(t *testing.T) {
	c := newClock(Policy{TimeZone: "Europe/Berlin", Timetable: schoolTimetable})
	for _, year := range []int{2026, 2027, 2028} {
		n := 0
		for day := time.Date(year, 9, 14, 12, 0, 0, 0, berlin); day.Before(time.Date(year+1, 9, 10, 12, 0, 0, 0, berlin)); day = day.AddDate(0, 0, 1) {
			n += truth(c.schoolDay(day))
		}
		// 75 days of holidays, a few of them movable, and the public ones leave a little less than 190.
		if n < 180 || n > 195 {
			t.Errorf("%d/%d has %d school days", year, year+1, n)
		}
	}
}

// TestBellsWhenTheClocksChange: a bell is local time on both sides of the change.
func TestBellsWhenTheClocksChange(t *testing.T) {
	p := Policy{TimeZone: "Europe/Berlin", Timetable: Timetable{Bells: []int{7*60 + 50}, Days: []time.Weekday{time.Saturday, time.Sunday, time.Monday}}}
	from := time.Date(2027, 3, 27, 0, 0, 0, 0, berlin) // the night to the 28th is short
	bells := newClock(p).bells(from, from.AddDate(0, 0, 3))
	if len(bells) != 3 {
		t.Fatalf("got %v, want three", bells)
	}
	for _, b := range bells {
		if b.In(berlin).Format("15:04") != "07:50" {
			t.Errorf("a bell at %v", b.In(berlin))
		}
	}
	if bells[1].Sub(bells[0]) != 23*time.Hour {
		t.Errorf("%v between Saturday's and Sunday's bell, want 23 h", bells[1].Sub(bells[0]))
	}
}
