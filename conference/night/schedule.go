package night

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"
)

// Clock is a local time of day.
type Clock struct{ Hour, Minute int }

// ParseClock reads "03:30".
func ParseClock(text string) (Clock, error) {
	t, err := time.Parse("15:04", text)
	if err != nil {
		return Clock{}, fmt.Errorf("%q is not a time of day such as 03:30", text)
	}
	return Clock{t.Hour(), t.Minute()}, nil
}

func (c Clock) sinceMidnight() time.Duration {
	return time.Duration(c.Hour)*time.Hour + time.Duration(c.Minute)*time.Minute
}

// Daily comes once per calendar day of its zone, at the first instant at or after its clock time: on the day that leaves the time out
// when the clocks go forward as on the day that has it twice. A plain cron expression comes not at all on the one and twice on the other.
type Daily struct {
	At   Clock
	Zone *time.Location
}

var _ cron.Schedule = Daily{}

// Next implements cron.Schedule: the first time that is later than t.
func (d Daily) Next(t time.Time) time.Time {
	year, month, day := t.In(d.Zone).Date()
	for ; ; day++ {
		if at := d.on(year, month, day); at.After(t) {
			return at
		}
	}
}

// on is the first instant of a calendar day whose local clock shows At or later. It walks through the day's offsets from UTC: mostly
// one, two when the clocks change.
func (d Daily) on(year int, month time.Month, day int) time.Time {
	for at := startOfDay(year, month, day, d.Zone); ; {
		hour, minute, second := at.Clock()
		shown := Clock{hour, minute}.sinceMidnight() + time.Duration(second)*time.Second
		wait := max(0, d.At.sinceMidnight()-shown)
		_, change := at.ZoneBounds()
		if change.IsZero() || at.Add(wait).Before(change) {
			return at.Add(wait)
		}
		at = change.In(d.Zone)
	}
}

// startOfDay is the first instant of a calendar day. In some zones midnight is left out on one day of the year.
func startOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	noon := time.Date(year, month, day, 12, 0, 0, 0, zone)
	at := noon
	for {
		start, _ := at.ZoneBounds()
		hour, minute, second := at.Clock()
		midnight := at.Add(-(Clock{hour, minute}.sinceMidnight() + time.Duration(second)*time.Second))
		if start.IsZero() || !midnight.Before(start) {
			return midnight
		}
		if before := start.Add(-time.Nanosecond).In(zone); before.Day() != noon.Day() {
			return start.In(zone)
		}
		at = start.Add(-time.Second).In(zone)
	}
}

// Schedule is when a county's nights are.
type Schedule struct {
	At, Latest Clock
	Zone       *time.Location
}

// Times are those of one night.
type Times struct {
	// Notice is when rooms in use are told, At when no room begins any more, Latest when those in use end.
	Notice, At, Latest time.Time
	// Day is the calendar day of At.
	Day string
}

// noticeBefore is how long before the restart those who still meet are told.
const noticeBefore = 5 * time.Minute

// After is the first night whose At is later than t.
func (s Schedule) After(t time.Time) Times {
	at := Daily{s.At, s.Zone}.Next(t)
	return Times{
		Notice: at.Add(-noticeBefore), At: at, Latest: Daily{s.Latest, s.Zone}.Next(at),
		Day: at.In(s.Zone).Format(time.DateOnly),
	}
}
