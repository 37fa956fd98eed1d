// Package dnscheck asks the name servers of the county's zone themselves whether the county's name leads to its machine and whether its
// certificate authority may issue for it, and puts what is missing into words: for the operator, and for the IT department that keeps the zone.
//
//	resolver ──"SOA of the name?"──▶ zone ──"NS?"──▶ name servers ──"addresses?"──▶ each of them: A, AAAA, CAA
//
// A resolver remembers old answers, so it is used only to find the zone's servers. Where a network lets nobody ask those, which is common behind
// an office's firewall, the resolver's answers have to do, and the report says so.
package dnscheck

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Wanted is what the DNS must say.
type Wanted struct {
	// Domain without a trailing dot; Unicode is taken as well (RFC 5891).
	Domain string
	IPv4   netip.Addr
	// IPv6 is invalid when there must be no AAAA record: browsers would prefer it and find nobody.
	IPv6 netip.Addr
	// CA is the domain by which the certificate authority is named in CAA records (RFC 8659), for example "letsencrypt.org". Empty: CAA
	// records are not looked at.
	CA string
}

// Found are the addresses that a server says, sorted.
type Found struct{ A, AAAA []netip.Addr }

// Matches reports whether f is exactly what is wanted.
func (w Wanted) Matches(f Found) bool {
	return slices.Equal(f.A, w.a()) && slices.Equal(f.AAAA, w.aaaa())
}

func (w Wanted) a() []netip.Addr { return []netip.Addr{w.IPv4} }

func (w Wanted) aaaa() []netip.Addr {
	if !w.IPv6.IsValid() {
		return nil
	}
	return []netip.Addr{w.IPv6}
}

// How often is looked: soon again at first, for records that somebody is just setting, then seldom.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// Check looks until the records are as wanted or wait has passed; it looks at least once. resolver is host:port of a name server, empty for the
// system's. While it waits, progress is told what each server says, once and then whenever that changes. Returns a *MismatchError when the
// records are wrong.
func Check(ctx context.Context, resolver string, w Wanted, wait time.Duration, progress func(string)) error {
	l, err := newLooker(resolver)
	if err != nil {
		return err
	}
	return check(ctx, l.look, w, wait, progress)
}

func check(ctx context.Context, look func(context.Context, Wanted) (Report, error), w Wanted, wait time.Duration, progress func(string)) error {
	deadline := time.Now().Add(wait)
	told := ""
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		report, err := look(ctx, w)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && report.Good() {
			for _, line := range report.Remarks {
				progress(line)
			}
			return nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return verdict(report, err)
		}
		pause = min(pause, left)
		if said := describe(report, err); said != told {
			told = said
			for line := range strings.Lines(said) {
				progress(strings.TrimSpace(line))
			}
			progress(fmt.Sprintf("waiting for the DNS, at most %s more; next look in %s, then every %s", left.Round(time.Second), pause.Round(time.Second), lastPause))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

func describe(report Report, err error) string {
	if err != nil {
		return err.Error()
	}
	return strings.Join(report.Lines(), "\n")
}

func verdict(report Report, err error) error {
	if err != nil {
		return err
	}
	return &MismatchError{Report: report}
}
