package certs

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// trust is a usable leaf and the county CA.
type trust struct {
	leaf tls.Certificate
	ca   *x509.CertPool
}

// Ops is the server side of the ops API: the operator may call, nobody else. Returns ErrNoLeaf.
func (l *Leaf) Ops() (*tls.Config, error) { return l.server(onlyOperator) }

// Rooms is the server side of a bridge's rooms: the portal may call, nobody else. Returns ErrNoLeaf.
func (l *Leaf) Rooms() (*tls.Config, error) { return l.server(onlyPortal) }

// Machines is the server side of NATS: every machine of the county may call, and is told apart by identity.MachineOf. Returns
// ErrNoLeaf.
func (l *Leaf) Machines() (*tls.Config, error) { return l.server(onlyMachines) }

// Client is the side that calls the machine with that ID and believes no other. Returns ErrNoLeaf.
func (l *Leaf) Client(machine string) (*tls.Config, error) {
	t, err := l.trust()
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{t.leaf},
		RootCAs:      t.ca,
		ServerName:   identity.Name(machine),
		MinVersion:   tls.VersionTLS13,
	}, nil
}

func (l *Leaf) server(admit func(*x509.Certificate) error) (*tls.Config, error) {
	t, err := l.trust()
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates:           []tls.Certificate{t.leaf},
		ClientAuth:             tls.RequireAndVerifyClientCert,
		ClientCAs:              t.ca,
		MinVersion:             tls.VersionTLS13,
		SessionTicketsDisabled: true, // every connection shows its certificate anew
		VerifyConnection:       func(state tls.ConnectionState) error { return onlyClient(state, admit) },
	}, nil
}

func (l *Leaf) trust() (*trust, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.current == nil || !time.Now().Before(l.current.leaf.Leaf.NotAfter) {
		return nil, ErrNoLeaf
	}
	return l.current, nil
}

// check accepts the county CA's certificate over our key that names this machine and the ops API, good for a server and a client.
func (l *Leaf) check(leafPEM, caPEM []byte) (*trust, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(caPEM) {
		return nil, fmt.Errorf("%s: no PEM certificate in it", l.cfg.CAFile)
	}
	leaf, err := parseLeaf(leafPEM)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.cfg.CertificateFile, err)
	}
	if !l.key.PublicKey.Equal(leaf.PublicKey) {
		return nil, fmt.Errorf("%s: is not over this machine's key; sign %s", l.cfg.CertificateFile, l.cfg.CSRFile)
	}
	if id, err := identity.MachineOf(leaf); err != nil || id != l.cfg.Machine {
		return nil, fmt.Errorf("%s: does not name this machine, %s", l.cfg.CertificateFile, l.cfg.Machine)
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: opsapi.ServerName, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
			return nil, fmt.Errorf("%s: %w", l.cfg.CertificateFile, err)
		}
	}
	return &trust{leaf: tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: l.key, Leaf: leaf}, ca: pool}, nil
}

func parseLeaf(data []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("no PEM certificate in it")
	}
	return x509.ParseCertificate(block.Bytes)
}

// onlyClient admits a verified certificate that says in so many words that it is a client's and that admit knows.
func onlyClient(state tls.ConnectionState, admit func(*x509.Certificate) error) error {
	if len(state.PeerCertificates) == 0 || !slices.Contains(state.PeerCertificates[0].ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return errors.New("certificate is not a client's")
	}
	return admit(state.PeerCertificates[0])
}

func onlyOperator(cert *x509.Certificate) error {
	if !identity.IsOperator(cert) {
		return errors.New("certificate is not the operator's")
	}
	return nil
}

func onlyPortal(cert *x509.Certificate) error {
	if id, err := identity.MachineOf(cert); err != nil || id != identity.Portal {
		return errors.New("certificate is not the portal's")
	}
	return nil
}

func onlyMachines(cert *x509.Certificate) error {
	_, err := identity.MachineOf(cert)
	return err
}
