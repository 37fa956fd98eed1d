package server

import (
	"context"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/config"
)

// look is how often the clock is looked at: a clock that is set, or a machine that slept, shifts the night by that much at most.
const look = time.Minute

// untilNight waits for the first nightly restart since the start. False: ctx ended first, or there is no nightly restart.
func (s *Server) untilNight(ctx context.Context) bool {
	night, ok := nextNight(s.cfg.Restart, s.started)
	if !ok {
		return false
	}
	for {
		left := night.Sub(s.opt.Now()) // by the wall clock, which is all that night has
		if left <= 0 {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(min(left, look)):
		}
	}
}

// nextNight is the first time after now at which the clock in the zone of r shows r.At. On the day that leaves it out, it is an
// hour off. False: there is no nightly restart.
func nextNight(r config.Restart, now time.Time) (time.Time, bool) {
	at, err := time.Parse("15:04", r.At)
	if err != nil {
		return time.Time{}, false
	}
	zone, err := time.LoadLocation(r.TimeZone)
	if err != nil {
		return time.Time{}, false
	}
	year, month, day := now.In(zone).Date()
	for {
		night := time.Date(year, month, day, at.Hour(), at.Minute(), 0, 0, zone)
		if night.After(now) {
			return night, true
		}
		day++
	}
}
