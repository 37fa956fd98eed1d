package certs

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// How often the leaf's file is looked at: often while `kreisraum up` waits for it, rarely afterwards. A stat and a read of 1 KiB.
const (
	pollMissing = 250 * time.Millisecond
	pollPresent = 30 * time.Second
)

// maxPEM bounds key, request and certificate files in bytes.
const maxPEM = 64 << 10

// ErrNoOpsCertificate says that the operator has not signed this machine's request yet.
var ErrNoOpsCertificate = errors.New("no usable certificate for the ops API yet")

// OpsConfig names the files of the ops API's identity.
type OpsConfig struct {
	// KeyFile and CSRFile are made here when they are missing; the key never leaves the machine.
	KeyFile, CSRFile string
	// CertificateFile is the leaf the operator signed over the request; it may appear or change at any time.
	CertificateFile string
	// CAFile is the county CA's certificate.
	CAFile string
	Log    *slog.Logger
}

// OpsLeaf is the machine's identity towards the operator: its own key, and the county CA's leaf over it once that is there.
type OpsLeaf struct {
	cfg OpsConfig
	key *ecdsa.PrivateKey

	mu      sync.RWMutex
	current *tls.Config // nil while there is no usable certificate
	seen    []byte      // certificate and CA as last read, so that nothing is parsed twice
	problem string      // of the last look, so that it is logged once
}

// NewOpsLeaf makes key and certificate request when they are missing, and looks for the certificate once.
func NewOpsLeaf(cfg OpsConfig) (*OpsLeaf, error) {
	key, err := loadOrCreateKey(cfg.KeyFile, cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("ops key %s: %w", cfg.KeyFile, err)
	}
	if err := ensureRequest(cfg.CSRFile, key); err != nil {
		return nil, fmt.Errorf("ops certificate request %s: %w", cfg.CSRFile, err)
	}
	o := &OpsLeaf{cfg: cfg, key: key}
	o.look()
	return o, nil
}

// Run watches the certificate's file until ctx ends.
func (o *OpsLeaf) Run(ctx context.Context) {
	for {
		wait := pollPresent
		if !o.Ready() {
			wait = pollMissing
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			o.look()
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// Ready reports whether there is a usable certificate.
func (o *OpsLeaf) Ready() bool {
	_, err := o.TLS()
	return err == nil
}

// TLS returns the server side's configuration. Returns ErrNoOpsCertificate.
func (o *OpsLeaf) TLS() (*tls.Config, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if o.current == nil || !time.Now().Before(o.current.Certificates[0].Leaf.NotAfter) {
		return nil, ErrNoOpsCertificate
	}
	return o.current, nil
}

// look reads certificate and CA and puts them to use if they changed. Unusable files leave what was there in place.
func (o *OpsLeaf) look() {
	leaf, errLeaf := readBounded(o.cfg.CertificateFile)
	ca, errCA := readBounded(o.cfg.CAFile)
	if err := errors.Join(errLeaf, errCA); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			o.report(err)
		}
		return
	}
	both := slices.Concat(leaf, []byte{0}, ca)
	o.mu.RLock()
	same := bytes.Equal(both, o.seen)
	o.mu.RUnlock()
	if same {
		return
	}
	cfg, err := o.configure(leaf, ca)
	o.mu.Lock()
	o.seen = both
	if err == nil {
		o.current = cfg
	}
	o.mu.Unlock()
	o.report(err)
}

// report logs a change for the better or the worse, once.
func (o *OpsLeaf) report(err error) {
	problem := "none"
	if err != nil {
		problem = err.Error()
	}
	o.mu.Lock()
	changed := problem != o.problem
	o.problem = problem
	o.mu.Unlock()
	switch {
	case !changed:
	case err != nil:
		o.cfg.Log.Error("ops certificate cannot be used; run kreisraum up to sign a new one", "error", err)
	default:
		o.cfg.Log.Info("ops certificate is in use")
	}
}

// configure checks that leaf is the county CA's certificate over our key, for the ops API's name, and good for a server.
func (o *OpsLeaf) configure(leafPEM, caPEM []byte) (*tls.Config, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(caPEM) {
		return nil, fmt.Errorf("%s: no PEM certificate in it", o.cfg.CAFile)
	}
	block, _ := pem.Decode(leafPEM)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("%s: no PEM certificate in it", o.cfg.CertificateFile)
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.cfg.CertificateFile, err)
	}
	if !o.key.PublicKey.Equal(leaf.PublicKey) {
		return nil, fmt.Errorf("%s: is not over this machine's key; sign %s", o.cfg.CertificateFile, o.cfg.CSRFile)
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: opsapi.ServerName, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.cfg.CertificateFile, err)
	}
	return &tls.Config{
		Certificates:     []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: o.key, Leaf: leaf}},
		ClientAuth:       tls.RequireAndVerifyClientCert,
		ClientCAs:        pool,
		MinVersion:       tls.VersionTLS13,
		VerifyConnection: onlyClients,
	}, nil
}

// onlyClients refuses certificates of the county CA that do not say in so many words that they are a client's: a machine's own
// leaf must not open another machine's ops API.
func onlyClients(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 || !slices.Contains(state.PeerCertificates[0].ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return errors.New("certificate is not a client's")
	}
	return nil
}
