package county

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/operator/config"
)

const (
	// soldOutFor and as much again at most is how long a sold-out kind of machine is not tried first. It cleared after twenty minutes where
	// somebody watched (reported by users, 2026); the jitter keeps counties from coming back together.
	soldOutFor = 10 * time.Minute
	// withdrawnFor is the same for a type that a location no longer offers.
	withdrawnFor = 7 * 24 * time.Hour
)

// soldOut is a kind of machine that Hetzner did not have, and until when it is not tried first.
type soldOut struct {
	Kind  config.Kind `json:"kind"`
	Until time.Time   `json:"until"`
}

// markSoldOut remembers that a kind could not be had.
func (l *local) markSoldOut(k config.Kind, withdrawn bool, now time.Time) error {
	until := now.Add(soldOutFor + rand.N(soldOutFor))
	if withdrawn {
		until = now.Add(withdrawnFor)
	}
	return l.change(func(l *local) {
		l.SoldOut = slices.DeleteFunc(l.SoldOut, func(s soldOut) bool { return s.Kind == k || !now.Before(s.Until) })
		l.SoldOut = append(l.SoldOut, soldOut{k, until})
	})
}

// promising puts the kinds that are remembered as sold out behind the others: they are tried all the same before anything is given up.
func (l *local) promising(all []config.Kind, now time.Time) []config.Kind {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := func(k config.Kind) bool {
		return slices.ContainsFunc(l.SoldOut, func(s soldOut) bool { return s.Kind == k && now.Before(s.Until) })
	}
	return first(all, func(k config.Kind) bool { return !out(k) })
}

// first are all kinds in their order, those that are good before the others.
func first(all []config.Kind, good func(config.Kind) bool) []config.Kind {
	var yes, no []config.Kind
	for _, k := range all {
		if good(k) {
			yes = append(yes, k)
		} else {
			no = append(no, k)
		}
	}
	return append(yes, no...)
}

// standsAs is what exists of the portal at Hetzner: its machine, and where its addresses are. Empty: it does not exist.
type standsAs struct {
	machine config.Kind
	// address is the location of its addresses, which can outlive the machine.
	address string
}

// choices are what the portal may become, in the order in which it is tried; promising are the kinds of the county's file.
//
// A portal that exists stays what it is as long as the file names that, whatever comes first in it. If the file does not, it is changed in
// place where that works, which keeps disk and addresses; only otherwise it is made anew. A portal that is to be made comes to where its
// addresses are, if the file allows, because its DNS records name them.
func (s standsAs) choices(promising []config.Kind) []config.Kind {
	if s.machine == (config.Kind{}) {
		return first(promising, func(k config.Kind) bool { return s.address != "" && k.Location == s.address })
	}
	if slices.Contains(promising, s.machine) {
		return []config.Kind{s.machine}
	}
	inPlace := slices.DeleteFunc(slices.Clone(promising), func(k config.Kind) bool {
		return k.Location != s.machine.Location || !infra.SameArchitecture(k.ServerType, s.machine.ServerType)
	})
	if len(inPlace) > 0 {
		return inPlace
	}
	return promising
}
