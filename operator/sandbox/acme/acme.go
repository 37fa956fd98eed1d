package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/core"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

// Config says where the certificate authority lives.
type Config struct {
	// Dir keeps its keys and certificates; made when missing, mode 0700.
	Dir string
	// Listen is an IP address and a port for ACME over HTTPS. Port 0 takes any.
	Listen string
	// DNSServer answers for the names that are validated, host:port over TCP.
	DNSServer string
	// TLSPort is where TLS-ALPN-01 challenges are expected. 0: 443, as RFC 8737 §3 demands.
	TLSPort int
	// Log gets one line per event worth acting on; Pebble's own log goes to the debug level. nil: nothing is logged.
	Log *slog.Logger
}

// CA is a running certificate authority.
type CA struct {
	hierarchy *hierarchy
	server    *http.Server
	address   string
	done      chan struct{}
}

// Start starts the certificate authority. It sets an environment variable of this process that Pebble reads: without it, Pebble waits up to
// fifteen seconds before each validation.
func Start(c Config) (*CA, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.TLSPort == 0 {
		c.TLSPort = 443
	}
	listen, err := netip.ParseAddrPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: listen address: %w", err)
	}
	h, err := loadHierarchy(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	cert, err := h.endpoint(listen.Addr())
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	handler, err := pebble(c, h)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	a := &CA{hierarchy: h, address: l.Addr().String(), done: make(chan struct{})}
	a.server = &http.Server{
		Handler:           http.MaxBytesHandler(handler, 1<<20),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          log.New(debugWriter{c.Log}, "", 0),
	}
	go func() {
		defer close(a.done)
		if err := a.server.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
			c.Log.Error("the certificate authority has stopped serving", "error", err)
		}
	}()
	return a, nil
}

// pebble assembles Pebble around our hierarchy.
func pebble(c Config, h *hierarchy) (http.Handler, error) {
	if err := os.Setenv("PEBBLE_VA_NOSLEEP", "1"); err != nil {
		return nil, err
	}
	logger := log.New(debugWriter{c.Log}, "", 0)
	store := db.NewMemoryStore()
	profiles := map[string]ca.Profile{"default": {Description: "90 days", ValidityPeriod: 90 * 24 * 60 * 60}}
	authority := ca.New(logger, store, "", "rsa", 0, 1, profiles)
	if err := adopt(authority, h); err != nil {
		return nil, err
	}
	validation := va.New(logger, 80, c.TLSPort, false, c.DNSServer, store)
	frontend := wfe.New(logger, store, validation, authority, []string{"sandbox.example"}, false, false, 0, 0)
	return frontend.Handler(), nil
}

// adopt makes Pebble issue with our hierarchy. Pebble's CA takes no keys, but its accessors hand out pointers to those it uses, and nobody has
// been served yet.
func adopt(authority *ca.CAImpl, h *hierarchy) error {
	root, intermediate, key := authority.GetRootCert(0), authority.GetIntermediateCert(0), authority.GetIntermediateKey(0)
	if root == nil || intermediate == nil || key == nil {
		return errors.New("this release of Pebble does not show its issuer; the sandbox cannot keep its root")
	}
	*key = *h.intermediateKey
	replaceCertificate(root, h.root)
	replaceCertificate(intermediate, h.intermediate)
	if again := authority.GetIntermediateKey(0); again == nil || !again.Equal(h.intermediateKey) || authority.GetIntermediateCert(0).Cert != h.intermediate {
		return errors.New("this release of Pebble shows copies of its issuer; the sandbox cannot keep its root")
	}
	return nil
}

func replaceCertificate(c *core.Certificate, by *x509.Certificate) {
	c.ID, c.Cert, c.DER = hex.EncodeToString(by.SerialNumber.Bytes()), by, by.Raw
}

// Directory is the URL of the ACME directory.
func (a *CA) Directory() string { return "https://" + a.address + wfe.DirectoryPath }

// Roots are the roots, as PEM, that verify both the ACME server and the certificates it issues.
func (a *CA) Roots() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.hierarchy.root.Raw})
}

// Close ends serving; requests under way get two seconds. Pebble's own worker has no end and stays idle.
func (a *CA) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err := a.server.Shutdown(ctx)
	if err != nil {
		err = a.server.Close()
	}
	<-a.done
	return err
}

// debugWriter hands the lines of a log.Logger to slog.
type debugWriter struct{ log *slog.Logger }

func (w debugWriter) Write(p []byte) (int, error) {
	w.log.Debug("pebble", "text", strings.TrimRight(string(p), "\n"))
	return len(p), nil
}
