package serve

import (
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

// numberOf returns a bridge's number from its ID: 0 for the portal's own, 3 for "bridge-3", -1 for anything else.
func numberOf(id string) int {
	if id == identity.Portal {
		return 0
	}
	if n, ok := identity.BridgeNumber(id); ok {
		return n
	}
	return -1
}

// view is what was seen at one moment.
type view struct {
	at      time.Time
	load    opsapi.Load
	answers bool // the portal answered: load means something
	bridges []Bridge
}

// sample sums up. Nothing is known of the demand unless every bridge that lives told its own: unknown is not idle.
func (v view) sample() autoscale.Sample {
	s := autoscale.Sample{At: v.at, Known: v.answers && v.load.Settled}
	if !v.answers {
		return s
	}
	s.WaitingRooms = v.load.WaitingRooms
	for _, b := range v.load.Bridges {
		if !b.Alive {
			continue // its rooms are being placed elsewhere
		}
		if !b.Known {
			if b.Ready {
				s.Known = false
			}
			continue
		}
		s.Demand += b.Stress
		s.Rooms += b.Rooms
		s.Participants += b.Participants
	}
	return s
}

// machines joins what the operator's state says of the bridges with what the portal says.
func (v view) machines(lastSeen map[int]time.Time) []autoscale.Bridge {
	loads := map[int]opsapi.BridgeLoad{}
	for _, b := range v.load.Bridges {
		loads[numberOf(b.ID)] = b
	}
	var all []autoscale.Bridge
	if own, ok := loads[0]; ok {
		all = append(all, seen(autoscale.Bridge{Ready: own.Ready}, own))
	}
	for _, b := range v.bridges {
		all = append(all, seen(autoscale.Bridge{
			Number: b.Number, Ready: b.Ready, Seen: lastSeen[b.Number], Draining: b.Draining, ByHand: b.ByHand, Created: b.Created,
		}, loads[b.Number]))
	}
	return all
}

// see notes which bridges are alive, and forgets those that are gone.
func (m *memory) see(v view) {
	kept := map[int]time.Time{}
	for _, b := range v.bridges {
		if at, ok := m.Seen[b.Number]; ok && !at.Before(b.Created) {
			kept[b.Number] = at
		}
	}
	for _, l := range v.load.Bridges {
		if l.Alive && numberOf(l.ID) > 0 {
			kept[numberOf(l.ID)] = v.at
		}
	}
	m.Seen = kept
}

// seen adds the portal's figures. A bridge that the portal does not speak of has the zero BridgeLoad: dead and unknown.
func seen(b autoscale.Bridge, l opsapi.BridgeLoad) autoscale.Bridge {
	b.Alive, b.Known = l.Alive, l.Known
	b.Stress, b.Rooms, b.Participants = l.Stress, l.Rooms, l.Participants
	return b
}

// input is everything that the next decision depends on.
func (m *memory) input(v view, history []autoscale.Sample, policy autoscale.Policy, all []Kind, zone *time.Location) autoscale.Input {
	in := autoscale.Input{
		Now: v.at, Policy: policy, Lead: m.Lead, Load: history, Past: m.Peaks, Bridges: v.machines(m.Seen),
		SpentToday: m.spent(v.at, zone), Manual: m.Manual, Frozen: m.Frozen, SoldOutUntil: m.soldOutUntil(all, v.at),
	}
	if free := m.available(all, v.at); len(free) > 0 {
		in.PricePerHour, _ = m.priceOf(free[0], v.at)
	}
	return in
}
