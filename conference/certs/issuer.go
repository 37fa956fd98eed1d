package certs

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"
)

const (
	// requestTimeout bounds one request to the authority.
	requestTimeout = 30 * time.Second
	// maxAnswer bounds an answer of the authority, in bytes; a chain has some five thousand.
	maxAnswer = 1 << 20
)

// issuer speaks ACME. Used by the keeper, but for challenge.
type issuer struct {
	domain, email string
	now           func() time.Time
	store         store
	roots         *x509.CertPool

	mu        sync.Mutex
	presented *tls.Certificate // answers the challenge that is open, nil: none is
}

// issued is a chain and the key that was made for it.
type issued struct {
	chainPEM []byte
	key      *ecdsa.PrivateKey
}

func newIssuer(cfg Config, store store, roots *x509.CertPool) *issuer {
	return &issuer{domain: cfg.Domain, email: cfg.Email, now: cfg.Now, store: store, roots: roots}
}

// issue orders a certificate with a fresh key. replaces is the one that it takes the place of, nil for a first one; the authority counts a
// renewal not towards its limits (RFC 9773 §5). The error is an authorityError where the authority asked for a pause.
func (i *issuer) issue(ctx context.Context, directory string, replaces *tls.Certificate) (issued, error) {
	c, heard := i.client(directory)
	defer heard.close()
	out, err := i.order(ctx, c, directory, replaces)
	return out, heard.explain(err)
}

func (i *issuer) order(ctx context.Context, c *acmez.Client, directory string, replaces *tls.Certificate) (issued, error) {
	account, err := i.account(ctx, c, directory)
	if err != nil {
		return issued{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return issued{}, fmt.Errorf("make a key for the certificate: %w", err)
	}
	request, err := acmez.NewCSR(key, []string{i.domain})
	if err != nil {
		return issued{}, fmt.Errorf("make the certificate request: %w", err)
	}
	params, err := acmez.OrderParametersFromCSR(account, request)
	if err != nil {
		return issued{}, fmt.Errorf("make the order: %w", err)
	}
	if replaces != nil && knowsRenewals(ctx, c) {
		params.Replaces = replaces.Leaf
	}
	chains, err := c.ObtainCertificate(ctx, params)
	if err != nil {
		return issued{}, err
	}
	if len(chains) == 0 {
		return issued{}, errors.New("the authority sent no certificate")
	}
	return issued{chainPEM: chains[0].ChainPEM, key: key}, nil
}

// knowsRenewals says whether the authority understands that an order replaces a certificate; one that does not refuses it.
func knowsRenewals(ctx context.Context, c *acmez.Client) bool {
	directory, err := c.GetDirectory(ctx)
	return err == nil && directory.RenewalInfo != ""
}

// account finds or makes the account at a directory. Its key is made once for each directory; the authority knows it by that (RFC 8555 §7.3.1).
func (i *issuer) account(ctx context.Context, c *acmez.Client, directory string) (acme.Account, error) {
	key, err := i.store.accountKey(directory)
	if err != nil {
		return acme.Account{}, fmt.Errorf("key of the ACME account: %w", err)
	}
	account := acme.Account{TermsOfServiceAgreed: true, PrivateKey: key} // whoever runs `kreisraum up` accepts the CA's terms; the handbook says so
	if i.email != "" {
		account.Contact = []string{"mailto:" + i.email}
	}
	if account, err = c.NewAccount(ctx, account); err != nil {
		return acme.Account{}, fmt.Errorf("account at the authority: %w", err)
	}
	return account, nil
}

// renewalInfo asks when the certificate is to be renewed (RFC 9773). Returns acme.ErrUnsupported.
func (i *issuer) renewalInfo(ctx context.Context, cert *tls.Certificate, directory string) (acme.RenewalInfo, error) {
	c, heard := i.client(directory)
	defer heard.close()
	return c.GetRenewalInfo(ctx, cert.Leaf)
}

func (i *issuer) client(directory string) (*acmez.Client, *listener) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: i.roots, MinVersion: tls.VersionTLS12}
	heard := &listener{next: transport, now: i.now}
	return &acmez.Client{
		Client: &acme.Client{
			Directory: directory, UserAgent: "kreisraum", PollTimeout: attemptTimeout,
			HTTPClient: &http.Client{Transport: heard, Timeout: requestTimeout},
			Logger:     slog.New(slog.DiscardHandler), // its lines have addresses and names; explain says what matters
		},
		ChallengeSolvers: map[string]acmez.Solver{acme.ChallengeTypeTLSALPN01: i},
	}, heard
}

// Present implements acmez.Solver: from now on the challenge is answered on the TLS port.
func (i *issuer) Present(_ context.Context, c acme.Challenge) error {
	cert, err := acmez.TLSALPN01ChallengeCert(c)
	if err != nil {
		return fmt.Errorf("make the challenge's certificate: %w", err)
	}
	i.mu.Lock()
	i.presented = cert
	i.mu.Unlock()
	return nil
}

// CleanUp implements acmez.Solver.
func (i *issuer) CleanUp(context.Context, acme.Challenge) error {
	i.mu.Lock()
	i.presented = nil
	i.mu.Unlock()
	return nil
}

// challenge is what answers the open challenge, nil if none is open.
func (i *issuer) challenge() *tls.Certificate {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.presented
}

// listener is the way to the authority, for one attempt. It bounds answers and hears when the authority asks for a pause, which the ACME
// library does not tell. One attempt makes its requests one after the other.
type listener struct {
	next *http.Transport
	now  func() time.Time

	mu         sync.Mutex
	status     int // of the last answer
	retryAfter time.Time
}

// RoundTrip implements http.RoundTripper.
func (l *listener) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.next.RoundTrip(r)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status, l.retryAfter = 0, time.Time{}
	if err != nil {
		return nil, err
	}
	l.status = answer.StatusCode
	if answer.StatusCode >= http.StatusBadRequest {
		l.retryAfter = retryAfter(answer.Header.Get("Retry-After"), l.now())
	}
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	return answer, nil
}

// explain adds to an error what the authority's last answer asked for.
func (l *listener) explain(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil || l.status < http.StatusBadRequest {
		return err
	}
	return authorityError{error: err, status: l.status, retryAfter: l.retryAfter}
}

func (l *listener) close() { l.next.CloseIdleConnections() }

// retryAfter reads the header, RFC 9110 §10.2.3: seconds or a date. Zero if there is none or it makes no sense.
func retryAfter(header string, now time.Time) time.Time {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return now.Add(time.Duration(seconds) * time.Second)
	}
	at, err := http.ParseTime(header)
	if err != nil || at.Before(now) {
		return time.Time{}
	}
	return at
}

// authorityError is an error that the authority's last answer explains.
type authorityError struct {
	error
	status     int
	retryAfter time.Time
}

func (e authorityError) Unwrap() error { return e.error }

// rehearsalError is one of an order at the staging directory.
type rehearsalError struct{ error }

func (e rehearsalError) Unwrap() error { return e.error }

// limits says until when the authority asks to wait, zero if it does not, and whether it forbids orders until then.
func limits(err error) (retryAfter time.Time, limited bool) {
	var a authorityError
	if !errors.As(err, &a) {
		return time.Time{}, false
	}
	return a.retryAfter, rateLimited(err)
}

func rateLimited(err error) bool {
	var p acme.Problem
	if errors.As(err, &p) && p.Type == acme.ProblemTypeRateLimited {
		return true
	}
	var a authorityError
	return errors.As(err, &a) && a.status == http.StatusTooManyRequests
}

// unreachable says that there was no connection.
func unreachable(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}
