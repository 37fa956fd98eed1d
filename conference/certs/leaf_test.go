package certs

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/certs/catest"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

// machine is whose leaf the tests look at.
const machine = "bridge-3"

// testCA signs machine leaves as the operator does.
type testCA struct{ *catest.CA }

func newTestCA(t *testing.T) testCA { return testCA{catest.New(t)} }

// machine signs the leaf of a machine as it is to be.
func (ca testCA) machine(public crypto.PublicKey, id string, life time.Duration) []byte {
	return ca.sign(public, []string{opsapi.ServerName, identity.Name(id)}, nil, life)
}

// sign signs a leaf; without usages it is good for a server and a client.
func (ca testCA) sign(public crypto.PublicKey, names []string, usages []x509.ExtKeyUsage, life time.Duration) []byte {
	return catest.PEM(ca.Sign(public, x509.Certificate{DNSNames: names, NotAfter: time.Now().Add(life), ExtKeyUsage: usages}))
}

func leafConfig(t *testing.T) LeafConfig {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	return LeafConfig{Machine: machine, KeyFile: at("ops.key"), CSRFile: at("ops.csr"), CertificateFile: at("ops.crt"), CAFile: at("county-ca.crt"),
		Log: slog.New(slog.DiscardHandler)}
}

func newLeaf(t *testing.T, cfg LeafConfig) *Leaf {
	t.Helper()
	o, err := NewLeaf(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func readRequest(t *testing.T, cfg LeafConfig) *x509.CertificateRequest {
	t.Helper()
	data, err := os.ReadFile(cfg.CSRFile)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return csr
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRequestIsMadeOnce(t *testing.T) {
	cfg := leafConfig(t)
	newLeaf(t, cfg)
	csr := readRequest(t, cfg)
	if err := csr.CheckSignature(); err != nil {
		t.Error(err)
	}
	if csr.Subject.CommonName != opsapi.ServerName || len(csr.DNSNames) != 1 || csr.DNSNames[0] != opsapi.ServerName {
		t.Errorf("request for %v, %v", csr.Subject, csr.DNSNames)
	}
	if info, err := os.Stat(cfg.KeyFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v, %v", info.Mode(), err)
	}
	newLeaf(t, cfg)
	if again := readRequest(t, cfg); string(again.Raw) != string(csr.Raw) {
		t.Error("a restart made a new request")
	}
	if err := os.Remove(cfg.KeyFile); err != nil {
		t.Fatal(err)
	}
	newLeaf(t, cfg)
	if again := readRequest(t, cfg); string(again.RawSubjectPublicKeyInfo) == string(csr.RawSubjectPublicKeyInfo) {
		t.Error("the request is still over the lost key")
	}
}

func TestDamagedKeyIsReplaced(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "not a key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		cfg := leafConfig(t)
		write(t, cfg.KeyFile, []byte(content))
		o := newLeaf(t, cfg)
		if csr := readRequest(t, cfg); !o.key.PublicKey.Equal(csr.PublicKey) {
			t.Errorf("%s: the request is not over the new key", name)
		}
	}
	cfg := leafConfig(t)
	if err := os.Mkdir(cfg.KeyFile, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := NewLeaf(cfg); err == nil || !strings.Contains(err.Error(), cfg.KeyFile) {
		t.Errorf("unreadable: %v", err)
	}
}

func TestWhoMayCall(t *testing.T) {
	client, any := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	both := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, tt := range []struct {
		name                   string
		names                  []string
		usage                  []x509.ExtKeyUsage
		ops, rooms, everywhere bool
	}{
		{"operator", []string{identity.Operator}, client, true, false, false},
		{"operator from before it had a name", nil, client, false, false, false},
		{"operator and more", []string{identity.Operator, identity.Name("portal")}, client, false, true, true},
		{"portal", []string{opsapi.ServerName, identity.Name("portal")}, both, false, true, true},
		{"bridge", []string{opsapi.ServerName, identity.Name("bridge-7")}, both, false, false, true},
		{"stranger", []string{"portal.example"}, both, false, false, false},
		{"server only", []string{identity.Operator}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, false, false, false},
		{"portal for anything", []string{identity.Name("portal")}, any, false, false, false},
		{"says nothing", []string{identity.Operator}, nil, false, false, false},
	} {
		state := tls.ConnectionState{PeerCertificates: []*x509.Certificate{{ExtKeyUsage: tt.usage, DNSNames: tt.names}}}
		for admit, want := range map[string]struct {
			by func(*x509.Certificate) error
			ok bool
		}{"ops": {onlyOperator, tt.ops}, "rooms": {onlyPortal, tt.rooms}, "machines": {onlyMachines, tt.everywhere}} {
			if err := onlyClient(state, want.by); (err == nil) != want.ok {
				t.Errorf("%s at %s: got %v", tt.name, admit, err)
			}
		}
	}
	if onlyClient(tls.ConnectionState{}, onlyMachines) == nil {
		t.Error("no certificate is accepted")
	}
}

// TestHandshakes: two machines of one county over a real connection, and one of another.
func TestHandshakes(t *testing.T) {
	ca, other := newTestCA(t), newTestCA(t)
	portal, bridge, stranger := signed(t, ca, "portal"), signed(t, ca, machine), signed(t, other, "portal")
	for _, tt := range []struct {
		name           string
		server, client func() (*tls.Config, error)
		ok             bool
	}{
		{"portal to a bridge's rooms", bridge.Rooms, portal.to(machine), true},
		{"portal to a bridge that is another", bridge.Rooms, portal.to("bridge-4"), false},
		{"bridge to a bridge's rooms", bridge.Rooms, bridge.to(machine), false},
		{"bridge to NATS", portal.Machines, bridge.to("portal"), true},
		{"machine to the ops API", bridge.Ops, portal.to(machine), false},
		{"stranger to NATS", portal.Machines, stranger.to("portal"), false},
		{"stranger as the server", stranger.Machines, bridge.to("portal"), false},
		{"nobody", bridge.Rooms, func() (*tls.Config, error) {
			cfg, err := portal.Client(machine)
			cfg.Certificates = nil
			return cfg, err
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := shake(t, tt.server, tt.client); (err == nil) != tt.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

type signedLeaf struct{ *Leaf }

func (s signedLeaf) to(id string) func() (*tls.Config, error) {
	return func() (*tls.Config, error) { return s.Client(id) }
}

// signed returns the identity of a machine whose request the CA has signed.
func signed(t *testing.T, ca testCA, id string) signedLeaf {
	t.Helper()
	cfg := leafConfig(t)
	cfg.Machine = id
	newLeaf(t, cfg)
	write(t, cfg.CAFile, ca.PEM())
	write(t, cfg.CertificateFile, ca.machine(readRequest(t, cfg).PublicKey, id, time.Hour))
	return signedLeaf{newLeaf(t, cfg)}
}

// shake makes one handshake and says why it went wrong, on whichever side.
func shake(t *testing.T, server, client func() (*tls.Config, error)) error {
	t.Helper()
	serverConfig, err := server()
	if err != nil {
		t.Fatal(err)
	}
	clientConfig, err := client()
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", serverConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			served <- err
			return
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(30 * time.Second))
		served <- conn.(*tls.Conn).Handshake()
	}()
	conn, err := (&tls.Dialer{Config: clientConfig}).DialContext(t.Context(), "tcp", l.Addr().String())
	if err == nil {
		conn.Close()
	}
	return errors.Join(err, <-served)
}

func TestOnlyTheRightCertificateIsUsed(t *testing.T) {
	cfg := leafConfig(t)
	newLeaf(t, cfg)
	ours := readRequest(t, cfg).PublicKey
	ca, other := newTestCA(t), newTestCA(t)
	foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cfg.CAFile, ca.PEM())
	for _, tt := range []struct {
		name string
		leaf []byte
		want bool
	}{
		{"right", ca.machine(ours, machine, time.Hour), true},
		{"another CA", other.machine(ours, machine, time.Hour), false},
		{"another key", ca.machine(foreign.Public(), machine, time.Hour), false},
		{"another machine", ca.machine(ours, "bridge-4", time.Hour), false},
		{"without the ops API's name", ca.sign(ours, []string{identity.Name(machine)}, nil, time.Hour), false},
		{"without a machine's name", ca.sign(ours, []string{opsapi.ServerName}, nil, time.Hour), false},
		{"a client's", ca.sign(ours, []string{opsapi.ServerName, identity.Name(machine)}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, time.Hour), false},
		{"a server's", ca.sign(ours, []string{opsapi.ServerName, identity.Name(machine)}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, time.Hour), false},
		{"expired", ca.machine(ours, machine, -time.Second), false},
		{"no PEM", []byte("hello"), false},
		{"large", make([]byte, maxPEM+1), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			write(t, cfg.CertificateFile, tt.leaf)
			if got := newLeaf(t, cfg).Ready(); got != tt.want {
				t.Errorf("usable: got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestCertificateAppearsChangesAndBreaks(t *testing.T) {
	cfg := leafConfig(t)
	ca := newTestCA(t)
	first, err := NewLeaf(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Ops(); !errors.Is(err, ErrNoLeaf) {
		t.Fatalf("got %v", err)
	}
	write(t, cfg.CAFile, ca.PEM())
	ours := readRequest(t, cfg).PublicKey
	one := ca.machine(ours, machine, time.Hour)
	two := ca.machine(ours, machine, 2*time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { first.Run(ctx); close(done) }()
	write(t, cfg.CertificateFile, one)
	eventually.True(t, "the certificate is in use", first.Ready)
	cancel()
	<-done

	write(t, cfg.CertificateFile, two)
	first.look()
	if got := notAfter(t, first); time.Until(got) < 90*time.Minute {
		t.Errorf("the new certificate is not in use, the one that is ends %s", got)
	}
	write(t, cfg.CertificateFile, []byte("half a fi"))
	first.look()
	if !first.Ready() {
		t.Error("a broken file took the good certificate away")
	}
}

func notAfter(t *testing.T, o *Leaf) time.Time {
	t.Helper()
	cfg, err := o.Ops()
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Certificates[0].Leaf.NotAfter
}

// TestPolling: how soon a missing certificate is found, with a clock of its own.
func TestPolling(t *testing.T) {
	cfg := leafConfig(t)
	synctest.Test(t, func(t *testing.T) {
		ca := newTestCA(t)
		write(t, cfg.CAFile, ca.PEM())
		o := newLeaf(t, cfg)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go o.Run(ctx)
		time.Sleep(time.Hour)
		write(t, cfg.CertificateFile, ca.machine(readRequest(t, cfg).PublicKey, machine, time.Hour))
		time.Sleep(pollMissing + time.Millisecond)
		synctest.Wait()
		if !o.Ready() {
			t.Error("not found within a poll")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if o.Ready() {
			t.Error("an expired certificate is in use")
		}
	})
}
