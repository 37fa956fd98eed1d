package acme

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"
)

// hierarchy is the sandbox's root and the intermediate that issues for machines.
type hierarchy struct {
	root         *x509.Certificate
	rootKey      *ecdsa.PrivateKey
	intermediate *x509.Certificate
	// intermediateKey is RSA because Pebble hands out no other.
	intermediateKey *rsa.PrivateKey
}

const (
	rootLifetime     = 10 * 365 * 24 * time.Hour
	endpointLifetime = 365 * 24 * time.Hour
	renewBefore      = 180 * 24 * time.Hour
)

// loadHierarchy reads the hierarchy of a folder, or makes one there. One that ends within half a year is replaced.
func loadHierarchy(dir string) (*hierarchy, error) {
	file := filepath.Join(dir, "hierarchy.pem")
	data, err := os.ReadFile(file)
	switch {
	case err == nil:
		h, err := parseHierarchy(data)
		if err == nil && time.Until(h.root.NotAfter) > renewBefore && time.Until(h.intermediate.NotAfter) > renewBefore {
			return h, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w; delete the file to make a new certificate authority", file, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	h, err := newHierarchy()
	if err != nil {
		return nil, err
	}
	if data, err = h.encode(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	tmp := file + ".tmp"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return nil, err
	}
	return h, os.Rename(tmp, file)
}

func newHierarchy() (*hierarchy, error) {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	root, err := sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Kreisraum sandbox root"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, NotAfter: time.Now().Add(rootLifetime),
	}, nil, rootKey.Public(), rootKey)
	if err != nil {
		return nil, err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	intermediate, err := sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Kreisraum sandbox intermediate"}, IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, NotAfter: time.Now().Add(rootLifetime),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, root, key.Public(), rootKey)
	if err != nil {
		return nil, err
	}
	return &hierarchy{root: root, rootKey: rootKey, intermediate: intermediate, intermediateKey: key}, nil
}

// endpoint makes a certificate for the ACME server itself, at an address.
func (h *hierarchy) endpoint(address netip.Addr) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	cert, err := sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "Kreisraum sandbox ACME server"}, IPAddresses: []net.IP{address.AsSlice()}, DNSNames: []string{"localhost"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotAfter: time.Now().Add(endpointLifetime),
	}, h.root, key.Public(), h.rootKey)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}, nil
}

// sign completes a template and signs it; without a parent it signs itself.
func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour) // clocks that go slow
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func (h *hierarchy) encode() ([]byte, error) {
	rootKey, err := x509.MarshalPKCS8PrivateKey(h.rootKey)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(h.intermediateKey)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, b := range []pem.Block{
		{Type: "CERTIFICATE", Bytes: h.root.Raw}, {Type: "PRIVATE KEY", Bytes: rootKey},
		{Type: "CERTIFICATE", Bytes: h.intermediate.Raw}, {Type: "PRIVATE KEY", Bytes: key},
	} {
		out = append(out, pem.EncodeToMemory(&b)...)
	}
	return out, nil
}

var errHierarchy = errors.New("not a root and an intermediate with their keys")

func parseHierarchy(data []byte) (*hierarchy, error) {
	var certs []*x509.Certificate
	var keys []any
	for {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			break
		}
		if b.Type == "CERTIFICATE" {
			cert, err := x509.ParseCertificate(b.Bytes)
			if err != nil {
				return nil, err
			}
			certs = append(certs, cert)
			continue
		}
		key, err := x509.ParsePKCS8PrivateKey(b.Bytes)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	if len(certs) != 2 || len(keys) != 2 {
		return nil, errHierarchy
	}
	rootKey, ok1 := keys[0].(*ecdsa.PrivateKey)
	key, ok2 := keys[1].(*rsa.PrivateKey)
	if !ok1 || !ok2 || !rootKey.PublicKey.Equal(certs[0].PublicKey) || !key.PublicKey.Equal(certs[1].PublicKey) {
		return nil, errHierarchy
	}
	if err := certs[1].CheckSignatureFrom(certs[0]); err != nil {
		return nil, err
	}
	return &hierarchy{root: certs[0], rootKey: rootKey, intermediate: certs[1], intermediateKey: key}, nil
}
