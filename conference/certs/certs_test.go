package certs

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/certs/acmetest"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, acmetest.Leaks()...) }

const domain = "jitsi.kmz-musterkreis.example"

// sites counts those of this process.
var sites atomic.Uint32

// site is a TLS listener with a Manager behind it, as demux has one.
type site struct {
	// domain is this site's alone: certmagic keeps the open challenges of a process by name.
	domain  string
	current atomic.Pointer[Manager]
	ca      *acmetest.CA
	addr    netip.AddrPort
	config  Config
	log     *logtest.Buffer
}

func newSite(t *testing.T, validity time.Duration) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{domain: fmt.Sprintf("jitsi%d.kmz-musterkreis.example", sites.Add(1)), addr: l.Addr().(*net.TCPAddr).AddrPort(), log: &logtest.Buffer{}}
	s.ca = acmetest.Start(t, int(s.addr.Port()), validity)
	s.config = Config{
		Domain: s.domain, Directory: s.ca.Directory, RootsFile: s.ca.RootsFile, Dir: filepath.Join(t.TempDir(), "acme"),
		Listen: s.addr, Log: slog.New(slog.NewJSONHandler(s.log, nil)), look: 10 * time.Millisecond,
	}
	s.open(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		config := &tls.Config{
			NextProtos:     []string{"acme-tls/1", "http/1.1"},
			GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return s.manager().GetCertificate(h) },
		}
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c := tls.Server(conn, config)
			c.SetDeadline(time.Now().Add(5 * time.Second))
			c.Handshake()
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done; s.manager().Close() })
	return s
}

func (s *site) manager() *Manager { return s.current.Load() }

// open starts the Manager as a process would, with what is in storage.
func (s *site) open(t *testing.T) {
	t.Helper()
	m, err := New(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.current.Store(m)
}

// waitFor polls until the state is there.
func (s *site) waitFor(t *testing.T, state string) opsapi.Certificate {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for {
		c := s.manager().Status()
		if c.State == state {
			return c
		}
		if time.Now().After(deadline) || c.State == opsapi.CertificateFailed {
			t.Fatalf("still waiting for %q, status is %+v", state, c)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// visit makes a handshake as a browser would.
func (s *site) visit(name string) (*x509.Certificate, error) {
	dialer := &tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: &tls.Config{ServerName: name, RootCAs: s.ca.Roots}}
	conn, err := dialer.Dial("tcp", s.addr.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

func TestNothingIsOrderedBeforeOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t, time.Hour)
	if c := s.manager().Status(); c != (opsapi.Certificate{State: opsapi.CertificateNone}) {
		t.Errorf("got %+v", c)
	}
	start := time.Now()
	if _, err := s.visit(s.domain); err == nil {
		t.Error("handshake without a certificate succeeded")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("handshake failed only after %s", took)
	}
	if n := s.ca.Orders(); n != 0 {
		t.Errorf("%d orders", n)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t, 48*time.Hour)
	s.ca.Point(s.domain, s.addr.Addr())
	if c := s.manager().Order(); c.State != opsapi.CertificateOrdering {
		t.Errorf("right after Order: %+v", c)
	}
	s.manager().Order() // a second one while the first is under way
	c := s.waitFor(t, opsapi.CertificateReady)
	if c.Issuer == "" || time.Until(c.NotAfter) < 47*time.Hour || c.Detail != "" {
		t.Errorf("status: %+v", c)
	}
	leaf, err := s.visit(s.domain)
	if err != nil {
		t.Fatal(err)
	}
	if leaf.PublicKeyAlgorithm != x509.ECDSA {
		t.Errorf("key is %s", leaf.PublicKeyAlgorithm)
	}
	if _, err := s.visit("other.example"); err == nil {
		t.Error("a handshake for another name succeeded")
	}
	s.manager().Order() // a third one, with a valid certificate
	if n := s.ca.Orders(); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}
}

func TestStoredCertificateSurvivesRestart(t *testing.T) {
	t.Parallel()
	s := newSite(t, 48*time.Hour)
	s.ca.Point(s.domain, s.addr.Addr())
	s.manager().Order()
	before := s.waitFor(t, opsapi.CertificateReady)
	s.manager().Close()
	s.open(t)
	if after := s.manager().Status(); after != before {
		t.Errorf("after a restart %+v, before %+v", after, before)
	}
	if _, err := s.visit(s.domain); err != nil {
		t.Error(err)
	}
	if n := s.ca.Orders(); n != 1 {
		t.Errorf("%d orders, want 1", n)
	}
}

func TestFailedOrderSaysWhyAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	s := newSite(t, 48*time.Hour)
	s.manager().Order() // the name does not resolve
	c := s.waitFor(t, opsapi.CertificateFailed)
	if !strings.Contains(c.Detail, "Could not resolve") { // Pebble's words for it
		t.Errorf("detail lacks the CA's reason: %q", c.Detail)
	}
	eventually.True(t, "the failure is logged", func() bool { return strings.Contains(s.log.String(), "went wrong") })
	if text := s.log.String(); strings.Contains(text, "127.0.0.1") || strings.Contains(text, s.domain) {
		t.Errorf("the log has addresses or names: %s", text)
	}
	s.ca.Point(s.domain, s.addr.Addr())
	s.manager().Order()
	s.waitFor(t, opsapi.CertificateReady)
}

func TestUnreachableAndUntrustedACMEServer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"nobody listens": {func(c *Config) { c.Directory = "https://127.0.0.1:1/dir" }, "cannot be reached"},
		"not trusted":    {func(c *Config) { c.RootsFile = "" }, "not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, time.Hour)
			s.manager().Close()
			tt.change(&s.config)
			s.open(t)
			s.manager().Order()
			c := s.waitFor(t, opsapi.CertificateFailed)
			if !strings.Contains(c.Detail, tt.want) {
				t.Errorf("detail: %q", c.Detail)
			}
		})
	}
}

// TestExpiredCertificate: the server was off for too long; it renews by itself at the start.
func TestExpiredCertificate(t *testing.T) {
	t.Parallel()
	s := newSite(t, 8*time.Second)
	s.ca.Point(s.domain, s.addr.Addr())
	s.manager().Order()
	before := s.waitFor(t, opsapi.CertificateReady)
	s.manager().Close()
	for time.Now().Before(before.NotAfter) {
		time.Sleep(50 * time.Millisecond)
	}
	s.open(t)
	deadline := time.Now().Add(60 * time.Second)
	for !s.manager().Status().NotAfter.After(before.NotAfter) {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting for a renewed certificate, status is %+v", s.manager().Status())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestCloseBreaksOffAnOrder(t *testing.T) {
	t.Parallel()
	s := newSite(t, time.Hour)
	// An ACME server that accepts and says nothing.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s.manager().Close()
	s.config.Directory = "https://" + l.Addr().String() + "/dir"
	s.open(t)
	s.manager().Order()
	start := time.Now()
	s.manager().Close()
	s.manager().Close()
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("Close took %s", took)
	}
	if c := s.manager().Order(); c.State == opsapi.CertificateOrdering {
		t.Error("an order begins after Close")
	}
}

func TestNewRefusesBadRoots(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "roots.pem")
	cfg := Config{Domain: domain, Directory: "https://acme.example/dir", RootsFile: file, Dir: dir, Log: slog.New(slog.DiscardHandler)}
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "roots_file") {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "no PEM certificate") {
		t.Errorf("empty file: %v", err)
	}
}
