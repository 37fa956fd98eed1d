package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

var noon = time.Date(2027, 1, 10, 12, 0, 0, 0, time.UTC)

// ninety is a certificate of ninety days from noon on.
func ninety() *tls.Certificate {
	return &tls.Certificate{Leaf: &x509.Certificate{NotBefore: noon, NotAfter: noon.AddDate(0, 0, 90), DNSNames: []string{domain}}}
}

func TestPlan(t *testing.T) {
	soon, past := noon.Add(time.Minute), noon.Add(-time.Minute)
	for name, tt := range map[string]struct {
		cert *tls.Certificate
		rec  record
		want task
	}{
		"nothing was ordered":                  {nil, record{}, rest},
		"ordered":                              {nil, record{Ordered: true}, order},
		"ordered, failed a moment ago":         {nil, record{Ordered: true, NextTry: soon}, rest},
		"ordered, failed, the pause is over":   {nil, record{Ordered: true, NextTry: past}, order},
		"the authority has forbidden it":       {nil, record{Ordered: true, NextTry: past, LimitedUntil: soon}, rest},
		"nothing due":                          {ninety(), record{RenewAt: soon}, rest},
		"renewal due":                          {ninety(), record{RenewAt: noon}, order},
		"renewal due, failed a moment ago":     {ninety(), record{RenewAt: past, NextTry: soon}, rest},
		"advice due":                           {ninety(), record{RenewAt: soon, AskAt: noon}, ask},
		"advice and renewal due":               {ninety(), record{RenewAt: past, AskAt: past}, order},
		"an authority that gives no advice":    {ninety(), record{RenewAt: soon}, rest},
		"advice due, but the authority is out": {ninety(), record{RenewAt: soon, AskAt: past, NextTry: soon}, rest},
	} {
		if got := plan(tt.cert, tt.rec, noon); got != tt.want {
			t.Errorf("%s: got %d, want %d", name, got, tt.want)
		}
	}
}

// TestRenewalsAreSpread: a month before the end, three days earlier for some, so that counties do not come at once.
func TestRenewalsAreSpread(t *testing.T) {
	if got, want := renewAt(ninety(), 0), noon.AddDate(0, 0, 60); !got.Equal(want) {
		t.Errorf("latest: got %s, want %s", got, want)
	}
	if got, want := renewAt(ninety(), 0.999999), noon.AddDate(0, 0, 57); got.Sub(want).Abs() > time.Minute {
		t.Errorf("earliest: got %s, want %s", got, want)
	}
}

