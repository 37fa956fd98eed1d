// Package certs orders, keeps and renews the site's one certificate: ACME (RFC 8555) through certmagic, TLS-ALPN-01 (RFC 8737)
// on the server's own TLS listener, no other challenge and no other port.
//
//	none ──Order──▶ ordering ──▶ ready ──(renewal by itself)──▶ ready
//	                   └───────▶ failed ──Order──▶ ordering
//
// A certificate that is already in storage is served and renewed from the start. Without one nothing is ordered until Order is
// called: the operator first checks the DNS records, so that no order is wasted on a wrong one.
package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// orderTimeout bounds an order from the first request to the stored certificate. Let's Encrypt takes some 5 s; the rest is for
// retries inside the order.
const orderTimeout = 3 * time.Minute

// Config says whose certificate, from whom, kept where.
type Config struct {
	// Domain is the one name in the certificate.
	Domain string
	// Directory is the ACME directory URL.
	Directory string
	// Email is the contact of the ACME account; may be empty.
	Email string
	// RootsFile names a PEM file with the roots of the ACME server's own certificate. Empty: the system's roots.
	RootsFile string
	// Dir is the folder of certmagic's storage. It holds private keys.
	Dir string
	// Listen is where the server's TLS listener already accepts connections when Order is called. The ACME library tries to bind
	// it, finds it taken, and then relies on GetCertificate.
	Listen netip.AddrPort
	Log    *slog.Logger
}

// Manager is the site's certificate. Safe for concurrent use.
type Manager struct {
	domain   string
	cache    *certmagic.Cache
	managed  *certmagic.Config // serves and renews
	ordering *certmagic.Config // orders; same storage and cache
	storage  *certmagic.FileStorage
	log      *slog.Logger

	ctx    context.Context // ends with Close; orders and renewals run under it
	cancel context.CancelFunc
	orders sync.WaitGroup

	mu      sync.Mutex
	running bool
	failed  error // of the last order or renewal, nil after a success
	closed  bool
}

// New loads the certificate from storage if there is one. It makes no network call before Order, unless a stored certificate is
// due for renewal.
func New(cfg Config) (*Manager, error) {
	roots, err := loadRoots(cfg.RootsFile)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder for certificates: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	m := &Manager{domain: cfg.Domain, storage: &certmagic.FileStorage{Path: cfg.Dir}, log: cfg.Log, ctx: ctx, cancel: cancel}
	zlog := zap.New(&logCore{log: cfg.Log})
	m.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return m.managed, nil },
		Logger:           zlog,
	})
	m.managed = m.newConfig(zlog)
	m.ordering = m.newConfig(zlog)
	m.managed.Issuers = []certmagic.Issuer{newIssuer(m.managed, cfg, roots, zlog)}
	m.ordering.Issuers = []certmagic.Issuer{unattended{newIssuer(m.ordering, cfg, roots, zlog)}}
	if err := m.load(); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *Manager) newConfig(zlog *zap.Logger) *certmagic.Config {
	return certmagic.New(m.cache, certmagic.Config{
		Storage:   m.storage,
		KeySource: certmagic.StandardKeyGenerator{KeyType: certmagic.P256},
		// Let's Encrypt ended OCSP in 2025; a responder elsewhere would be one more host to call.
		OCSP:    certmagic.OCSPConfig{DisableStapling: true},
		OnEvent: m.event,
		Logger:  zlog,
	})
}

func newIssuer(c *certmagic.Config, cfg Config, roots *x509.CertPool, zlog *zap.Logger) *certmagic.ACMEIssuer {
	return certmagic.NewACMEIssuer(c, certmagic.ACMEIssuer{
		CA:                        cfg.Directory,
		Email:                     cfg.Email,
		Agreed:                    true, // whoever runs `kreisraum up` accepts the CA's terms; the handbook says so
		DisableHTTPChallenge:      true,
		DisableDistributedSolvers: true, // one process; nothing of a challenge is written to disk
		ListenHost:                cfg.Listen.Addr().String(),
		AltTLSALPNPort:            int(cfg.Listen.Port()),
		TrustedRoots:              roots,
		Logger:                    zlog,
	})
}

// unattended keeps the library from asking for an e-mail address on the terminal when an order has none.
type unattended struct{ *certmagic.ACMEIssuer }

