package certs

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// testCA signs machine leaves as the operator does.
type testCA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newTestCA(t *testing.T) *testCA {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "county CA"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &testCA{cert, key}
}

func (ca *testCA) sign(t *testing.T, public crypto.PublicKey, name string, usage x509.ExtKeyUsage, life time.Duration) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Minute),
		NotAfter: time.Now().Add(life), ExtKeyUsage: []x509.ExtKeyUsage{usage}, KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, public, ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (ca *testCA) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

func opsConfig(t *testing.T) OpsConfig {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	return OpsConfig{KeyFile: at("ops.key"), CSRFile: at("ops.csr"), CertificateFile: at("ops.crt"), CAFile: at("county-ca.crt"),
		Log: slog.New(slog.DiscardHandler)}
}

func newLeaf(t *testing.T, cfg OpsConfig) *OpsLeaf {
	t.Helper()
	o, err := NewOpsLeaf(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func readRequest(t *testing.T, cfg OpsConfig) *x509.CertificateRequest {
	t.Helper()
	data, err := os.ReadFile(cfg.CSRFile)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return csr
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRequestIsMadeOnce(t *testing.T) {
	cfg := opsConfig(t)
	newLeaf(t, cfg)
	csr := readRequest(t, cfg)
	if err := csr.CheckSignature(); err != nil {
		t.Error(err)
	}
	if csr.Subject.CommonName != opsapi.ServerName || len(csr.DNSNames) != 1 || csr.DNSNames[0] != opsapi.ServerName {
		t.Errorf("request for %v, %v", csr.Subject, csr.DNSNames)
	}
	if info, err := os.Stat(cfg.KeyFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info.Mode(), err)
	}
	newLeaf(t, cfg)
	if again := readRequest(t, cfg); string(again.Raw) != string(csr.Raw) {
		t.Error("a restart made a new request")
	}
	if err := os.Remove(cfg.KeyFile); err != nil {
		t.Fatal(err)
	}
	newLeaf(t, cfg)
	if again := readRequest(t, cfg); string(again.RawSubjectPublicKeyInfo) == string(csr.RawSubjectPublicKeyInfo) {
		t.Error("the request is still over the lost key")
	}
}

func TestDamagedKeyIsReplaced(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "not a key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		cfg := opsConfig(t)
		write(t, cfg.KeyFile, []byte(content))
		o := newLeaf(t, cfg)
		if csr := readRequest(t, cfg); !o.key.PublicKey.Equal(csr.PublicKey) {
			t.Errorf("%s: the request is not over the new key", name)
		}
	}
	cfg := opsConfig(t)
	if err := os.Mkdir(cfg.KeyFile, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := NewOpsLeaf(cfg); err == nil || !strings.Contains(err.Error(), cfg.KeyFile) {
		t.Errorf("unreadable: %v", err)
	}
}

func TestOnlyClientsCall(t *testing.T) {
	for name, tt := range map[string]struct {
		usage []x509.ExtKeyUsage
		ok    bool
	}{
		"client":           {[]x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, true},
		"server":           {[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, false},
		"anything":         {[]x509.ExtKeyUsage{x509.ExtKeyUsageAny}, false},
		"says nothing":     {nil, false},
		"client and other": {[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, true},
	} {
		err := onlyClients(tls.ConnectionState{PeerCertificates: []*x509.Certificate{{ExtKeyUsage: tt.usage}}})
		if (err == nil) != tt.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if onlyClients(tls.ConnectionState{}) == nil {
		t.Error("no certificate is accepted")
	}
}

func TestOnlyTheRightCertificateIsUsed(t *testing.T) {
	cfg := opsConfig(t)
	newLeaf(t, cfg)
	ours := readRequest(t, cfg).PublicKey
	ca, other := newTestCA(t), newTestCA(t)
	foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cfg.CAFile, ca.pem())
	for _, tt := range []struct {
		name string
		leaf []byte
		want bool
	}{
		{"right", ca.sign(t, ours, opsapi.ServerName, x509.ExtKeyUsageServerAuth, time.Hour), true},
		{"another CA", other.sign(t, ours, opsapi.ServerName, x509.ExtKeyUsageServerAuth, time.Hour), false},
		{"another key", ca.sign(t, foreign.Public(), opsapi.ServerName, x509.ExtKeyUsageServerAuth, time.Hour), false},
		{"another name", ca.sign(t, ours, "ops.other.internal", x509.ExtKeyUsageServerAuth, time.Hour), false},
		{"a client's", ca.sign(t, ours, opsapi.ServerName, x509.ExtKeyUsageClientAuth, time.Hour), false},
		{"expired", ca.sign(t, ours, opsapi.ServerName, x509.ExtKeyUsageServerAuth, -time.Second), false},
		{"no PEM", []byte("hello"), false},
		{"large", make([]byte, maxPEM+1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			write(t, cfg.CertificateFile, tt.leaf)
			if got := newLeaf(t, cfg).Ready(); got != tt.want {
				t.Errorf("usable: got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestCertificateAppearsChangesAndBreaks(t *testing.T) {
	cfg := opsConfig(t)
	ca := newTestCA(t)
	first, err := NewOpsLeaf(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.TLS(); !errors.Is(err, ErrNoOpsCertificate) {
		t.Fatalf("got %v", err)
	}
	write(t, cfg.CAFile, ca.pem())
	ours := readRequest(t, cfg).PublicKey
	one := ca.sign(t, ours, opsapi.ServerName, x509.ExtKeyUsageServerAuth, time.Hour)
	two := ca.sign(t, ours, opsapi.ServerName, x509.ExtKeyUsageServerAuth, 2*time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { first.Run(ctx); close(done) }()
	write(t, cfg.CertificateFile, one)
	waitUntil(t, "the certificate is in use", first.Ready)
	cancel()
	<-done

	write(t, cfg.CertificateFile, two)
	first.look()
	if got := notAfter(t, first); time.Until(got) < 90*time.Minute {
		t.Errorf("the new certificate is not in use, the one that is ends %s", got)
	}
	write(t, cfg.CertificateFile, []byte("half a fi"))
	first.look()
	if !first.Ready() {
		t.Error("a broken file took the good certificate away")
	}
}

func notAfter(t *testing.T, o *OpsLeaf) time.Time {
	t.Helper()
	cfg, err := o.TLS()
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Certificates[0].Leaf.NotAfter
}

func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting until %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// TestPolling: how soon a missing certificate is found, with a clock of its own.
func TestPolling(t *testing.T) {
	cfg := opsConfig(t)
	synctest.Test(t, func(t *testing.T) {
		ca := newTestCA(t)
		write(t, cfg.CAFile, ca.pem())
		o := newLeaf(t, cfg)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go o.Run(ctx)
		time.Sleep(time.Hour)
		write(t, cfg.CertificateFile, ca.sign(t, readRequest(t, cfg).PublicKey, opsapi.ServerName, x509.ExtKeyUsageServerAuth, time.Hour))
		time.Sleep(pollMissing + time.Millisecond)
		synctest.Wait()
		if !o.Ready() {
			t.Error("not found within a poll")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if o.Ready() {
			t.Error("an expired certificate is in use")
		}
	})
}
