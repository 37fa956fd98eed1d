package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/caddyserver/certmagic"
)

// store is the folder of certificate, key and record, and of certmagic's accounts. All files are the server's alone.
type store struct{ files *files }

const (
	// certificateFile holds key and chain in one, so that they always belong together.
	certificateFile = "certificate.pem"
	recordFile      = "record.json"
)

func newStore(dir string) store { return store{&files{&certmagic.FileStorage{Path: dir}}} }

// files are certmagic's, without its locks: one process and in it one keeper use them, and a lock has a goroutine and a file that outlive it.
type files struct{ *certmagic.FileStorage }

// Lock implements certmagic.Locker.
func (files) Lock(context.Context, string) error { return nil }

// Unlock implements certmagic.Locker.
func (files) Unlock(context.Context, string) error { return nil }

// loadCertificate returns nil if there is none.
func (s store) loadCertificate() (*tls.Certificate, error) {
	data, err := s.files.Load(context.Background(), certificateFile)
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
	data, err := certmagic.PEMEncodePrivateKey(i.key)
	if err != nil {
		return nil, fmt.Errorf("store the certificate's key: %w", err)
	}
	data = append(data, i.chainPEM...)
	cert, err := parseCertificate(data)
	if err != nil {
		return nil, fmt.Errorf("the authority's certificate: %w", err)
	}
	if err := s.files.Store(context.Background(), certificateFile, data); err != nil {
		return nil, fmt.Errorf("store the certificate: %w", err)
	}
	return cert, nil
}

// setAside keeps a damaged certificate out of the way of the next one.
func (s store) setAside() error {
	err := os.Rename(s.files.Filename(certificateFile), s.files.Filename(certificateFile+".damaged"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("set the damaged certificate aside: %w", err)
	}
	return nil
}

// loadRecord returns the zero record with an error if it is damaged.
func (s store) loadRecord() (record, error) {
	data, err := s.files.Load(context.Background(), recordFile)
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil
	}
	var r record
	if err == nil {
		err = json.Unmarshal(data, &r)
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
	return s.files.Store(context.Background(), recordFile, data)
}
