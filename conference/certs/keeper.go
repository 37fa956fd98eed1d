package certs

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

// attemptTimeout bounds an attempt from the first request to the stored certificate. Let's Encrypt takes some 5 s.
const attemptTimeout = 3 * time.Minute

// askTimeout bounds the question when to renew.
const askTimeout = 30 * time.Second

// keep does what is due until ctx ends.
func (m *Manager) keep(ctx context.Context) {
	look := time.NewTimer(0) // at once: something may be due
	defer look.Stop()
	for {
		ordered := false
		select {
		case <-ctx.Done():
			return
		case <-m.orders:
			ordered = true
		case <-look.C:
		}
		m.step(ctx, ordered)
		look.Reset(m.cfg.look)
	}
}

func (m *Manager) step(ctx context.Context, ordered bool) {
	m.mu.Lock()
	cert, rec := m.cert, m.rec
	due := plan(cert, rec, m.cfg.Now())
	if ordered {
		m.running = false
		if wanted(cert, rec, m.cfg.Now()) { // it may have come in the meantime
			due = order
		}
	}
	if due == order {
		m.running = true
	}
	m.mu.Unlock()
	switch due {
	case order:
		m.attempt(ctx, cert, rec)
	case ask:
		m.ask(ctx, cert, rec)
	}
}

// attempt orders a certificate and puts it to use.
func (m *Manager) attempt(ctx context.Context, old *tls.Certificate, rec record) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	m.cfg.Log.Info("certificate order begins", "renewal", old != nil)
	start := time.Now()
	cert, rec, err := m.obtain(ctx, old, rec)
	now := m.cfg.Now()
	if err != nil {
		if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
			m.settle(old, rec) // the server stops; that is no failure of the authority's
			return
		}
		rec = failed(rec, now, explain(err), limitedUntil(err, now), rand.Float64())
		m.tellFailure(old, rec, err, now, time.Since(start))
		m.settle(old, rec)
		return
	}
	rec = succeeded(rec, cert, m.cfg.Directory, now, rand.Float64())
	m.settle(cert, rec)
	m.cfg.Log.Info("certificate is ready", "not_after", cert.Leaf.NotAfter, "renew_at", rec.RenewAt, "took_ms", time.Since(start).Milliseconds())
}

// obtain rehearses a first order, and then orders and stores a certificate.
func (m *Manager) obtain(ctx context.Context, old *tls.Certificate, rec record) (*tls.Certificate, record, error) {
	if old == nil && m.cfg.Staging != "" && m.cfg.Staging != m.cfg.Directory && rec.Rehearsed != m.cfg.Staging {
		if _, err := m.issuer.issue(ctx, m.issuer.staging); err != nil {
			return nil, rec, rehearsalError{err}
		}
		m.cfg.Log.Info("the order was rehearsed at the authority's staging directory; now the real one")
		rec.Rehearsed = m.cfg.Staging
	}
	fresh, err := m.issuer.issue(ctx, m.issuer.real)
	if err != nil {
		return nil, rec, err
	}
	cert, err := m.store.saveCertificate(fresh)
	if err != nil {
		return nil, rec, err
	}
	if err := cert.Leaf.VerifyHostname(m.cfg.Domain); err != nil {
		return nil, rec, err
	}
	return cert, rec, nil
}

// settle puts the outcome to use and writes it down.
func (m *Manager) settle(cert *tls.Certificate, rec record) {
	if err := m.store.saveRecord(rec); err != nil {
		m.cfg.Log.Error("what is to be remembered of certificate orders is not on disk; free some space, or look after the disk", "error", err)
	}
	m.mu.Lock()
	m.cert, m.rec, m.running = cert, rec, false
	m.mu.Unlock()
}

func (m *Manager) tellFailure(old *tls.Certificate, rec record, err error, now time.Time, took time.Duration) {
	log := m.cfg.Log.With("class", class(err), "failures", rec.Failures, "failing_since", rec.FailingSince, "next_try", rec.NextTry,
		"took_ms", took.Milliseconds())
	if good(old, now) {
		log.Error("certificate renewal went wrong; the old one is served as long as it is good", "good_until", old.Leaf.NotAfter)
		return
	}
	log.Error("certificate order went wrong; the site has no valid certificate")
}

// ask takes over when the authority wishes the renewal. Its silence changes nothing.
func (m *Manager) ask(ctx context.Context, cert *tls.Certificate, rec record) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	info, err := m.issuer.renewalInfo(ctx, cert)
	if ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		return
	}
	now := m.cfg.Now()
	rec.AskAt = now.Add(askEvery)
	switch {
	case errors.Is(err, acme.ErrUnsupported):
		rec.AskAt = time.Time{} // until the next certificate
	case err != nil:
		m.cfg.Log.Warn("the certificate authority does not say when to renew; it is asked again later", "class", class(err))
	case info.HasWindow():
		if info.RetryAfter != nil {
			rec.AskAt = now.Add(min(max(info.RetryAfter.Sub(now), askMin), askMax))
		}
		rec.RenewAt = advised(cert, rec.Issued, info.SelectedTime)
	}
	m.mu.Lock()
	m.rec.AskAt, m.rec.RenewAt = rec.AskAt, rec.RenewAt
	rec = m.rec
	m.mu.Unlock()
	if err := m.store.saveRecord(rec); err != nil {
		m.cfg.Log.Error("what is to be remembered of certificate orders is not on disk; free some space, or look after the disk", "error", err)
	}
}
