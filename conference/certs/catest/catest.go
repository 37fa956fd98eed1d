// Package catest has a county CA for tests. The real one is the operator's.
package catest

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// CA is good for a day and signs certificates that are good for an hour.
type CA struct {
	// Cert is the CA's own.
	Cert *x509.Certificate
	t    testing.TB
	key  *ecdsa.PrivateKey
}

// New makes a CA.
func New(t testing.TB) *CA {
	t.Helper()
	ca := &CA{t: t, key: Key(t), Cert: &x509.Certificate{Subject: pkix.Name{CommonName: "county CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotAfter: time.Now().Add(24 * time.Hour)}}
	cert, err := x509.ParseCertificate(ca.Sign(ca.key.Public(), *ca.Cert))
	if err != nil {
		t.Fatal(err)
	}
	ca.Cert = cert
	return ca
}

// Key makes a key of the kind that machines have.
func Key(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Sign returns the certificate over a public key, DER. Of the template, serial number and times are filled in where they are zero, and
// both usages of a leaf where there is none.
func (ca *CA) Sign(public crypto.PublicKey, template x509.Certificate) []byte {
	ca.t.Helper()
	now := time.Now()
	template.SerialNumber = cmp.Or(template.SerialNumber, big.NewInt(now.UnixNano()))
	if template.NotBefore.IsZero() {
		template.NotBefore = now.Add(-time.Hour)
	}
	if template.NotAfter.IsZero() {
		template.NotAfter = now.Add(time.Hour)
	}
	if !template.IsCA {
		template.KeyUsage = x509.KeyUsageDigitalSignature
		if template.ExtKeyUsage == nil {
			template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, ca.Cert, public, ca.key)
	if err != nil {
		ca.t.Fatal(err)
	}
	return der
}

// Leaf returns a certificate with a new key, see Sign.
func (ca *CA) Leaf(template x509.Certificate) tls.Certificate {
	ca.t.Helper()
	key := Key(ca.t)
	return tls.Certificate{Certificate: [][]byte{ca.Sign(key.Public(), template)}, PrivateKey: key}
}

// Pool believes this CA alone.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.Cert)
	return pool
}

// PEM is the CA's certificate.
func (ca *CA) PEM() []byte { return PEM(ca.Cert.Raw) }

// PEM encodes a certificate.
func PEM(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}) }
