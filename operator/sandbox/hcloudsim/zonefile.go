package hcloudsim

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
	"github.com/miekg/dns"
)

// exportZonefile answers with the zone in BIND's format, RFC 1035 §5.
func exportZonefile(r *request) (reply, error) {
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusOK, body: schema.ZoneExportZonefileResponse{Zonefile: z.file()}}, nil
}

func (z *zone) file() string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ORIGIN\t%s.\n$TTL\t%d\n", z.Name, z.TTL)
	for _, set := range z.sets() {
		for _, record := range set.Records {
			ttl := ""
			if set.TTL != nil {
				ttl = itoa(*set.TTL) + "\t"
			}
			fmt.Fprintf(&b, "%s\t%sIN\t%s\t%s", set.Name, ttl, set.Type, record.Value)
			if record.Comment != "" {
				fmt.Fprintf(&b, " ; %s", strings.Join(strings.Fields(record.Comment), " "))
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// importZonefile replaces all RRSets, unless one of them is protected.
func importZonefile(r *request) (reply, error) {
	body, err := decode[schema.ZoneImportZonefileRequest](r)
	if err != nil {
		return reply{}, err
	}
	z, err := r.findZone()
	if err != nil {
		return reply{}, err
	}
	for _, set := range z.RRSets {
		if set.Protected {
			return reply{}, errProtected
		}
	}
	next := &zone{meta: z.meta, TTL: z.TTL, RRSets: map[string]*rrset{}, Serial: z.Serial}
	if err := next.load(body.Zonefile, r.now); err != nil {
		return reply{}, err
	}
	z.TTL, z.RRSets, z.Serial = next.TTL, next.RRSets, next.Serial
	return r.republish(z, "import_zonefile")
}

// ttlDirective is the zone's default time to live, RFC 2308 §4.
var ttlDirective = regexp.MustCompile(`(?m)^\$TTL[ \t]+(\d{1,10})[ \t\r]*(?:;.*)?$`)

// maxZoneRecords bounds what one zone file holds, $GENERATE included; our own bound.
const maxZoneRecords = 10_000

// load reads a zone file into a zone without RRSets. $INCLUDE is not followed.
func (z *zone) load(text string, now time.Time) error {
	if directive := ttlDirective.FindStringSubmatch(text); directive != nil {
		ttl, _ := strconv.Atoi(directive[1])
		if z.TTL = ttl; ttl < minTTL || ttl > maxTTL {
			return errInvalid("zonefile", "its $TTL must be %d to %d seconds", minTTL, maxTTL)
		}
	}
	parser := dns.NewZoneParser(strings.NewReader(text), dns.Fqdn(z.Name), "")
	parser.SetDefaultTTL(uint32(z.TTL))
	count := 0
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		if count++; count > maxZoneRecords {
			return errInvalid("zonefile", "must have at most %d records", maxZoneRecords)
		}
		if err := z.take(rr, parser.Comment(), now); err != nil {
			return err
		}
	}
	if parser.Err() != nil {
		return errInvalid("zonefile", "is not a zone file") // the parser's words hold what was sent
	}
	if z.RRSets[rrsetID("@", "SOA")] == nil || z.RRSets[rrsetID("@", "NS")] == nil {
		return errInvalid("zonefile", "must have a SOA record and the assigned name servers")
	}
	for _, set := range z.RRSets {
		if err := cmp.Or(z.checkRecords(set, set.Records), z.checkAlone(set)); err != nil {
			return err
		}
	}
	z.countUp(now)
	return nil
}

// take adds one record of a zone file.
func (z *zone) take(rr dns.RR, comment string, now time.Time) error {
	h := rr.Header()
	owner := strings.ToLower(h.Name)
	name, inside := strings.CutSuffix(owner, "."+dns.Fqdn(z.Name))
	if owner == dns.Fqdn(z.Name) {
		name, inside = "@", true
	}
	var v invalidInput
	if v.checkRRSetName(name); !inside || h.Class != dns.ClassINET || v.err() != nil {
		return errInvalid("zonefile", "a record is not of this zone")
	}
	set := &rrset{Name: name, Type: dns.TypeToString[h.Rrtype], Labels: map[string]string{}, Created: now}
	if ttl := int(h.Ttl); ttl != z.TTL {
		set.TTL = &ttl
	}
	if have, ok := z.RRSets[set.id()]; ok {
		set = have
	}
	z.RRSets[set.id()] = set
	record := recordOf(strings.TrimPrefix(rr.String(), h.String()))
	record.Comment = strings.TrimSpace(strings.TrimPrefix(comment, ";"))
	set.Records = append(set.Records, record)
	return nil
}
