package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	server "github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

// Policy is what the file says to the autoscaler. Call it on a validated configuration only.
func (c Config) Policy() autoscale.Policy {
	budget, _ := cents(c.Bridges.BudgetPerDay)
	return autoscale.Policy{
		Min: c.Bridges.Min, Max: c.Bridges.Max,
		Headroom: c.Bridges.Headroom, Target: autoscale.DefaultTarget,
		BudgetPerDay: budget,
		Patience:     c.Bridges.ShrinkAfter, PaidPeriod: c.Bridges.BillingPeriod,
		Timetable: c.Timetable.policy(),
		TimeZone:  c.Restart.TimeZone,
	}
}

func (t Timetable) policy() autoscale.Timetable {
	out := autoscale.Timetable{Lead: t.Lead}
	for _, text := range t.Bells {
		bell, _ := minutes(text)
		out.Bells = append(out.Bells, bell)
	}
	slices.Sort(out.Bells)
	for _, name := range t.Days {
		out.Days = append(out.Days, weekdays[name])
	}
	if t.Holidays != "none" {
		out.Holidays = t.Holidays
	}
	return out
}

var weekdays = map[string]time.Weekday{
	"mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday, "thu": time.Thursday, "fri": time.Friday,
	"sat": time.Saturday, "sun": time.Sunday,
}

// Times are At and Latest in minutes after midnight, Latest as the server has it if the file does not say.
func (r Restart) Times() (at, latest int, err error) {
	full := server.Restart{At: r.At, Latest: r.Latest}.WithDefaults()
	at, errAt := minutes(full.At)
	latest, errLatest := minutes(full.Latest)
	return at, latest, errors.Join(errAt, errLatest)
}

// minutes reads "HH:MM" as minutes after midnight.
func minutes(text string) (int, error) {
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err
}

// maxBudget bounds the budget of a day: more than a hundred bridges of the largest type cost.
const maxBudget = 99_999

var amount = regexp.MustCompile(`^([0-9]{1,5})(?:\.([0-9]{2}))?$`)

// cents reads an amount such as "12" or "12.00"; "" is 0.
func cents(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	m := amount.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no amount", text)
	}
	// Both are digits only, five and two at most.
	whole, _ := strconv.Atoi(m[1])
	part, _ := strconv.Atoi("0" + m[2])
	return whole*100 + part, nil
}
