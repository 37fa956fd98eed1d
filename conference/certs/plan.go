package certs

import (
	"crypto/tls"
	"math/rand/v2"
	"time"
)

// record is what is remembered of orders, on disk. Zero: nothing was ordered yet.
type record struct {
	// Directory issued the stored certificate.
	Directory string `json:"directory,omitempty"`
	// Ordered says that somebody wants a certificate, so that one is tried for until it is there.
	Ordered bool `json:"ordered,omitempty"`
	// Rehearsed is the staging directory at which an order for the domain has succeeded.
	Rehearsed string `json:"rehearsed,omitempty"`
	// Issued is when the stored certificate came, RenewAt when it is to be renewed.
	Issued  time.Time `json:"issued,omitzero"`
	RenewAt time.Time `json:"renew_at,omitzero"`
	// AskAt is when to ask the authority again whether it wants the renewal at another time (ARI).
	AskAt time.Time `json:"ask_at,omitzero"`
	// FailingSince is the first of the failures since the last success, Failures their number and LastError the last one in words.
	FailingSince time.Time `json:"failing_since,omitzero"`
	Failures     int       `json:"failures,omitempty"`
	LastError    string    `json:"last_error,omitempty"`
	// NextTry is when the server tries again by itself, LimitedUntil until when the authority has forbidden it.
	NextTry      time.Time `json:"next_try,omitzero"`
	LimitedUntil time.Time `json:"limited_until,omitzero"`
}

func (r record) failing() bool { return !r.FailingSince.IsZero() }

// task is what the keeper does next.
type task int

const (
	rest task = iota
	order
	ask
)

// plan is the keeper's decision: what is due now.
func plan(cert *tls.Certificate, r record, now time.Time) task {
	switch {
	case now.Before(r.NextTry), now.Before(r.LimitedUntil):
		return rest
	case cert == nil && !r.Ordered:
		return rest
	case cert == nil, !now.Before(r.RenewAt):
		return order
	case !r.AskAt.IsZero() && !now.Before(r.AskAt):
		return ask
	}
	return rest
}

// wanted says whether Order has anything to do: there is no valid certificate, or its renewal fails and somebody has mended the reason.
func wanted(cert *tls.Certificate, r record, now time.Time) bool {
	return !good(cert, now) || r.failing()
}

// good says whether browsers take the certificate.
func good(cert *tls.Certificate, now time.Time) bool {
	return cert != nil && now.Before(cert.Leaf.NotAfter)
}

// fit makes what was on disk agree with itself and with the configuration. A certificate of another authority is served until one of the
// configured authority is there, at once, by itself; but one of staging never, because browsers refuse it.
func fit(cert *tls.Certificate, r record, cfg Config, now time.Time) (*tls.Certificate, record) {
	switch {
	case cert == nil:
		return nil, record{Ordered: r.Ordered, Rehearsed: r.Rehearsed, FailingSince: r.FailingSince, Failures: r.Failures,
			LastError: r.LastError, NextTry: r.NextTry, LimitedUntil: r.LimitedUntil}
	case cert.Leaf.VerifyHostname(cfg.Domain) != nil, r.Directory != "" && r.Directory == cfg.Staging && r.Directory != cfg.Directory:
		return nil, record{}
	case r.Directory == "": // the record was lost
		r = record{Directory: cfg.Directory, Issued: cert.Leaf.NotBefore, AskAt: now}
		r.RenewAt = renewAt(cert, rand.Float64())
	case r.Directory != cfg.Directory:
		r = record{Directory: r.Directory, Issued: r.Issued, RenewAt: now}
	}
	return cert, r
}

// lifetime of a certificate.
func lifetime(cert *tls.Certificate) time.Duration {
	return cert.Leaf.NotAfter.Sub(cert.Leaf.NotBefore)
}

// renewAt is when two thirds of the lifetime are over, up to a thirtieth of it earlier: three days of ninety. random is in [0,1).
func renewAt(cert *tls.Certificate, random float64) time.Time {
	l := lifetime(cert)
	return cert.Leaf.NotAfter.Add(-l/3 - time.Duration(random*float64(l/30)))
}

// advised is the time of renewal that the authority wishes, within what is sensible: not at once after the certificate came, lest an
// authority that errs is asked for one certificate after the other, and not so late that there is no time for failures.
func advised(cert *tls.Certificate, issued, wish time.Time) time.Time {
	l := lifetime(cert)
	earliest, latest := issued.Add(min(l/8, time.Hour)), cert.Leaf.NotAfter.Add(-l/6)
	if wish.After(latest) {
		wish = latest
	}
	if wish.Before(earliest) {
		wish = earliest
	}
	return wish
}

// How often the authority is asked for its advice unless it says so itself, and the bounds of what it may say.
const (
	askEvery = 12 * time.Hour
	askMin   = time.Hour
	askMax   = 48 * time.Hour
)

// pauses are those after each failure; the last one goes on. Guesses, short enough for a hiccup and below Let's Encrypt's limit of five failed
// validations in an hour (https://letsencrypt.org/docs/rate-limits/).
var pauses = []time.Duration{time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour}

// maxLimit bounds what is believed of the authority's ban: Let's Encrypt's longest window is a week.
const maxLimit = 8 * 24 * time.Hour

// failed notes a failure. limitedUntil is until when the authority forbids further orders, zero if it does not.
func failed(r record, now time.Time, text string, limitedUntil time.Time, random float64) record {
	if !r.failing() {
		r.FailingSince = now
	}
	pause := pauses[min(r.Failures, len(pauses)-1)]
	r.Failures++
	r.LastError = text
	r.NextTry = now.Add(pause + time.Duration((random-0.5)*float64(pause)/2)) // a quarter earlier or later
	r.LimitedUntil = time.Time{}
	if latest := now.Add(maxLimit); limitedUntil.After(latest) {
		limitedUntil = latest
	}
	if limitedUntil.After(now) {
		r.LimitedUntil = limitedUntil
	}
	if limitedUntil.After(r.NextTry) {
		r.NextTry = limitedUntil.Add(time.Duration(random * float64(time.Minute)))
	}
	return r
}

// succeeded is the record of a certificate that has just come.
func succeeded(r record, cert *tls.Certificate, directory string, now time.Time, random float64) record {
	return record{Directory: directory, Ordered: true, Rehearsed: r.Rehearsed, Issued: now, RenewAt: renewAt(cert, random), AskAt: now}
}