func TestAdviceHasBounds(t *testing.T) {
	for name, tt := range map[string]struct{ wish, want time.Time }{
		"sensible":              {noon.AddDate(0, 0, 40), noon.AddDate(0, 0, 40)},
		"at once":               {noon.Add(-time.Hour), noon.Add(time.Hour)},
		"never":                 {noon.AddDate(9, 0, 0), noon.AddDate(0, 0, 75)},
		"after the certificate": {noon.AddDate(0, 0, 91), noon.AddDate(0, 0, 75)},
	} {
		if got := advised(ninety(), noon, tt.wish); !got.Equal(tt.want) {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

func TestFailuresAreTriedEverMoreSeldom(t *testing.T) {
	r := record{}
	now, last := noon, time.Duration(0)
	for n := range 20 {
		r = failed(r, now, "out of order", time.Time{}, 0.5)
		pause := r.NextTry.Sub(now)
		if pause < last || pause > 12*time.Hour {
			t.Fatalf("failure %d: pause %s after one of %s", n+1, pause, last)
		}
		now, last = r.NextTry, pause
	}
	if !r.FailingSince.Equal(noon) || r.Failures != 20 || r.LastError != "out of order" {
		t.Errorf("got %+v", r)
	}
	early, late := failed(record{}, noon, "", time.Time{}, 0).NextTry, failed(record{}, noon, "", time.Time{}, 0.999).NextTry
	if early.Sub(noon) != 45*time.Second || late.Sub(noon) < 74*time.Second {
		t.Errorf("no jitter: %s and %s", early.Sub(noon), late.Sub(noon))
	}
}

func TestBanIsHonoured(t *testing.T) {
	for name, tt := range map[string]struct{ until, earliest, limited time.Time }{
		"none":        {time.Time{}, noon.Add(45 * time.Second), time.Time{}},
		"tomorrow":    {noon.AddDate(0, 0, 1), noon.AddDate(0, 0, 1), noon.AddDate(0, 0, 1)},
		"in a moment": {noon.Add(time.Second), noon.Add(45 * time.Second), noon.Add(time.Second)},
		"in a year":   {noon.AddDate(1, 0, 0), noon.Add(maxLimit), noon.Add(maxLimit)},
		"in the past": {noon.Add(-time.Hour), noon.Add(45 * time.Second), time.Time{}},
	} {
		r := failed(record{LimitedUntil: noon.AddDate(0, 0, 3)}, noon, "", tt.until, 0)
		if r.NextTry.Before(tt.earliest) || r.NextTry.After(tt.earliest.Add(2*time.Minute)) || !r.LimitedUntil.Equal(tt.limited) {
			t.Errorf("%s: next try %s, limited until %s", name, r.NextTry, r.LimitedUntil)
		}
	}
}

func TestLimitedUntil(t *testing.T) {
	limited := func(detail string) error {
		return fmt.Errorf("order: %w", acme.Problem{Type: acme.ProblemTypeRateLimited, Status: 429, Detail: detail})
	}
	for name, tt := range map[string]struct {
		err  error
		want time.Time
	}{
		"it says when": {limited("too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, " +
			"retry after 2027-01-12 04:00:00 UTC: see https://ca.example/limits"), time.Date(2027, 1, 12, 4, 0, 0, 0, time.UTC)},
		"it does not":       {limited("too many requests"), noon.Add(limitPause)},
		"no such day":       {limited("retry after 2027-02-31 04:00:00 UTC"), noon.Add(limitPause)},
		"another zone":      {limited("retry after 2027-01-12 04:00:00 CET"), noon.Add(limitPause)},
		"another problem":   {acme.Problem{Type: acme.ProblemTypeDNS, Detail: "retry after 2027-01-12 04:00:00 UTC"}, time.Time{}},
		"no problem at all": {errors.New("retry after 2027-01-12 04:00:00 UTC"), time.Time{}},
	} {
		if got := limitedUntil(tt.err, noon); !got.Equal(tt.want) {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

func TestStoredCertificateFitsTheConfiguration(t *testing.T) {
	cfg := Config{Domain: domain, Directory: "https://ca.example/dir", Staging: "https://staging.example/dir"}
	failing := record{Ordered: true, FailingSince: noon, Failures: 2, LastError: "x", NextTry: noon.Add(time.Hour)}
	other := ninety()
	other.Leaf.DNSNames = []string{"other.example"}
	for name, tt := range map[string]struct {
		cert   *tls.Certificate
		rec    record
		served bool
		due    task // a minute after noon
	}{
		"the authority's own":          {ninety(), record{Directory: cfg.Directory, RenewAt: noon.AddDate(0, 0, 60)}, true, rest},
		"another authority's":          {ninety(), record{Directory: "https://old.example/dir", RenewAt: noon.AddDate(0, 0, 60)}, true, order},
		"staging's":                    {ninety(), record{Directory: cfg.Staging, RenewAt: noon.AddDate(0, 0, 60)}, false, rest},
		"another name's":               {other, record{Directory: cfg.Directory}, false, rest},
		"the record is lost":           {ninety(), record{}, true, ask},
		"no certificate, and failures": {nil, failing, false, rest},
	} {
		cert, rec := fit(tt.cert, tt.rec, cfg, noon)
		if (cert != nil) != tt.served {
			t.Errorf("%s: served %t, want %t", name, cert != nil, tt.served)
		}
		if got := plan(cert, rec, noon.Add(time.Minute)); got != tt.due {
			t.Errorf("%s: due %d, want %d", name, got, tt.due)
		}
	}
	if _, rec := fit(nil, failing, cfg, noon); rec != failing {
		t.Errorf("failures were forgotten: %+v", rec)
	}
}
