package hcloudsim

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
	"github.com/miekg/dns"
)

// recordTypes are those of Hetzner Cloud API: POST /zones/{id_or_name}/rrsets.
var recordTypes = []string{
	"A", "AAAA", "CAA", "CNAME", "DS", "HINFO", "HTTPS", "MX", "NS", "PTR", "RP", "SOA", "SRV", "SVCB", "TLSA", "TXT",
}

// Our own bounds.
const (
	maxRecords = 50
	maxValue   = 5000 // characters
	maxComment = 255  // characters
)

// rrsetName is a name relative to the zone: labels in lower case, with underscores for services and a star in front.
var rrsetName = regexp.MustCompile(`\A(@|\*|(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*)\z`)

func (v *invalidInput) checkRRSetName(name string) {
	if len(name) > 253 || !rrsetName.MatchString(name) {
		v.add("name", "must be @ or a name relative to the zone, in lower case")
	}
}

// checkRecords checks the records an RRSet is to have.
func (z *zone) checkRecords(set *rrset, records []schema.ZoneRRSetRecord) error {
	switch {
	case len(records) == 0:
		return errInvalid("records", "must not be empty")
	case len(records) > maxRecords:
		return errInvalid("records", "must have at most %d records", maxRecords)
	case len(records) > 1 && set.Type == "CNAME":
		return errInvalid("records", "a CNAME RRSet has one record")
	}
	seen := map[string]bool{}
	for _, record := range records {
		if seen[record.Value] {
			return errInvalid("records", "a record is given twice")
		}
		seen[record.Value] = true
		if utf8.RuneCountInString(record.Comment) > maxComment || !utf8.ValidString(record.Comment) {
			return errInvalid("records", "a comment is longer than %d characters", maxComment)
		}
		if _, err := parseRecord(z.Name, set.Name, set.Type, set.ttl(z), record.Value); err != nil {
			return errInvalid("records", "a value is not one of type %s", set.Type)
		}
	}
	return nil
}

// checkAlone keeps a CNAME from having neighbours of the same name, RFC 1034 §3.6.2.
func (z *zone) checkAlone(set *rrset) error {
	for _, other := range z.RRSets {
		if other.Name == set.Name && (other.Type == "CNAME") != (set.Type == "CNAME") {
			return errInvalid("type", "a name with a CNAME record has no records of other types")
		}
	}
	return nil
}

var errRecord = errors.New("not a record")

// parseRecord reads a value in presentation format, RFC 1035 §5.1. Names in it without a final dot are relative to the zone.
func parseRecord(zone, name, kind string, ttl int, value string) (dns.RR, error) {
	if len(value) > maxValue || strings.ContainsAny(value, "\r\n") || !slices.Contains(recordTypes, kind) {
		return nil, errRecord
	}
	if kind == "TXT" && !strings.HasPrefix(value, `"`) { // Hetzner wants the quotes
		return nil, errRecord
	}
	parser := dns.NewZoneParser(strings.NewReader(fmt.Sprintf("%s %d IN %s %s\n", name, ttl, kind, value)), dns.Fqdn(zone), "")
	rr, ok := parser.Next()
	if !ok || parser.Err() != nil || parser.Comment() != "" || dns.TypeToString[rr.Header().Rrtype] != kind {
		return nil, errRecord
	}
	if _, more := parser.Next(); more || parser.Err() != nil {
		return nil, errRecord
	}
	return rr, nil
}
