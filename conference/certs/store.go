package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
)

// store is the folder of certificate, keys and record. All files are the server's alone.
type store struct{ dir string }

const (
	// certificateFile holds key and chain in one, so that they always belong together.
	certificateFile = "certificate.pem"
	recordFile      = "record.json"
)

func (s store) path(name string) string { return filepath.Join(s.dir, name) }

// loadCertificate returns nil if there is none.
func (s store) loadCertificate() (*tls.Certificate, error) {
	data, err := readBounded(s.path(certificateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseCertificate(data)
}

func parseCertificate(data []byte) (*tls.Certificate, error) {
	cert, err := tls.X509KeyPair(data, data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certificateFile, err)
	}
	if cert.Leaf == nil {
		if cert.Leaf, err = x509.ParseCertificate(cert.Certificate[0]); err != nil {
			return nil, fmt.Errorf("%s: %w", certificateFile, err)
		}
	}
	return &cert, nil
}

// saveCertificate stores what the authority has issued, if it is a certificate over the key that was sent. It takes the place of the old one
// and its key, which is gone then.
func (s store) saveCertificate(i issued) (*tls.Certificate, error) {
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		return nil, fmt.Errorf("store the certificate's key: %w", err)
	}
	data := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), i.chainPEM...)
	cert, err := parseCertificate(data)
	if err != nil {
		return nil, fmt.Errorf("the authority's certificate: %w", err)
	}
	if err := atomicfile.Write(s.path(certificateFile), data, 0o600); err != nil {
		return nil, fmt.Errorf("store the certificate: %w", err)
	}
	return cert, nil
}

// setAside keeps a damaged certificate out of the way of the next one.
func (s store) setAside() error {
	err := os.Rename(s.path(certificateFile), s.path(certificateFile+".damaged"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("set the damaged certificate aside: %w", err)
	}
	return nil
}

// loadRecord returns the zero record with an error if it is damaged.
func (s store) loadRecord() (record, error) {
	data, err := readBounded(s.path(recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil
	}
	var r record
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(data)).Decode(&r)
	}
	if err != nil {
		return record{}, fmt.Errorf("%s: %w", recordFile, err)
	}
	return r, nil
}

func (s store) saveRecord(r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return atomicfile.Write(s.path(recordFile), data, 0o600)
}

// accountKey is that of the account at a directory, made when there is none. A damaged one is replaced: the account is worth nothing but for
// the authority's patience with it.
func (s store) accountKey(directory string) (*ecdsa.PrivateKey, error) {
	sum := sha256.Sum256([]byte(directory))
	path := s.path("account-" + hex.EncodeToString(sum[:4]) + ".pem")
	data, err := readBounded(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if key := parseKey(data); err == nil && key != nil {
		return key, nil
	}
	return createKey(path)
}
