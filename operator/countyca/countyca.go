// Package countyca is a county's own certificate authority. It signs two kinds of leaves: the operator's client certificate
// and the certificate of each machine, with which it serves the ops API and calls other machines. Who is who is in the names, see
// package identity. Its key never leaves the operator's home.
//
//	machine: makes a key, writes ops.csr  ──SFTP──▶  operator: SignMachine  ──SFTP──▶  machine: ops.crt
package countyca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// Lifetimes. A county lives for years and nobody wants to renew its root; leaves are renewed by the next `up`.
const (
	caLifetime      = 10 * 365 * 24 * time.Hour
	machineLifetime = 2 * 365 * 24 * time.Hour
	clientLifetime  = 2 * 365 * 24 * time.Hour
	// RenewBefore is how long before its end a leaf is replaced.
	RenewBefore = 90 * 24 * time.Hour
	// backdate tolerates clocks that are behind.
	backdate = time.Hour
)

// CA is a county's certificate authority together with the operator's client certificate.
type CA struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	client      tls.Certificate
	now         func() time.Time
}

// Open loads the CA from dir, or makes it there: ca.crt, ca.key, operator.crt, operator.key, all 0600. The operator's
// certificate is made anew when it is about to end.
func Open(dir, county string, now func() time.Time) (*CA, error) {
	cert, key, err := loadPair(dir, "ca")
	if errors.Is(err, fs.ErrNotExist) {
		cert, key, err = makeCA(dir, county, now())
	}
	if err != nil {
		return nil, fmt.Errorf("county CA: %w", err)
	}
	ca := &CA{certificate: cert, key: key, now: now}
	if err := ca.openClient(dir); err != nil {
		return nil, fmt.Errorf("operator's certificate: %w", err)
	}
	return ca, nil
}

// CertificatePEM is the CA's certificate.
func (ca *CA) CertificatePEM() []byte { return encode("CERTIFICATE", ca.certificate.Raw) }

// Pool holds the CA's certificate only.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.certificate)
	return pool
}

// Client is the operator's certificate for the ops API.
func (ca *CA) Client() tls.Certificate { return ca.client }

// SignMachine signs the public key of a machine's certificate request (PEM) as the machine with that ID. Nothing else of the
// request is taken over, so a machine cannot pass for another one. It returns the certificate as PEM.
func (ca *CA) SignMachine(csrPEM []byte, id string) ([]byte, error) {
	if !identity.IsMachine(id) {
		return nil, fmt.Errorf("sign the machine's certificate: %q is no machine's ID", id)
	}
	public, err := requestKey(csrPEM)
	if err != nil {
		return nil, err
	}
	template := ca.leaf(identity.Name(id), machineLifetime, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth)
	template.DNSNames = []string{opsapi.ServerName, identity.Name(id)}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, public, ca.key)
	if err != nil {
		return nil, fmt.Errorf("sign the machine's certificate: %w", err)
	}
	return encode("CERTIFICATE", der), nil
}

// Good reports whether certPEM is this CA's certificate of the machine with that ID for the key of csrPEM, and need not be renewed
// yet.
func (ca *CA) Good(certPEM, csrPEM []byte, id string) bool {
	public, err := requestKey(csrPEM)
	if err != nil {
		return false
	}
	cert, err := parseCertificate(certPEM)
	if err != nil || !public.Equal(cert.PublicKey) {
		return false
	}
	if have, err := identity.MachineOf(cert); err != nil || have != id {
		return false
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if _, err := cert.Verify(x509.VerifyOptions{
			Roots: ca.Pool(), DNSName: opsapi.ServerName, CurrentTime: ca.now().Add(RenewBefore), KeyUsages: []x509.ExtKeyUsage{usage},
		}); err != nil {
			return false
		}
	}
	return true
}

// requestKey returns the public key of a certificate request after checking that the sender holds the private one.
func requestKey(csrPEM []byte) (*ecdsa.PublicKey, error) {
	block, _ := pem.Decode(csrPEM)
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		return nil, errors.New("the machine's certificate request is not PEM")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the machine's certificate request: %w", err)
	}
	if err := csr.CheckSignature(); err != nil {
		return nil, fmt.Errorf("the machine's certificate request: %w", err)
	}
	public, ok := csr.PublicKey.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return nil, errors.New("the machine's certificate request: a P-256 key was expected")
	}
	return public, nil
}

func makeCA(dir, county string, now time.Time) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Kreisraum " + county},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(caLifetime),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	if err := savePair(dir, "ca", der, key); err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, err
}

func (ca *CA) openClient(dir string) error {
	cert, key, err := loadPair(dir, "operator") // one that is missing, damaged or without its name is made again, the CA vouches for it
	if err != nil || cert.CheckSignatureFrom(ca.certificate) != nil || !identity.IsOperator(cert) || ca.now().After(cert.NotAfter.Add(-RenewBefore)) {
		if cert, key, err = ca.makeClient(dir); err != nil {
			return err
		}
	}
	ca.client = tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
	return nil
}

func (ca *CA) makeClient(dir string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := ca.leaf("operator", clientLifetime, x509.ExtKeyUsageClientAuth)
	template.DNSNames = []string{identity.Operator}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.certificate, key.Public(), ca.key)
	if err != nil {
		return nil, nil, err
	}
	if err := savePair(dir, "operator", der, key); err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return cert, key, err
}

func (ca *CA) leaf(name string, lifetime time.Duration, usages ...x509.ExtKeyUsage) *x509.Certificate {
	end := ca.now().Add(lifetime)
	if end.After(ca.certificate.NotAfter) {
		end = ca.certificate.NotAfter
	}
	return &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name},
		NotBefore: ca.now().Add(-backdate), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: usages, BasicConstraintsValid: true,
	}
}

// serial draws 127 random bits; RFC 5280 §4.1.2.2 allows up to 20 octets, positive.
func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return n.Add(n, big.NewInt(1))
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// savePair writes the key before the certificate: a crash in between leaves no certificate, and both are made again.
func savePair(dir, name string, certificate []byte, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join(dir, name+".key"), encode("PRIVATE KEY", der), 0o600); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(dir, name+".crt"), encode("CERTIFICATE", certificate), 0o600)
}

// loadPair returns an error wrapping fs.ErrNotExist when the certificate is not there.
func loadPair(dir, name string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certPEM, err := os.ReadFile(filepath.Join(dir, name+".crt"))
	if err != nil {
		return nil, nil, err
	}
	keyPEM, err := os.ReadFile(filepath.Join(dir, name+".key"))
	if err != nil {
		return nil, nil, fmt.Errorf("%s.crt is there, its key is not: %v", name, err) //nolint:errorlint // must not count as "not there"
	}
	cert, err := parseCertificate(certPEM)
	if err != nil {
		return nil, nil, err
	}
	block, _ := pem.Decode(keyPEM)
	if block == nil {
		return nil, nil, fmt.Errorf("%s.key is not PEM", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(cert.PublicKey) {
		return nil, nil, fmt.Errorf("%s.key does not belong to %s.crt", name, name)
	}
	return cert, key, nil
}

func parseCertificate(certPEM []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(certPEM)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("the certificate is not PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}