// PreCheck implements certmagic.PreChecker.
func (u unattended) PreCheck(ctx context.Context, names []string, _ bool) error {
	return u.ACMEIssuer.PreCheck(ctx, names, false)
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

// load puts a stored certificate to use, and renews it in the background when it is due.
func (m *Manager) load() error {
	key := certmagic.StorageKeys.SiteCert(m.managed.Issuers[0].IssuerKey(), m.domain)
	if !m.storage.Exists(m.ctx, key) {
		return nil
	}
	cert, err := m.managed.CacheManagedCertificate(m.ctx, m.domain)
	if err != nil {
		return fmt.Errorf("load the stored certificate: %w; remove %s to order a new one", err, m.storage.Path)
	}
	if cert.NeedsRenewal(m.managed) {
		m.orders.Go(func() {
			if err := m.cache.RenewManagedCertificates(m.ctx); err != nil {
				m.fail(err)
			}
		})
	}
	return nil
}

// Order begins an order unless one is under way or a valid certificate is there, and returns the state.
func (m *Manager) Order() opsapi.Certificate {
	m.mu.Lock()
	_, valid := m.current()
	if !valid && !m.running && !m.closed {
		m.running, m.failed = true, nil
		m.orders.Go(m.order)
	}
	m.mu.Unlock()
	return m.Status()
}

func (m *Manager) order() {
	ctx, cancel := context.WithTimeout(m.ctx, orderTimeout)
	defer cancel()
	m.log.Info("certificate order begins")
	start := time.Now()
	err := m.obtain(ctx)
	m.mu.Lock()
	m.running, m.failed = false, err
	m.mu.Unlock()
	if err != nil {
		m.log.Error("certificate order went wrong", "class", class(err), "took_ms", time.Since(start).Milliseconds())
		return
	}
	m.log.Info("certificate is ready", "took_ms", time.Since(start).Milliseconds())
}

// obtain orders a first certificate, or renews an expired one.
func (m *Manager) obtain(ctx context.Context) error {
	expired := m.cache.AllMatchingCertificates(m.domain)
	if len(expired) == 0 {
		return m.ordering.ManageSync(ctx, []string{m.domain})
	}
	if err := m.ordering.RenewCertSync(ctx, m.domain, false); err != nil {
		return err
	}
	if _, err := m.managed.CacheManagedCertificate(ctx, m.domain); err != nil {
		return err
	}
	for _, c := range expired {
		m.cache.Remove([]string{c.Hash()})
	}
	return nil
}

// event listens to renewals that the library makes by itself.
func (m *Manager) event(_ context.Context, name string, data map[string]any) error {
	switch name {
	case "cert_failed":
		err, _ := data["error"].(error)
		m.fail(err)
	case "cert_obtained":
		m.fail(nil)
	}
	return nil
}

func (m *Manager) fail(err error) {
	m.mu.Lock()
	m.failed = err
	m.mu.Unlock()
}

// Status is the certificate's state. A valid certificate stays ready while its renewal fails; Detail then says so.
func (m *Manager) Status() opsapi.Certificate {
	leaf, valid := m.current()
	m.mu.Lock()
	running, failed := m.running, m.failed
	m.mu.Unlock()
	var s opsapi.Certificate
	if leaf != nil {
		s.NotAfter, s.Issuer = leaf.NotAfter, leaf.Issuer.CommonName
	}
	switch {
	case valid:
		s.State = opsapi.CertificateReady
	case running:
		s.State = opsapi.CertificateOrdering
	case failed != nil || leaf != nil:
		s.State = opsapi.CertificateFailed
	default:
		s.State = opsapi.CertificateNone
	}
	switch {
	case running:
	case failed != nil && valid:
		s.Detail = "renewal went wrong and will be tried again: " + explain(failed)
	case failed != nil:
		s.Detail = explain(failed)
	case leaf != nil && !valid:
		s.Detail = "the certificate has expired; order again"
	}
	return s
}

// current returns the leaf that expires last and whether it is valid now.
func (m *Manager) current() (*x509.Certificate, bool) {
	var leaf *x509.Certificate
	for _, c := range m.cache.AllMatchingCertificates(m.domain) {
		if c.Leaf != nil && (leaf == nil || c.Leaf.NotAfter.After(leaf.NotAfter)) {
			leaf = c.Leaf
		}
	}
	return leaf, leaf != nil && time.Now().Before(leaf.NotAfter)
}

// GetCertificate is the callback of the site's TLS configuration and of the one for "acme-tls/1". It fails at once when there
// is no certificate for the name.
func (m *Manager) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return m.managed.GetCertificate(hello)
}

// Close stops renewals, breaks off a running order and waits for both. Idempotent.
func (m *Manager) Close() {
	m.mu.Lock()
	closed := m.closed
	m.closed = true
	m.mu.Unlock()
	if closed {
		return
	}
	m.cancel()
	m.orders.Wait()
	m.cache.Stop()
}
