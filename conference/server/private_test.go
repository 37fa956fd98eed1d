package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/bus"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

// TestWithoutThePrivateNetwork: as long as the private address is not there the site and the ops API answer, rooms are busy, and what is
// missing stands in the log once.
func TestWithoutThePrivateNetwork(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	if err := c.stop(); err != nil {
		t.Fatal(err)
	}
	c.cfg.Cluster.PrivateAddress = "192.0.2.77" // RFC 5737: nobody's
	c.start(t)
	ops := c.ready(t)
	browser := c.browser(t)
	if resp, body := get(t, browser, "/api/site"); resp.StatusCode != http.StatusOK || !strings.Contains(body, "Kreismedienzentrum") {
		t.Errorf("site: %s %s", resp.Status, body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+domain+"/api/rooms/klasse-5a/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://"+domain)
	req.Header.Set("Sec-WebSocket-Protocol", signaling.Subprotocol)
	resp, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "busy") || resp.Header.Get("Retry-After") == "" {
		t.Errorf("room: %s %s, %v", resp.Status, body, err)
	}
	var e *opsapi.Error
	if _, err := ops.Load(t.Context()); !errors.As(err, &e) || e.Code != opsapi.CodeNotReady {
		t.Errorf("load: %v", err)
	}
	if res, err := ops.PutMachines(t.Context(), opsapi.Machines{Revision: "m1"}); err != nil || res.Revision != "m1" {
		t.Errorf("machines: %+v, %v", res, err)
	}
	if n := strings.Count(c.log.String(), "cannot be opened yet"); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

// TestBridgeWaitsForEverything: without certificate, portal and private address a bridge is up for the operator, and ends in order.
func TestBridgeWaitsForEverything(t *testing.T) {
	cfg := config.Default()
	cfg.County, cfg.Domain, cfg.Role = "musterkreis", domain, config.RoleBridge
	cfg.Cluster.Machine, cfg.Cluster.PrivateAddress, cfg.Cluster.PortalAddress = "bridge-1", "192.0.2.77", "192.0.2.10"
	cfg.Listen = config.Listen{Addresses: []string{"127.0.0.1"}}
	cfg.Paths = pathsIn(t.TempDir())
	log := &logtest.Buffer{}
	s, err := New(cfg, Options{Log: slog.New(slog.NewJSONHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	eventually.True(t, "the log says what is missing", func() bool { return strings.Contains(log.String(), "192.0.2.77") })
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if names, _ := filepath.Glob(filepath.Join(cfg.Paths.Logs, "*")); len(names) > 0 {
		t.Errorf("a bridge keeps an access log: %v", names)
	}
}

func TestCountyKey(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.Domain = domain
	cfg.Listen = config.Listen{Addresses: []string{"127.0.0.1"}}
	cfg.Paths = pathsIn(t.TempDir())
	cfg.Paths.CountyKey = filepath.Join(t.TempDir(), "county.key")
	if _, err := New(cfg, Options{}); err == nil || !strings.Contains(err.Error(), cfg.Paths.CountyKey) || !strings.Contains(err.Error(), "kreisraum up") {
		t.Errorf("without the key: %v", err)
	}
	if _, err := os.Stat(cfg.Paths.CountyKey); err == nil {
		t.Error("the server made a county's key of its own")
	}
	if err := os.WriteFile(cfg.Paths.CountyKey, []byte("0123456789abcdef0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.close()
	if string(s.key) != "0123456789abcdef0123456789abcdef" || string(s.ownKey) == string(s.key) {
		t.Error("the county's key is not in use beside the machine's own")
	}
}

// TestPrivateDoors: who may come in where. A machine that was taken over opens no other bridge's rooms and no ops API.
func TestPrivateDoors(t *testing.T) {
	t.Parallel()
	f := newFleet(t, config.RolePortal, 2)
	operator := f.operator.client()
	portal, bridge := f.leafOf(t, f.portal), f.leafOf(t, f.bridges["bridge-2"])
	rooms := net.JoinHostPort(f.address(11).String(), "7443")
	nats := net.JoinHostPort(f.address(10).String(), "4222")
	for _, tt := range []struct {
		name, address, server string
		certificates          []tls.Certificate
		status                int // 0: not even a handshake
	}{
		{"portal at a bridge's rooms, without an admission", rooms, identity.Name("bridge-1"), []tls.Certificate{portal}, http.StatusForbidden},
		{"bridge at a bridge's rooms", rooms, identity.Name("bridge-1"), []tls.Certificate{bridge}, 0},
		{"operator at a bridge's rooms", rooms, identity.Name("bridge-1"), []tls.Certificate{operator}, 0},
		{"nobody at a bridge's rooms", rooms, identity.Name("bridge-1"), nil, 0},
		{"portal at a bridge that is another", rooms, identity.Name("bridge-2"), []tls.Certificate{portal}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status := f.request(t, tt.address, &tls.Config{RootCAs: f.operator.Pool(), ServerName: tt.server, Certificates: tt.certificates})
			if status != tt.status {
				t.Errorf("got %d, want %d", status, tt.status)
			}
		})
	}
	for name, at := range map[string]*machine{"portal": f.portal, "bridge": f.bridges["bridge-1"]} {
		for who, certificate := range map[string]tls.Certificate{"portal": portal, "bridge": bridge} {
			c := opsapi.NewClient(opsapi.ClientConfig{Address: at.addr(), Certificate: certificate, CA: f.operator.Pool(), Timeout: patience})
			if _, err := c.Info(t.Context()); err == nil {
				t.Errorf("the %s's ops API answers a %s", name, who)
			}
			c.Close()
		}
	}
	// NATS and rooms are at the private address and nowhere else.
	for _, port := range []string{"7443", "4222"} {
		if conn, err := net.DialTimeout("tcp", net.JoinHostPort(f.address(99).String(), port), time.Second); err == nil {
			conn.Close()
			t.Errorf("something listens on port %s of another address", port)
		}
	}
	conn, err := net.DialTimeout("tcp", nats, patience)
	if err != nil {
		t.Fatalf("NATS: %v", err)
	}
	conn.Close()
}

// TestNATSOfOnesOwn: with an address of other NATS servers the portal starts none, and the county works the same.
func TestNATSOfOnesOwn(t *testing.T) {
	t.Parallel()
	f := newFleet(t, config.RolePortal, 1, func(f *fleet) {
		host := f.address(50)
		certificate := f.operator.Leaf(x509.Certificate{IPAddresses: []net.IP{host.AsSlice()}})
		nats, err := bus.StartServer(bus.ServerConfig{
			Listen: netip.AddrPortFrom(host, 4222), StoreDir: t.TempDir(),
			TLS: func() (*tls.Config, error) {
				return &tls.Config{Certificates: []tls.Certificate{certificate}, ClientCAs: f.operator.Pool()}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nats.Close)
		f.nats = "tls://" + nats.Addr().String()
	})
	if conn, err := net.DialTimeout("tcp", net.JoinHostPort(f.address(10).String(), "4222"), time.Second); err == nil {
		conn.Close()
		t.Error("the portal has a NATS server too")
	}
	f.lesson(t, "klasse-5a")
	f.bridgeOf(t)
}

// leafOf is a machine's own certificate, as who took it over has it.
func (f *fleet) leafOf(t *testing.T, m *machine) tls.Certificate {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(m.cfg.Paths.OpsCertificate, filepath.Join(m.cfg.Paths.State, "ops.key"))
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// request asks for a room and returns the status, 0 if there was no answer.
func (f *fleet) request(t *testing.T, address string, cfg *tls.Config) int {
	t.Helper()
	transport := &http.Transport{DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&tls.Dialer{Config: cfg}).DialContext(ctx, network, address)
	}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: patience}).Get("https://" + cfg.ServerName + "/api/rooms/klasse-5a/ws")
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}
