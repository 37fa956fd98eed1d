package certs

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/atomicfile"
)

// How often the leaf's file is looked at: often while `kreisraum up` waits for it, rarely afterwards. A stat and a read of 1 KiB.
const (
	pollMissing = 250 * time.Millisecond
	pollPresent = 30 * time.Second
)

// maxPEM bounds key, request and certificate files in bytes.
const maxPEM = 64 << 10

// ErrNoLeaf says that the operator has not signed this machine's request yet.
var ErrNoLeaf = errors.New("no usable certificate of the county CA yet")

// LeafConfig names the files of a machine's identity.
type LeafConfig struct {
	// Machine is the machine's ID, which the certificate must name.
	Machine string
	// KeyFile and CSRFile are made here when they are missing; the key never leaves the machine.
	KeyFile, CSRFile string
	// CertificateFile is the leaf the operator signed over the request; it may appear or change at any time.
	CertificateFile string
	// CAFile is the county CA's certificate.
	CAFile string
	Log    *slog.Logger
}

// Leaf is the machine's identity towards the operator and the county's other machines: its own key, and the county CA's leaf over it
// once that is there. Safe for concurrent use.
type Leaf struct {
	cfg LeafConfig
	key *ecdsa.PrivateKey

	mu      sync.RWMutex
	current *trust // nil while there is no usable certificate
	seen    []byte // certificate and CA as last read, so that nothing is parsed twice
	problem string // of the last look, so that it is logged once
}

// NewLeaf makes key and certificate request when they are missing, and looks for the certificate once.
func NewLeaf(cfg LeafConfig) (*Leaf, error) {
	key, err := loadOrCreateKey(cfg.KeyFile, cfg.Log)
	if err != nil {
		return nil, fmt.Errorf("machine key %s: %w", cfg.KeyFile, err)
	}
	if err := ensureRequest(cfg.CSRFile, key); err != nil {
		return nil, fmt.Errorf("machine certificate request %s: %w", cfg.CSRFile, err)
	}
	l := &Leaf{cfg: cfg, key: key}
	l.look()
	return l, nil
}

// Run watches the certificate's file until ctx ends.
func (l *Leaf) Run(ctx context.Context) {
	for {
		wait := pollPresent
		if !l.Ready() {
			wait = pollMissing
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
			l.look()
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// Ready reports whether there is a usable certificate.
func (l *Leaf) Ready() bool {
	_, err := l.trust()
	return err == nil
}

// look reads certificate and CA and puts them to use if they changed. Unusable files leave what was there in place.
func (l *Leaf) look() {
	leaf, errLeaf := atomicfile.Read(l.cfg.CertificateFile, maxPEM)
	ca, errCA := atomicfile.Read(l.cfg.CAFile, maxPEM)
	if err := errors.Join(errLeaf, errCA); err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			l.report(err)
		}
		return
	}
	both := slices.Concat(leaf, []byte{0}, ca)
	l.mu.RLock()
	same := bytes.Equal(both, l.seen)
	l.mu.RUnlock()
	if same {
		return
	}
	found, err := l.check(leaf, ca)
	l.mu.Lock()
	l.seen = both
	if err == nil {
		l.current = found
	}
	l.mu.Unlock()
	l.report(err)
}

// report logs a change for the better or the worse, once.
func (l *Leaf) report(err error) {
	problem := "none"
	if err != nil {
		problem = err.Error()
	}
	l.mu.Lock()
	changed := problem != l.problem
	l.problem = problem
	l.mu.Unlock()
	switch {
	case !changed:
	case err != nil:
		l.cfg.Log.Error("machine certificate cannot be used; run kreisraum up to sign a new one", "error", err)
	default:
		l.cfg.Log.Info("machine certificate is in use")
	}
}
