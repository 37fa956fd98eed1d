package hcloudsim

import (
	"maps"
	"slices"
	"strconv"

	"github.com/miekg/dns"
)

func itoa(n int) string { return strconv.Itoa(n) }

func ptr[T any](v T) *T { return &v }

// ServedRecords are the records that the zones' name servers answer with: zone → its records, the SOA first. Zones are in lower
// case without a final dot. A change of the zone is in it when its action has succeeded. The map is the caller's, the records in
// it must not be changed. Cheap enough to ask at every query.
func (s *Server) ServedRecords() map[string][]dns.RR { return maps.Clone(*s.served.Load()) }

// publishZonesLocked makes the zones as they are served now visible to ServedRecords.
func (s *Server) publishZonesLocked() {
	if s.served.Load() != nil && !s.project.zonesChanged {
		return
	}
	s.project.zonesChanged = false
	all := map[string][]dns.RR{}
	for _, z := range s.project.Zones {
		if z.Live {
			all[z.Name] = z.rrs()
		}
	}
	s.served.Store(&all)
}

// rrs are the zone's records as they are served, the SOA first.
func (z *zone) rrs() []dns.RR {
	var out []dns.RR
	for _, id := range slices.Sorted(maps.Keys(z.Served)) {
		live := z.Served[id]
		name, kind := splitID(id)
		for _, value := range live.Values {
			rr, err := parseRecord(z.Name, name, kind, live.TTL, value)
			if err != nil {
				continue // was checked when it came
			}
			if kind == "SOA" {
				out = slices.Insert(out, 0, rr)
			} else {
				out = append(out, rr)
			}
		}
	}
	return out
}

// serve is the end of an action on an RRSet: the name servers answer with what the zone held when the action began.
func (r *request) serve(z *zone, id string, a *action) step {
	before := z.Served[id]
	next := &served{Action: a.ID}
	if set, ok := z.RRSets[id]; ok {
		next.TTL, next.Values = set.ttl(z), set.values()
	}
	zoneID := z.ID
	return step{
		action: a.ID,
		done:   func(p *project) { p.publish(zoneID, id, next) },
		failed: func(p *project) { p.takeBack(zoneID, id, before, next) },
	}
}

// publish hands one RRSet to the name servers, unless they have a later state of it.
func (p *project) publish(zoneID int64, id string, next *served) {
	z, ok := p.Zones[zoneID]
	if !ok {
		return
	}
	if have, ok := z.Served[id]; ok && have.Action > next.Action {
		return
	}
	z.Served[id] = next
	if soa, ok := z.RRSets[rrsetID("@", "SOA")]; ok {
		z.Served[soa.id()] = &served{Action: next.Action, TTL: soa.ttl(z), Values: soa.values()}
	}
	p.zonesChanged = true
}

// takeBack makes the zone show again what is served when an action did not succeed, unless it was changed once more since.
func (p *project) takeBack(zoneID int64, id string, before, failed *served) {
	z, ok := p.Zones[zoneID]
	if !ok {
		return
	}
	set, shown := z.RRSets[id]
	if shown && !slices.Equal(set.values(), failed.Values) {
		return
	}
	if before == nil || len(before.Values) == 0 {
		delete(z.RRSets, id)
		return
	}
	if !shown {
		name, kind := splitID(id)
		set = &rrset{Name: name, Type: kind, Labels: map[string]string{}, TTL: ptr(before.TTL), Created: z.Created}
		z.RRSets[id] = set
	}
	set.Records = nil
	for _, value := range before.Values {
		set.Records = append(set.Records, recordOf(value))
	}
}

// serveAll hands everything to the name servers, as at a start.
func (p *project) serveAll() {
	for _, z := range p.Zones {
		z.Live = true
		z.Served = map[string]*served{}
		for id, set := range z.RRSets {
			z.Served[id] = &served{TTL: set.ttl(z), Values: set.values()}
		}
	}
	p.zonesChanged = true
}
