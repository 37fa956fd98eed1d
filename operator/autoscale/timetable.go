package autoscale

import (
	"slices"
	"sync"
	"time"
)

const (
	quarterMinutes = 15
	// lessonMinutes is how long a lesson is in minutes, everywhere in Baden-Württemberg.
	lessonMinutes = 45
	// dayLayout is that of Peak.Day.
	dayLayout = time.DateOnly
)

// clock is a county's timetable in its time zone.
type clock struct {
	Timetable
	zone *time.Location
}

// newClock takes UTC and no timetable for a time zone that this computer does not know; the county's file is checked for that.
func newClock(p Policy) clock {
	zone := timeZone(p.TimeZone)
	if zone == nil {
		return clock{zone: time.UTC}
	}
	return clock{p.Timetable, zone}
}

// zones are the time zones that were read before; there are some hundreds in all.
var zones sync.Map

// timeZone returns a time zone, or nil for one that this computer does not know.
func timeZone(name string) *time.Location {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" {
		return nil
	}
	zones.Store(name, zone)
	return zone
}

// schoolDay reports whether there are lessons on at's local date.
func (c clock) schoolDay(at time.Time) bool {
	local := at.In(c.zone)
	return slices.Contains(c.Days, local.Weekday()) && !(c.Holidays == "bw" && noSchool(local))
}

// bells are the instants between from and to, both included, at which lessons begin.
func (c clock) bells(from, to time.Time) []time.Time {
	var out []time.Time
	for day := from.In(c.zone); !startOf(day).After(to); day = startOf(day).AddDate(0, 0, 1) {
		if !c.schoolDay(day) {
			continue
		}
		for _, minute := range c.Bells {
			at := time.Date(day.Year(), day.Month(), day.Day(), 0, minute, 0, 0, c.zone)
			if !at.Before(from) && !at.After(to) {
				out = append(out, at)
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// nearBell reports whether a lesson has just begun, or begins soon enough to keep what the last ones needed.
func (c clock) nearBell(now time.Time) bool {
	return len(c.bells(now.Add(-afterBell), now.Add(keepAhead))) > 0
}

func startOf(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, day.Location())
}

// peak is the demand that the lesson after bell is expected to bring: the most that was seen in it on that weekday or on the latest school
// day. The weekday knows the timetable; yesterday knows that a lockdown has begun.
func (c clock) peak(bell time.Time, past []Peak) (demand float64, known bool) {
	local := bell.In(c.zone)
	today := local.Format(dayLayout)
	latest := ""
	for _, p := range past {
		if p.Day < today {
			latest = max(latest, p.Day)
		}
	}
	minute := local.Hour()*60 + local.Minute()
	for _, p := range past {
		at := p.Quarter * quarterMinutes
		if p.Day == today || at < minute || at >= minute+lessonMinutes || p.Weekday != local.Weekday() && p.Day != latest {
			continue
		}
		if p.Demand >= 0 { // not NaN
			demand, known = max(demand, p.Demand), true
		}
	}
	return demand, known
}

// inLesson reports whether a quarter of an hour begins in a lesson.
func (c clock) inLesson(quarter int) bool {
	return slices.ContainsFunc(c.Bells, func(bell int) bool {
		return quarter*quarterMinutes >= bell && quarter*quarterMinutes < bell+lessonMinutes
	})
}

// clockTime is how people read at.
func (c clock) clockTime(at time.Time) string { return at.In(c.zone).Format("15:04") }
