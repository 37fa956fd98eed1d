package hcloudsim

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// zone is a DNS zone in primary mode.
type zone struct {
	meta
	TTL       int               `json:"ttl"`
	Protected bool              `json:"protected"`
	RRSets    map[string]*rrset `json:"rrsets"` // by ID
	Serial    int               `json:"serial"` // of the SOA record
	Live      bool              `json:"live"`   // create_zone has succeeded: the name servers answer
	// Served is what the name servers answer with, by ID of the RRSet.
	Served map[string]*served `json:"served"`
}

// rrset is what the API shows of a resource record set.
type rrset struct {
	Name      string                   `json:"name"` // "@" or a name relative to the zone
	Type      string                   `json:"type"`
	TTL       *int                     `json:"ttl"` // nil: the zone's
	Labels    map[string]string        `json:"labels"`
	Protected bool                     `json:"protected"`
	Records   []schema.ZoneRRSetRecord `json:"records"`
	Created   time.Time                `json:"created"`
}

// served is what the name servers know of an RRSet since an action has ended.
type served struct {
	Action int64    `json:"action"` // a later one's effect is never undone by an earlier one's
	TTL    int      `json:"ttl"`
	Values []string `json:"values"` // none: the RRSet is gone
}

// The name servers of every zone, Hetzner DNS.
var zoneNameServers = []string{"hydrogen.ns.hetzner.com.", "oxygen.ns.hetzner.com.", "helium.ns.hetzner.de."}

// The SOA and NS records of a new zone, Hetzner Cloud API, "Zone file import".
const (
	soaMailbox    = "dns.hetzner.com."
	soaTimers     = "86400 10800 3600000 3600"
	nameServerTTL = 10800
	defaultTTL    = 3600
)

func rrsetID(name, kind string) string { return name + "/" + kind }

func (r *rrset) id() string { return rrsetID(r.Name, r.Type) }

func (r *rrset) values() []string {
	out := []string{}
	for _, record := range r.Records {
		out = append(out, record.Value)
	}
	return out
}

func (r *rrset) ttl(z *zone) int {
	if r.TTL != nil {
		return *r.TTL
	}
	return z.TTL
}

// furnish gives a new zone its SOA and NS records.
func (z *zone) furnish(now time.Time) {
	ns := &rrset{Name: "@", Type: "NS", TTL: ptr(nameServerTTL), Labels: map[string]string{}, Created: now}
	for _, server := range zoneNameServers {
		ns.Records = append(ns.Records, schema.ZoneRRSetRecord{Value: server})
	}
	soa := &rrset{Name: "@", Type: "SOA", Labels: map[string]string{}, Created: now}
	z.RRSets[ns.id()], z.RRSets[soa.id()] = ns, soa
	z.countUp(now)
}

// countUp gives the zone its next serial number: YYYYMMDDnn, Hetzner Cloud API, "SOA Serial".
func (z *zone) countUp(now time.Time) {
	today := now.Year()*1000000 + int(now.Month())*10000 + now.Day()*100
	z.Serial = max(z.Serial+1, today)
	if soa, ok := z.RRSets[rrsetID("@", "SOA")]; ok {
		soa.Records = []schema.ZoneRRSetRecord{{Value: z.soa()}}
	}
}

func (z *zone) soa() string {
	return strings.Join([]string{zoneNameServers[0], soaMailbox, itoa(z.Serial), soaTimers}, " ")
}

func (z *zone) records() int {
	n := 0
	for _, set := range z.RRSets {
		n += len(set.Records)
	}
	return n
}

func (z *zone) render() schema.Zone {
	names := slices.Clone(zoneNameServers)
	status := "updating"
	if z.Live {
		status = "ok"
	}
	return schema.Zone{
		ID: z.ID, Name: z.Name, Created: z.Created, TTL: z.TTL, Mode: "primary", PrimaryNameservers: []schema.ZonePrimaryNameserver{},
		Protection: schema.ZoneProtection{Delete: z.Protected}, Labels: z.Labels,
		AuthoritativeNameservers: schema.ZoneAuthoritativeNameservers{
			Assigned: names, Delegated: names, DelegationLastCheck: z.Created, DelegationStatus: "valid",
		},
		Registrar: "hetzner", Status: status, RecordCount: z.records(),
	}
}

func (z *zone) renderSet(set *rrset) schema.ZoneRRSet {
	return schema.ZoneRRSet{
		ID: set.id(), Name: set.Name, Type: set.Type, TTL: set.TTL, Labels: set.Labels,
		Protection: schema.ZoneRRSetProtection{Change: set.Protected}, Records: slices.Clone(set.Records), Zone: z.ID,
	}
}

// sets are the zone's RRSets in an order that does not change: by name, the apex first, then by type.
func (z *zone) sets() []*rrset {
	return slices.SortedFunc(maps.Values(z.RRSets), compareSets)
}

func compareSets(a, b *rrset) int {
	if a.Name != b.Name && (a.Name == "@" || b.Name == "@") {
		if a.Name == "@" {
			return -1
		}
		return 1
	}
	return strings.Compare(a.id(), b.id())
}
