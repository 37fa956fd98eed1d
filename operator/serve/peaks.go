package serve

import (
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

// peaks remembers the largest demand of each quarter of an hour on the latest school day of each weekday.
type peaks struct {
	Past []autoscale.Peak `json:"past,omitempty"`
	// Day is the calendar day that Today belongs to, YYYY-MM-DD.
	Day   string           `json:"day,omitempty"`
	Today []autoscale.Peak `json:"today,omitempty"`
}

// observe takes the demand at a local time. When a new day begins, yesterday replaces what was known of its weekday if lessons were
// held; a day without any is a holiday, from which nothing is learnt.
func (p *peaks) observe(local time.Time, demand float64) {
	if day := local.Format(time.DateOnly); day != p.Day {
		p.turn()
		p.Day = day
	}
	if demand <= 0 {
		return
	}
	peak := autoscale.Peak{Weekday: local.Weekday(), Quarter: (local.Hour()*60 + local.Minute()) / 15, Demand: demand}
	for i, t := range p.Today {
		if t.Quarter == peak.Quarter {
			p.Today[i].Demand = max(t.Demand, demand)
			return
		}
	}
	p.Today = append(p.Today, peak)
}

// lesson is the demand from which on a day counts as one with lessons: a tenth of a bridge.
const lesson = 0.1

func (p *peaks) turn() {
	held := slices.ContainsFunc(p.Today, func(t autoscale.Peak) bool { return t.Demand >= lesson })
	if held {
		weekday := p.Today[0].Weekday
		p.Past = slices.DeleteFunc(p.Past, func(x autoscale.Peak) bool { return x.Weekday == weekday })
		p.Past = append(p.Past, p.Today...)
	}
	p.Today = nil
}
