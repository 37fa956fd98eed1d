package county

import (
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// TestBegunHoursAreBilled, up to the price of a month, and only those of this month.
func TestBegunHoursAreBilled(t *testing.T) {
	since := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	hourly := hetzner.Price{Hour: 312, Month: 194900}
	monthly := hetzner.Price{Month: 72000}
	for _, c := range []struct {
		name    string
		price   hetzner.Price
		created time.Time
		now     time.Time
		want    hetzner.Amount
	}{
		{"an hour that has begun", hourly, since.Add(90 * time.Minute), since.Add(91 * time.Minute), 312},
		{"an hour and a bit", hourly, since, since.Add(61 * time.Minute), 624},
		{"of last month only what is of this one", hourly, since.Add(-1000 * time.Hour), since.Add(2 * time.Hour), 624},
		{"at most a month", hourly, since, since.Add(29 * 24 * time.Hour), 194900},
		{"not yet made", hourly, since.Add(time.Hour), since, 0},
		{"billed by the month, half of it", monthly, since, since.Add(15 * 24 * time.Hour), 36000},
	} {
		if got := soFar(c.price, c.created, since, c.now); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
