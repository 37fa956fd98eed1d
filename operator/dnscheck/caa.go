package dnscheck

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// caa looks for the records that say who may issue for a name: its own, or those of the nearest parent that has any (RFC 8659 §3). It returns the
// one that forbids the authority to issue, nil if it may, and a remark if nobody would say.
func (l *looker) caa(ctx context.Context, name, ca string, z zone) (*CAA, string) {
	for at := name; at != "." && at != ""; at = parent(at) {
		if !dns.IsSubDomain(z.name, at) && len(z.servers) > 0 { // above the zone; somebody else keeps that
			var err error
			if z, err = l.zoneOf(ctx, at); err != nil {
				return nil, "who may issue certificates is not known (CAA): " + err.Error()
			}
		}
		records, err := l.caaAt(ctx, at, z)
		if err != nil {
			return nil, fmt.Sprintf("who may issue certificates for %s is not known (CAA): %v", strings.TrimSuffix(at, "."), err)
		}
		if len(records) > 0 {
			return forbids(records, ca), ""
		}
	}
	return nil, ""
}

func parent(name string) string {
	next, end := dns.NextLabel(name, 0)
	if end {
		return "."
	}
	return name[next:]
}

// caaServers is how many of a zone's servers are asked for CAA records before the resolver is.
const caaServers = 2

// caaAt asks the zone's servers, until one answers. Those of a parent may be out of reach; the resolver does for those, whose records nobody has
// just changed.
func (l *looker) caaAt(ctx context.Context, name string, z zone) ([]*dns.CAA, error) {
	var last error
	for _, s := range z.servers[:min(len(z.servers), caaServers)] {
		if !s.address.IsValid() {
			continue
		}
		m, err := exchange(ctx, s.address.String(), question(name, dns.TypeCAA))
		if err == nil {
			err = authoritative(m)
		}
		if err == nil {
			return l.caaIn(ctx, m, name)
		}
		last = err
		if ctx.Err() != nil {
			return nil, err
		}
	}
	m, err := l.resolve(ctx, name, dns.TypeCAA)
	if err != nil {
		return nil, cmp.Or(last, err)
	}
	return l.caaIn(ctx, m, name)
}

// caaIn takes the records out of an answer; those of a CNAME's target count for the name (RFC 8659 §3), wherever that lies.
func (l *looker) caaIn(ctx context.Context, m *dns.Msg, name string) ([]*dns.CAA, error) {
	records, alias := caaRecords(m), ""
	for _, record := range m.Answer {
		if c, ok := record.(*dns.CNAME); ok {
			alias = dns.CanonicalName(c.Target)
		}
	}
	if len(records) > 0 || alias == "" || alias == dns.CanonicalName(name) {
		return records, nil
	}
	m, err := l.resolve(ctx, alias, dns.TypeCAA)
	if err != nil {
		return nil, err
	}
	return caaRecords(m), nil
}

func caaRecords(m *dns.Msg) []*dns.CAA {
	var out []*dns.CAA
	for _, record := range m.Answer {
		if c, ok := record.(*dns.CAA); ok {
			out = append(out, c)
		}
	}
	return out
}

// forbids decides by RFC 8659 §4: without an issue record everybody may; with one, only who is named, by the challenge that we use.
func forbids(records []*dns.CAA, ca string) *CAA {
	var refusal *CAA
	for _, r := range records {
		tag := strings.ToLower(r.Tag)
		if r.Flag&0x80 != 0 && !slices.Contains([]string{"issue", "issuewild", "iodef", "issuemail", "contactemail", "contactphone"}, tag) {
			return told(r) // critical, and no authority knows it
		}
		if tag != "issue" {
			continue
		}
		issuer, parameters, _ := strings.Cut(r.Value, ";")
		if strings.EqualFold(strings.TrimSpace(issuer), ca) && allowsOurChallenge(parameters) {
			return nil
		}
		if refusal == nil {
			refusal = told(r)
		}
	}
	return refusal
}

// allowsOurChallenge reads the parameter of RFC 8657 §4.
func allowsOurChallenge(parameters string) bool {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
		if strings.EqualFold(strings.TrimSpace(name), "validationmethods") {
			return slices.Contains(strings.Split(strings.ToLower(strings.ReplaceAll(value, " ", "")), ","), "tls-alpn-01")
		}
	}
	return true
}

func told(r *dns.CAA) *CAA {
	return &CAA{Owner: strings.TrimSuffix(r.Hdr.Name, "."), Record: fmt.Sprintf("CAA %d %s %q", r.Flag, r.Tag, r.Value)}
}
