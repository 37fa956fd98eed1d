package serve

import (
	"slices"
	"time"
)

const (
	// soldOutTime is how long a sold-out kind is not tried again.
	soldOutTime = 15 * time.Minute
	// priceTime is how long a price is believed; Hetzner changes them a few times a year.
	priceTime = 24 * time.Hour
	// priceAgain is when a price that could not be had is asked for again.
	priceAgain = 10 * time.Minute
)

type soldOut struct {
	Kind  Kind      `json:"kind"`
	Until time.Time `json:"until"`
}

type price struct {
	Kind  Kind      `json:"kind"`
	Cents int       `json:"cents"`
	Asked time.Time `json:"asked"`
}

// available are the kinds that are not known to be sold out.
func (m *memory) available(all []Kind, now time.Time) []Kind {
	return slices.DeleteFunc(slices.Clone(all), func(k Kind) bool {
		return slices.ContainsFunc(m.SoldOut, func(s soldOut) bool { return s.Kind == k && now.Before(s.Until) })
	})
}

// soldOutUntil is when the first of the kinds may be tried again if all are sold out; zero otherwise.
func (m *memory) soldOutUntil(all []Kind, now time.Time) (until time.Time) {
	if len(all) == 0 || len(m.available(all, now)) > 0 {
		return time.Time{}
	}
	for _, s := range m.SoldOut {
		if slices.Contains(all, s.Kind) && (until.IsZero() || s.Until.Before(until)) {
			until = s.Until
		}
	}
	return until
}

func (m *memory) markSoldOut(k Kind, now time.Time) {
	m.SoldOut = slices.DeleteFunc(m.SoldOut, func(s soldOut) bool { return s.Kind == k })
	m.SoldOut = append(m.SoldOut, soldOut{k, now.Add(soldOutTime)})
}

// priceOf returns the price of a kind, and whether it is recent. 0: unknown.
func (m *memory) priceOf(k Kind, now time.Time) (cents int, recent bool) {
	for _, p := range m.Prices {
		if p.Kind == k {
			return p.Cents, now.Sub(p.Asked) < priceTime
		}
	}
	return 0, false
}

func (m *memory) setPrice(k Kind, cents int, now time.Time) {
	m.Prices = slices.DeleteFunc(m.Prices, func(p price) bool { return p.Kind == k })
	m.Prices = append(m.Prices, price{k, cents, now})
}
