// Package certs orders, keeps and renews the site's one certificate: ACME (RFC 8555) through certmagic, TLS-ALPN-01 (RFC 8737) on
// the server's own TLS listener, no other challenge and no other port.
//
//	none ──Order──▶ ordering ──▶ ready ──(renewal by itself)──▶ ready
//	                   │           └──(renewal fails)──▶ ready, with what is wrong ──▶ …
//	                   └───────▶ failed ──(by itself, or Order)──▶ ordering
//
// A certificate that is already in storage is served and renewed from the start. Without one nothing is ordered until Order is called: the
// operator first checks the DNS records, so that no order is wasted on a wrong one. The first order is rehearsed at the authority's staging
// directory, so that a mistake does not use up its limits; what staging issues is thrown away.
//
// Each certificate has a key of its own, made for it. A renewal is due when two thirds of the lifetime are over, some days earlier or later
// so that counties do not all come at once, or when the authority says so (ARI, RFC 9773). One that fails is tried again, ever more seldom,
// and never while the authority forbids it; the old certificate is served as long as it is good. All of this is on disk and goes on after
// a restart.
//
// One goroutine, the keeper, does all that; what it does next is decided in plan.go. certmagic has accounts, orders, the challenge, ARI and the
// files; its own keeping of certificates is not used, because it neither rehearses nor waits for a command nor says when it tries again.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mholt/acmez/v3"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// Config says whose certificate, from whom, kept where.
type Config struct {
	// Domain is the one name in the certificate, in ASCII.
	Domain string
	// Directory is the ACME directory URL.
	Directory string
	// Staging is the directory at which a first order is rehearsed. Empty, or the same as Directory: there is no rehearsal.
	Staging string
	// Email is the contact of the ACME account; may be empty.
	Email string
	// RootsFile names a PEM file with the roots of the ACME server's own certificate. Empty: the system's roots.
	RootsFile string
	// Dir is the folder of certificate, keys and what is to be remembered.
	Dir string
	// Listen is where the server's TLS listener already accepts connections when Order is called. The ACME library tries to bind it, finds it
	// taken, and then relies on GetCertificate.
	Listen netip.AddrPort
	// Now is the clock. Default time.Now.
	Now func() time.Time
	Log *slog.Logger

	// look is how often the keeper looks at the clock. Default a minute: a timer does not see when the clock was set.
	look time.Duration
}

// Manager is the site's certificate. Safe for concurrent use.
type Manager struct {
	cfg    Config
	store  store
	issuer *issuer
	work   sync.WaitGroup
	cancel context.CancelFunc
	// orders has a value when somebody wants a certificate now.
	orders chan struct{}

	mu      sync.Mutex
	cert    *tls.Certificate // nil: there is none
	rec     record
	running bool // an attempt is under way
	closed  bool
}

// New loads the certificate from storage if there is one, and starts the keeper. It makes no network call before Order, unless something is
// due for a stored certificate or an earlier Order.
func New(cfg Config) (*Manager, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.look == 0 {
		cfg.look = time.Minute
	}
	roots, err := loadRoots(cfg.RootsFile)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for certificates: %w", err)
	}
	m := &Manager{cfg: cfg, store: newStore(cfg.Dir), orders: make(chan struct{}, 1)}
	if err := m.load(); err != nil {
		return nil, err
	}
	m.issuer = newIssuer(cfg, m.store, roots)
	ctx, cancel := context.WithCancel(context.Background())
	m.cancel = cancel
	m.work.Go(func() { m.keep(ctx) })
	return m, nil
}

func loadRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read acme.roots_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("acme.roots_file %s: no PEM certificate in it", file)
	}
	return pool, nil
}

// load puts a stored certificate to use. What is damaged is set aside: the next order brings it anew.
func (m *Manager) load() error {
	rec, err := m.store.loadRecord()
	if err != nil {
		m.cfg.Log.Error("what was remembered of certificate orders is damaged and was dropped", "error", err)
	}
	cert, err := m.store.loadCertificate()
	if err != nil {
		m.cfg.Log.Error("the stored certificate is damaged and was set aside; run kreisraum up, which orders another one", "error", err)
		if err := m.store.setAside(); err != nil {
			return err
		}
	}
	m.cert, m.rec = fit(cert, rec, m.cfg, m.cfg.Now())
	return nil
}

// Order begins an order now, unless there is nothing to order, one is under way or the authority has forbidden it for a while, and returns the
// state.
func (m *Manager) Order() opsapi.Certificate {
	m.mu.Lock()
	now := m.cfg.Now()
	if !m.closed && !m.running && wanted(m.cert, m.rec, now) && !now.Before(m.rec.LimitedUntil) {
		m.rec.Ordered, m.running = true, true
		select {
		case m.orders <- struct{}{}:
		default: // one waits already
		}
	}
	m.mu.Unlock()
	return m.Status()
}

// Status is the certificate's state. A valid certificate stays ready while its renewal fails; Detail and FailingSince then say so.
func (m *Manager) Status() opsapi.Certificate {
	m.mu.Lock()
	cert, rec, running := m.cert, m.rec, m.running
	m.mu.Unlock()
	now := m.cfg.Now()
	var s opsapi.Certificate
	if cert != nil {
		s.NotAfter, s.Issuer, s.RenewAt = cert.Leaf.NotAfter, cert.Leaf.Issuer.CommonName, rec.RenewAt
	}
	valid := good(cert, now)
	switch {
	case valid:
		s.State = opsapi.CertificateReady
	case running:
		s.State = opsapi.CertificateOrdering
	case rec.failing() || cert != nil:
		s.State = opsapi.CertificateFailed
	default:
		s.State = opsapi.CertificateNone
	}
	if rec.failing() && !(running && !valid) {
		s.Detail, s.FailingSince, s.NextTry, s.LimitedUntil = rec.LastError, rec.FailingSince, rec.NextTry, rec.LimitedUntil
	} else if cert != nil && !valid && !running {
		s.Detail = "the certificate has expired; its renewal is under way"
	}
	return s
}

var errNoCertificate = errors.New("there is no certificate for this name")

// GetCertificate is the callback of the site's TLS configuration and of the one for "acme-tls/1". It fails at once when there is no
// certificate for the name.
func (m *Manager) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if !strings.EqualFold(strings.TrimSuffix(hello.ServerName, "."), m.cfg.Domain) {
		return nil, errNoCertificate
	}
	if slices.Equal(hello.SupportedProtos, []string{acmez.ACMETLS1Protocol}) { // RFC 8737 §3: that protocol and no other
		if c, err := m.issuer.challenge(hello); err == nil {
			return c, nil
		}
		return nil, errNoCertificate
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cert == nil {
		return nil, errNoCertificate
	}
	return m.cert, nil
}

// Close stops the keeper, breaks off a running order and waits. Idempotent.
func (m *Manager) Close() {
	m.mu.Lock()
	closed := m.closed
	m.closed = true
	m.mu.Unlock()
	m.cancel()
	m.work.Wait()
	if !closed {
		m.issuer.close()
	}
	m.mu.Lock()
	m.running = false // an order that the keeper did not come to; it is begun after the next start only if somebody asks again
	m.mu.Unlock()
}
