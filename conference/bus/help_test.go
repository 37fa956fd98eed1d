package bus

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/certs/catest"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// patience is how long a condition may take to come true on a busy machine.
const patience = 30 * time.Second

// county is a county CA and its leaves.
type county struct {
	*catest.CA
	t    testing.TB
	room token.Key
}

func newCounty(t testing.TB) *county {
	t.Helper()
	return &county{CA: catest.New(t), t: t, room: token.NewKey()}
}

// leaf signs a certificate with names.
func (c *county) leaf(names ...string) tls.Certificate {
	return c.Leaf(x509.Certificate{DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
}

// machine returns the TLS configuration of a machine.
func (c *county) machine(id string) func() (*tls.Config, error) {
	return c.named("ops.kreisraum.internal", identity.Name(id))
}

func (c *county) named(names ...string) func() (*tls.Config, error) {
	config := &tls.Config{Certificates: []tls.Certificate{c.leaf(names...)}, RootCAs: c.Pool()}
	return func() (*tls.Config, error) { return config, nil }
}

func (c *county) roomKey(room string) cluster.RoomKey { return cluster.KeyOf(c.room, room) }

// files writes the CA and a leaf as PEM.
func (c *county) files(names ...string) (ca, cert, key string) {
	c.t.Helper()
	dir := c.t.TempDir()
	leaf := c.leaf(names...)
	der, err := x509.MarshalPKCS8PrivateKey(leaf.PrivateKey)
	if err != nil {
		c.t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"ca.crt":   {Type: "CERTIFICATE", Bytes: c.Cert.Raw},
		"leaf.crt": {Type: "CERTIFICATE", Bytes: leaf.Certificate[0]},
		"leaf.key": {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	return filepath.Join(dir, "ca.crt"), filepath.Join(dir, "leaf.crt"), filepath.Join(dir, "leaf.key")
}

// natsServer is what the suite runs against.
type natsServer interface {
	// link is the way to it for a machine.
	link(machine string) Link
	// restart ends it without a word and starts it anew, empty, at the same address.
	restart()
	// folders are where it keeps files.
	folders() []string
}

// embedded is a Server of this package.
type embedded struct {
	*county
	server *Server
	store  string
	log    *slog.Logger
}

func newEmbedded(t testing.TB, c *county) *embedded {
	t.Helper()
	e := &embedded{county: c, store: t.TempDir(), log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	e.start(netip.MustParseAddrPort("127.0.0.1:0"))
	t.Cleanup(func() { e.server.Close() })
	return e
}

func (e *embedded) start(listen netip.AddrPort) {
	e.t.Helper()
	s, err := StartServer(ServerConfig{Listen: listen, TLS: e.machine(identity.Portal), StoreDir: e.store, Log: e.log})
	if err != nil {
		e.t.Fatal(err)
	}
	e.server = s
}

func (e *embedded) link(machine string) Link {
	return Link{Machine: machine, URL: "tls://" + e.server.Addr().String(), TLS: e.machine(machine)}
}

func (e *embedded) restart() {
	at := e.server.Addr()
	e.server.Close()
	e.start(at)
}

func (e *embedded) folders() []string { return []string{e.store} }

// A test that is in a hurry.
const (
	quickLease = 50 * time.Millisecond
	// quickLife leaves a busy machine a hundred leases.
	quickLife = 5 * time.Second
)

func newStore(t testing.TB, link Link) *Store {
	t.Helper()
	s, err := NewStore(StoreConfig{Link: link, LeaseEvery: quickLease, LeaseLife: quickLife, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// readyStore is a store that has read its buckets.
func readyStore(t testing.TB, link Link) *Store {
	t.Helper()
	s := newStore(t, link)
	eventually.True(t, "the store to be ready", s.Ready)
	return s
}

func newBridge(t testing.TB, link Link, change ...func(*BridgeConfig)) *Bridge {
	t.Helper()
	c := BridgeConfig{Link: link, Version: "test", LeaseEvery: quickLease, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, f := range change {
		f(&c)
	}
	b, err := NewBridge(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}
