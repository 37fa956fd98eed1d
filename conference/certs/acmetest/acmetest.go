// Package acmetest runs Pebble, Let's Encrypt's test server, for tests of whatever orders certificates. It is the real protocol:
// directory, order, TLS-ALPN-01 validation through a name server, issuance.
package acmetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

// CA is a running Pebble with the name server it asks.
type CA struct {
	// Directory is the ACME directory URL.
	Directory string
	// RootsFile names a PEM file with the root of Directory's own certificate.
	RootsFile string
	// Roots are the roots of the certificates it issues.
	Roots *x509.CertPool

	mu     sync.Mutex
	names  map[string]netip.Addr
	orders int
	fault  http.HandlerFunc
	at     string // begin of the paths that fault answers
}

// Fail makes the CA answer all requests with f instead, until Fail(nil): it is down, or has enough of us.
func (a *CA) Fail(f http.HandlerFunc) { a.FailAt("", f) }

// FailAt is Fail for the paths that begin with path.
func (a *CA) FailAt(path string, f http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fault, a.at = f, path
}

func (a *CA) failing(path string) http.HandlerFunc {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !strings.HasPrefix(path, a.at) {
		return nil
	}
	return a.fault
}

// Start runs a CA that validates on tlsPort until the test ends. validity is how long its certificates last. It knows no name
// before Point.
func Start(t testing.TB, tlsPort int, validity time.Duration) *CA {
	t.Helper()
	// Pebble waits up to 15 s before each validation and reads this when it starts.
	os.Setenv("PEBBLE_VA_NOSLEEP", "1")
	a := &CA{names: map[string]netip.Addr{}}
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	profiles := map[string]ca.Profile{"default": {Description: "test", ValidityPeriod: uint64(validity.Seconds())}}
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, profiles)
	validator := va.New(quiet, 0, tlsPort, false, a.nameServer(t), store)
	front := wfe.New(quiet, store, validator, issuer, []string{"pebble.example"}, false, false, 1, 1)
	a.serve(t, front.Handler())
	a.Roots = x509.NewCertPool()
	a.Roots.AppendCertsFromPEM(issuer.GetRootCert(0).PEM())
	return a
}

// Point makes name resolve to addr.
func (a *CA) Point(name string, addr netip.Addr) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.names[dns.CanonicalName(name)] = addr
}

// Orders is how many orders were begun.
func (a *CA) Orders() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.orders
}

// Leaks are the goroutines that Pebble keeps for the life of the process; goleak is to overlook them.
func Leaks() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/letsencrypt/pebble/v2/va.VAImpl.processTasks"),
	}
}

// serve answers ACME requests over HTTPS with a certificate of its own.
func (a *CA) serve(t testing.TB, h http.Handler) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cert := a.ownCertificate(t)
	s := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if fault := a.failing(r.URL.Path); fault != nil {
				fault(w, r)
				return
			}
			rec := &statusRecorder{ResponseWriter: w}
			h.ServeHTTP(rec, r)
			// A request with a stale nonce is refused and repeated (RFC 8555 §6.5); it begins nothing.
			if r.URL.Path == "/order-plz" && rec.status == http.StatusCreated {
				a.mu.Lock()
				a.orders++
				a.mu.Unlock()
			}
		}),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}}))
	}()
	t.Cleanup(func() { s.Close(); <-done })
	a.Directory = "https://" + l.Addr().String() + wfe.DirectoryPath
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (a *CA) ownCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "acmetest"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a.RootsFile = filepath.Join(t.TempDir(), "acme-roots.pem")
	if err := os.WriteFile(a.RootsFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// nameServer answers A and AAAA for the names that were pointed somewhere, NXDOMAIN for all others, and returns its address.
// Pebble asks over TCP.
func (a *CA) nameServer(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{Listener: l, Handler: dns.HandlerFunc(a.resolve)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ActivateAndServe()
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

func (a *CA) resolve(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg).SetReply(q)
	a.mu.Lock()
	addr, known := a.names[dns.CanonicalName(q.Question[0].Name)]
	a.mu.Unlock()
	header := dns.RR_Header{Name: q.Question[0].Name, Rrtype: q.Question[0].Qtype, Class: dns.ClassINET, Ttl: 1}
	switch {
	case !known:
		m.Rcode = dns.RcodeNameError
	case q.Question[0].Qtype == dns.TypeA && addr.Is4():
		m.Answer = []dns.RR{&dns.A{Hdr: header, A: addr.AsSlice()}}
	case q.Question[0].Qtype == dns.TypeAAAA && addr.Is6():
		m.Answer = []dns.RR{&dns.AAAA{Hdr: header, AAAA: addr.AsSlice()}}
	}
	w.WriteMsg(m)
}
