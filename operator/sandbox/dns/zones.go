package dns

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Zones are the records of each zone that is kept at the simulated cloud, the SOA first; zones are in lower case and without a final dot. Called
// for each query.
type Zones func() map[string][]dns.RR

// ServeZones lets the server answer for zones as well: below a zone's name nothing else counts. May be called while it runs.
func (s *Server) ServeZones(zones Zones) { s.zones.Store(&zones) }

// fromZones is the answer of a zone to a query of one question; nil when no zone has to do with it.
func (s *Server) fromZones(query *dns.Msg) *dns.Msg {
	zones := s.zones.Load()
	if zones == nil || query.Opcode != dns.OpcodeQuery || len(query.Question) != 1 || query.Question[0].Qclass != dns.ClassINET {
		return nil
	}
	return answerFromZones(query, (*zones)(), s.self)
}

// maxAliases bounds how many CNAME records one answer follows; our own bound.
const maxAliases = 8

// answerFromZones is RFC 1034 §4.3.2 for zones without delegations. self is the address of the zones' name servers.
func answerFromZones(query *dns.Msg, zones map[string][]dns.RR, self netip.Addr) *dns.Msg {
	m := new(dns.Msg)
	m.SetReply(query)
	m.Authoritative, m.Compress = true, true
	q := query.Question[0]
	name := dns.CanonicalName(q.Name)
	records, ok := closest(zones, name)
	if !ok {
		if !serves(zones, name) {
			return nil
		}
		m.Answer = addressOf(q, self)
		return m
	}
	for range maxAliases {
		found, exists := lookup(records, name, q.Qtype)
		m.Answer = append(m.Answer, found...)
		if !exists {
			m.Rcode = dns.RcodeNameError
		}
		alias := target(found, q.Qtype)
		if alias == "" {
			break
		}
		name = dns.CanonicalName(alias)
		if records, ok = closest(zones, name); !ok {
			return m // leads out of what is kept here
		}
	}
	if len(m.Answer) == 0 && len(records) > 0 {
		m.Ns = records[:1] // the SOA, RFC 2308 §3
	}
	return m
}

// closest are the records of the zone that the name lies in, the most specific one.
func closest(zones map[string][]dns.RR, name string) ([]dns.RR, bool) {
	for at := strings.TrimSuffix(name, "."); at != ""; {
		if records, ok := zones[at]; ok {
			return records, true
		}
		_, at, _ = strings.Cut(at, ".")
	}
	return nil, false
}

// lookup finds the records of a name: those of the type, or its CNAME; a wildcard's when the name itself has none, RFC 4592. exists says whether
// there is anything at or below the name.
func lookup(records []dns.RR, name string, kind uint16) (found []dns.RR, exists bool) {
	found, exists = exactly(records, name, kind)
	if exists {
		return found, true
	}
	for at := name; at != "."; {
		_, at, _ = strings.Cut(at, ".")
		if at == "" {
			break
		}
		if found, exists = exactly(records, "*."+at, kind); exists {
			return named(found, name), true
		}
		if _, encloser := exactly(records, at, kind); encloser { // a wildcard further up does not reach over it, RFC 4592 §3.3.1
			break
		}
	}
	return nil, false
}

func exactly(records []dns.RR, name string, kind uint16) (found []dns.RR, exists bool) {
	for _, rr := range records {
		owner := dns.CanonicalName(rr.Header().Name)
		exists = exists || dns.IsSubDomain(name, owner)
		if owner == name && (rr.Header().Rrtype == kind || kind == dns.TypeANY || rr.Header().Rrtype == dns.TypeCNAME) {
			found = append(found, rr)
		}
	}
	return found, exists
}

func named(records []dns.RR, name string) []dns.RR {
	out := make([]dns.RR, len(records))
	for i, rr := range records {
		out[i] = dns.Copy(rr)
		out[i].Header().Name = name
	}
	return out
}

// target is where a CNAME leads, when that is what was found instead.
func target(found []dns.RR, kind uint16) string {
	if kind == dns.TypeCNAME || kind == dns.TypeANY {
		return ""
	}
	i := slices.IndexFunc(found, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeCNAME })
	if i < 0 {
		return ""
	}
	return found[i].(*dns.CNAME).Target
}

// serves says whether a zone names the host as its name server.
func serves(zones map[string][]dns.RR, host string) bool {
	for _, records := range zones {
		for _, rr := range records {
			if ns, ok := rr.(*dns.NS); ok && dns.CanonicalName(ns.Ns) == host {
				return true
			}
		}
	}
	return false
}

func addressOf(q dns.Question, a netip.Addr) []dns.RR {
	header := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: ttl}
	switch {
	case q.Qtype == dns.TypeA && a.Is4():
		return []dns.RR{&dns.A{Hdr: header, A: a.AsSlice()}}
	case q.Qtype == dns.TypeAAAA && a.Is6():
		return []dns.RR{&dns.AAAA{Hdr: header, AAAA: a.AsSlice()}}
	}
	return nil
}
