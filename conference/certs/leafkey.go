package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"log/slog"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// loadOrCreateKey reads the key, or makes one. A damaged key is of no use to anybody; a new one takes its place, and the next
// `kreisraum up` signs the new request.
func loadOrCreateKey(path string, log *slog.Logger) (*ecdsa.PrivateKey, error) {
	data, err := atomicfile.Read(path, maxPEM)
	if errors.Is(err, fs.ErrNotExist) {
		return createKey(path)
	}
	if err != nil {
		return nil, err
	}
	if key := parseKey(data); key != nil {
		return key, nil
	}
	log.Error("machine key is damaged and was replaced; run kreisraum up to sign the new request")
	return createKey(path)
}

// parseKey returns nil for anything but a P-256 key in PKCS #8 and PEM.
func parseKey(data []byte) *ecdsa.PrivateKey {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil
	}
	return key
}

func createKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(path, "PRIVATE KEY", der, 0o600)
}

// ensureRequest writes the certificate request unless the one that is there is over key.
func ensureRequest(path string, key *ecdsa.PrivateKey) error {
	if data, err := atomicfile.Read(path, maxPEM); err == nil {
		if block, _ := pem.Decode(data); block != nil {
			if csr, err := x509.ParseCertificateRequest(block.Bytes); err == nil && key.PublicKey.Equal(csr.PublicKey) {
				return nil
			}
		}
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: opsapi.ServerName},
		DNSNames: []string{opsapi.ServerName},
	}, key)
	if err != nil {
		return err
	}
	return writePEM(path, "CERTIFICATE REQUEST", der, 0o644)
}

// writePEM replaces path at once: whoever reads it sees all or nothing.
func writePEM(path, kind string, der []byte, mode fs.FileMode) error {
	return atomicfile.Write(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}
