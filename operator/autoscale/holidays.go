package autoscale

import "time"

// span is a school holiday in Baden-Württemberg, both days included.
type span struct{ first, last string }

// bwHolidays are the school holidays of Baden-Württemberg, school years 2026/27 to 2028/29, as the Kultusministerium has published them (KMK,
// Ferienregelung; km.baden-wuerttemberg.de, Ferien und Feiertage), with the days that the ministry declares free for all schools:
// Reformationstag (31 October) and Gründonnerstag. The movable holidays are each school's own and not in here: on those days bridges wait
// for lessons that do not come, which costs some cents.
//
// After the last day only public holidays are known. Add the next school years when they are published.
var bwHolidays = []span{
	{"2026-10-26", "2026-10-31"}, {"2026-12-23", "2027-01-09"}, {"2027-03-25", "2027-03-25"}, {"2027-03-30", "2027-04-03"},
	{"2027-05-18", "2027-05-29"}, {"2027-07-29", "2027-09-11"},
	{"2027-10-31", "2027-10-31"}, {"2027-11-02", "2027-11-06"}, {"2027-12-23", "2028-01-08"}, {"2028-04-13", "2028-04-13"},
	{"2028-04-18", "2028-04-22"}, {"2028-06-06", "2028-06-17"}, {"2028-07-27", "2028-09-09"},
	{"2028-10-30", "2028-11-03"}, {"2028-12-23", "2029-01-05"}, {"2029-03-26", "2029-04-07"}, {"2029-05-22", "2029-06-01"},
	{"2029-07-26", "2029-09-08"},
}

// noSchool reports whether day, in its own location, is a school or public holiday in Baden-Württemberg.
func noSchool(day time.Time) bool {
	date := day.Format(time.DateOnly)
	for _, s := range bwHolidays {
		if s.first <= date && date <= s.last {
			return true
		}
	}
	return publicHoliday(day)
}

// fixedHolidays of Baden-Württemberg: § 1 Feiertagsgesetz (FTG).
var fixedHolidays = []string{"01-01", "01-06", "05-01", "10-03", "11-01", "12-25", "12-26"}

// movingHolidays in days after Easter Sunday: Karfreitag, Ostermontag, Christi Himmelfahrt, Pfingstmontag, Fronleichnam. § 1 FTG.
var movingHolidays = []int{-2, 1, 39, 50, 60}

func publicHoliday(day time.Time) bool {
	monthAndDay := day.Format("01-02")
	for _, fixed := range fixedHolidays {
		if monthAndDay == fixed {
			return true
		}
	}
	easter := easterSunday(day.Year())
	for _, after := range movingHolidays {
		if easter.AddDate(0, 0, after).Format("01-02") == monthAndDay {
			return true
		}
	}
	return false
}

// easterSunday by the anonymous Gregorian algorithm: J. Meeus, Astronomical Algorithms, ch. 8.
func easterSunday(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}
