package certs

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"
	"go.uber.org/zap"
)

// issuer is the way to the authority. certmagic does the work: accounts, orders, the challenge, the question when to renew. Used by the keeper,
// but for challenge.
type issuer struct {
	domain, email string
	cache         *certmagic.Cache  // stays empty; certmagic demands one
	config        *certmagic.Config // answers the challenge
	real, staging *certmagic.ACMEIssuer
}

// issued is a chain and the key that was made for it.
type issued struct {
	chainPEM []byte
	key      crypto.PrivateKey
}

func newIssuer(cfg Config, store store, roots *x509.CertPool) *issuer {
	log := zap.New(&logCore{log: cfg.Log})
	i := &issuer{domain: cfg.Domain, email: cfg.Email}
	i.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return i.config, nil },
		Logger:           log,
	})
	i.config = certmagic.New(i.cache, certmagic.Config{
		Storage: store.files,
		Issuers: []certmagic.Issuer{}, // the keeper calls them; a handshake looks for its challenge in memory and nowhere else
		Logger:  log,
	})
	at := func(directory string) *certmagic.ACMEIssuer {
		return certmagic.NewACMEIssuer(i.config, certmagic.ACMEIssuer{
			CA:                        directory,
			TestCA:                    directory, // when to rehearse is the keeper's decision, see plan.go
			Email:                     cfg.Email,
			Agreed:                    true, // whoever runs `kreisraum up` accepts the CA's terms; the handbook says so
			DisableHTTPChallenge:      true,
			DisableDistributedSolvers: true, // one process; nothing of a challenge is written to disk
			ListenHost:                cfg.Listen.Addr().String(),
			AltTLSALPNPort:            int(cfg.Listen.Port()),
			TrustedRoots:              roots,
			CertObtainTimeout:         attemptTimeout,
			Logger:                    log,
		})
	}
	i.real = at(cfg.Directory)
	if cfg.Staging != "" {
		i.staging = at(cfg.Staging)
	}
	return i
}

// issue orders a certificate with a fresh key, a rehearsal from staging or a real one.
func (i *issuer) issue(ctx context.Context, from *certmagic.ACMEIssuer) (issued, error) {
	key, err := certmagic.StandardKeyGenerator{KeyType: certmagic.P256}.GenerateKey()
	if err != nil {
		return issued{}, fmt.Errorf("make a key for the certificate: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return issued{}, fmt.Errorf("make a key for the certificate: %T cannot sign", key)
	}
	request, err := acmez.NewCSR(signer, []string{i.domain})
	if err != nil {
		return issued{}, fmt.Errorf("make the certificate request: %w", err)
	}
	if i.email != "" { // without one it would take any that it finds, or ask at the terminal
		if err := from.PreCheck(ctx, []string{i.domain}, false); err != nil {
			return issued{}, withoutContact(err)
		}
	}
	// The first attempt passes a limiter that is meant for thousands of names and whose goroutine never ends; the pauses are the keeper's.
	attempt := 1
	cert, err := from.Issue(context.WithValue(ctx, certmagic.AttemptsCtxKey, &attempt), request)
	if err != nil {
		return issued{}, withoutContact(err)
	}
	return issued{chainPEM: cert.Certificate, key: key}, nil
}

// withoutContact peels off what the library says around an error until the account's e-mail address is gone.
func withoutContact(err error) error {
	for strings.Contains(err.Error(), "mailto:") {
		if err = errors.Unwrap(err); err == nil {
			return errors.New("the account at the authority could not be made or stored; see whether the disk is full")
		}
	}
	return err
}

// renewalInfo asks when the certificate is to be renewed (RFC 9773). Returns acme.ErrUnsupported.
func (i *issuer) renewalInfo(ctx context.Context, cert *tls.Certificate) (acme.RenewalInfo, error) {
	return i.real.GetRenewalInfo(ctx, certmagic.Certificate{Certificate: *cert})
}

// challenge is what answers the open challenge for the name, an error if none is open.
func (i *issuer) challenge(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return i.config.GetCertificate(hello)
}

// close ends certmagic's goroutine. No order may be under way.
func (i *issuer) close() { i.cache.Stop() }

// rehearsalError is one of an order at the staging directory.
type rehearsalError struct{ error }

func (e rehearsalError) Unwrap() error { return e.error }

// limitPause is how long nothing is ordered when the authority forbids it and does not say for how long: Let's Encrypt's shortest window, that
// of failed validations, is an hour (https://letsencrypt.org/docs/rate-limits/).
const limitPause = time.Hour

// retryAfter are the words of Let's Encrypt: "…, retry after 2026-11-22 04:00:00 UTC: see …". The library does not hand on the header.
var retryAfter = regexp.MustCompile(`retry after (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC`)

// limitedUntil says until when the authority forbids orders, zero if it does not.
func limitedUntil(err error, now time.Time) time.Time {
	var p acme.Problem
	if !errors.As(err, &p) || p.Type != acme.ProblemTypeRateLimited {
		return time.Time{}
	}
	if words := retryAfter.FindStringSubmatch(p.Detail); words != nil {
		if at, err := time.Parse(time.DateTime, words[1]); err == nil {
			return at
		}
	}
	return now.Add(limitPause)
}
