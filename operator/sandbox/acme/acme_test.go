package acme

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"
	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/dns"
)

const name = "klasse.localhost"

func TestMain(m *testing.M) {
	// Pebble's worker for validations has no end.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/letsencrypt/pebble/v2/va.VAImpl.processTasks"))
}

// challenge answers TLS-ALPN-01 on a port of its own, as a machine does on 443.
type challenge struct {
	listener net.Listener
	done     chan struct{}
	mu       sync.Mutex
	cert     *tls.Certificate
}

func newChallenge(t *testing.T) *challenge {
	t.Helper()
	c := &challenge{done: make(chan struct{})}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		NextProtos: []string{acmez.ACMETLS1Protocol},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.cert, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.listener = l
	go func() {
		defer close(c.done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			_ = conn.(*tls.Conn).Handshake()
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-c.done })
	return c
}

func (c *challenge) Present(_ context.Context, chal acme.Challenge) error {
	cert, err := acmez.TLSALPN01ChallengeCert(chal)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cert = cert
	return err
}

func (c *challenge) CleanUp(context.Context, acme.Challenge) error { return nil }

// lab is a name server and a certificate authority for one name.
func startCA(t *testing.T, dir string, c *challenge, names dns.Names) *CA {
	t.Helper()
	server, err := dns.Start("127.0.0.1:0", names, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	ca, err := Start(Config{
		Dir: dir, Listen: "127.0.0.1:0", DNSServer: server.Address(), TLSPort: c.listener.Addr().(*net.TCPAddr).Port,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ca.Close() })
	return ca
}

func pool(t *testing.T, roots []byte) *x509.CertPool {
	t.Helper()
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(roots) {
		t.Fatal("no certificate in the roots")
	}
	return p
}

// order gets a certificate, with a new account.
func order(t *testing.T, ca *CA, c *challenge) ([]*x509.Certificate, error) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool(t, ca.Roots())}}
	defer transport.CloseIdleConnections()
	client := acmez.Client{
		Client:           &acme.Client{Directory: ca.Directory(), HTTPClient: &http.Client{Transport: transport, Timeout: 10 * time.Second}},
		ChallengeSolvers: map[string]acmez.Solver{acme.ChallengeTypeTLSALPN01: c},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	account, err := client.NewAccount(ctx, acme.Account{TermsOfServiceAgreed: true, PrivateKey: key})
	if err != nil {
		t.Fatal(err)
	}
	certKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.ObtainCertificateForSANs(ctx, account, certKey, []string{name})
	if err != nil {
		return nil, err
	}
	var chain []*x509.Certificate
	for rest := got[0].ChainPEM; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return chain, nil
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, cert)
	}
}

func verify(t *testing.T, chain []*x509.Certificate, roots []byte) {
	t.Helper()
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: pool(t, roots), Intermediates: intermediates}); err != nil {
		t.Error(err)
	}
}

func TestIssueOverDNSAndTLSALPN(t *testing.T) {
	c := newChallenge(t)
	here := func() map[string][]netip.Addr {
		return map[string][]netip.Addr{name: {netip.MustParseAddr("127.0.0.1")}}
	}
	dir := filepath.Join(t.TempDir(), "acme")
	first := startCA(t, dir, c, here)
	chain, err := order(t, first, c)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, chain, first.Roots())

	// After a restart, yesterday's certificate is still good and today's roots are yesterday's.
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := startCA(t, dir, c, here)
	if string(first.Roots()) != string(second.Roots()) {
		t.Error("the root changed with the restart")
	}
	verify(t, chain, second.Roots())
	again, err := order(t, second, c)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, again, first.Roots())
	if info, err := os.Stat(filepath.Join(dir, "hierarchy.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the keys' file: %v, %v", info, err)
	}
}

func TestUnknownNameIsNotIssued(t *testing.T) {
	c := newChallenge(t)
	ca := startCA(t, t.TempDir(), c, func() map[string][]netip.Addr { return nil })
	if _, err := order(t, ca, c); err == nil {
		t.Error("a certificate for a name without an address was issued")
	}
}

func TestBrokenHierarchyIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "hierarchy.pem"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(Config{Dir: dir, Listen: "127.0.0.1:0"}); err == nil {
		t.Error("a broken hierarchy was accepted, or replaced without asking")
	}
}
