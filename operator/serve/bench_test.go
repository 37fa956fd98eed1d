package serve

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/countyca"
	"github.com/medienzentrenverbund/kreisraum/operator/endpoints"
	"github.com/medienzentrenverbund/kreisraum/operator/home"
)

const (
	benchCounties = 50
	// portalsVariable makes the test program serve portals instead: the figures are to be the daemon's alone.
	portalsVariable = "KREISRAUM_TEST_PORTALS"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(portalsVariable); dir != "" {
		if err := servePortals(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func benchName(i int) string { return fmt.Sprintf("kreis-%02d", i) }

// servePortals serves the ops API of idle portals over mutual TLS, one for each county of the home in dir, until standard input ends. It
// prints their addresses.
func servePortals(dir string) error {
	for i := range benchCounties {
		address, err := servePortal(home.InSandbox(dir), benchName(i))
		if err != nil {
			return err
		}
		fmt.Println(address)
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func servePortal(dir, name string) (net.Addr, error) {
	ca, err := countyca.Open(filepath.Join(dir, "counties", name), name, time.Now)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, err
	}
	leaf, err := ca.SignMachine(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr}), identity.Portal)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(leaf)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{block.Bytes}, PrivateKey: key}}, ClientCAs: ca.Pool(),
		ClientAuth: tls.RequireAndVerifyClientCert, NextProtos: []string{opsapi.ALPN}, MinVersion: tls.VersionTLS13,
	})
	if err != nil {
		return nil, err
	}
	answer := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(v) }
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+opsapi.PathLoad, answer(opsapi.Load{Settled: true, Bridges: []opsapi.BridgeLoad{
		{ID: identity.Portal, Alive: true, Ready: true, Known: true, Stress: 0.02, Rooms: 1, Participants: 3},
	}}))
	mux.Handle("GET "+opsapi.PathInfo, answer(opsapi.Info{Certificate: opsapi.Certificate{NotAfter: time.Now().AddDate(0, 2, 0)}}))
	mux.Handle("GET "+opsapi.PathNight, answer(opsapi.Night{Phase: opsapi.PhaseDay}))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { mux.ServeHTTP(w, r) })
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){
		opsapi.ALPN: func(s *http.Server, c *tls.Conn, _ http.Handler) {
			(&http.Server{Handler: handler}).Serve(&single{conn: c})
		},
	}}
	go server.Serve(l)
	return l.Addr(), nil
}

// single is a listener of one connection.
type single struct {
	conn net.Conn
	gone chan struct{}
}

func (s *single) Accept() (net.Conn, error) {
	if s.gone == nil {
		s.gone = make(chan struct{})
		return closing{s.conn, s.gone}, nil
	}
	<-s.gone
	return nil, net.ErrClosed
}

func (s *single) Close() error   { return nil }
func (s *single) Addr() net.Addr { return s.conn.LocalAddr() }

// closing tells when it is closed.
type closing struct {
	net.Conn
	gone chan struct{}
}

func (c closing) Close() error {
	defer func() { _ = recover() }() // closed twice
	close(c.gone)
	return c.Conn.Close()
}

// idleStack has no dedicated bridges; idleCloud has nothing but portals.
type idleStack struct{ county.Stack }

func (idleStack) DesiredBridges(context.Context) ([]infra.Bridge, bool, error) { return nil, true, nil }

type idleCloud struct{ county.Cloud }

func (idleCloud) Leftovers(_ context.Context, name string) ([]hetzner.Resource, error) {
	return []hetzner.Resource{{Kind: "server", Name: infra.PortalName(name)}}, nil
}

func (idleCloud) Hourly(context.Context, []hetzner.MachineKind) (hetzner.Price, error) {
	return hetzner.Price{Currency: "EUR", Hour: 320}, nil
}

// benchHome are real counties in a home of their own whose portals are elsewhere.
type benchHome struct {
	home      home.Home
	addresses map[string]string
	log       *slog.Logger
	settings  Settings
}

func (b *benchHome) Owns(string) bool         { return true }
func (b *benchHome) Exists(name string) bool  { return b.home.County(name).Exists() }
func (b *benchHome) Names() ([]string, error) { return b.home.Counties() }

func (b *benchHome) Settings(name string) (Settings, error) {
	s := b.settings
	s.Dir, s.Project = b.home.County(name).Dir(), name
	return s, nil
}

func (b *benchHome) Open(name string) (County, error) {
	c := &county.County{Home: b.home.County(name), Log: b.log, World: county.RealWorld(name, "v1", endpoints.Endpoints{}, b.log)}
	c.World.Cloud = idleCloud{}
	c.World.OpenStack = func(context.Context, string, string) (county.Stack, error) { return idleStack{}, nil }
	c.World.DialOps = func(_ string, ca *countyca.CA) county.Ops {
		return opsapi.NewClient(opsapi.ClientConfig{Address: b.addresses[name], Certificate: ca.Client(), CA: ca.Pool(), Timeout: 10 * time.Second})
	}
	return Wire(c), nil
}

func newBenchHome(b *testing.B) *benchHome {
	b.Helper()
	dir := b.TempDir()
	h, err := home.Open(home.InSandbox(dir))
	if err != nil {
		b.Fatal(err)
	}
	for i := range benchCounties {
		name := benchName(i)
		if err := h.County(name).Make(); err != nil {
			b.Fatal(err)
		}
		outputs, err := json.Marshal(map[string]any{"outputs": infra.Outputs{Location: "fsn1", Machines: []infra.Machine{
			{Name: infra.PortalName(name), Role: infra.RolePortal, ServerID: int64(i + 1), IPv4: "192.0.2.1", PrivateIP: "10.64.0.10"},
		}}})
		if err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(h.County(name).File("local.json"), outputs, 0o600); err != nil {
			b.Fatal(err)
		}
		if _, err := countyca.Open(h.County(name).Dir(), name, time.Now); err != nil {
			b.Fatal(err)
		}
	}
	return &benchHome{home: h, addresses: startPortals(b, dir), log: slog.New(slog.DiscardHandler), settings: testSettings(b)}
}

// startPortals runs the portals in a process of their own.
func startPortals(b *testing.B, dir string) map[string]string {
	b.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), portalsVariable+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { stdin.Close(); _ = cmd.Wait() })
	addresses, lines := map[string]string{}, bufio.NewScanner(stdout)
	for i := range benchCounties {
		if !lines.Scan() {
			b.Fatal("the portals do not start")
		}
		addresses[benchName(i)] = lines.Text()
	}
	return addresses
}

// BenchmarkIdleCounties is a daemon with 50 idle counties that are looked at every five seconds; one operation is ten seconds of it. The
// portals are another process.
func BenchmarkIdleCounties(b *testing.B) {
	h := newBenchHome(b)
	d := New(Config{Home: h.home.Dir(), Version: "v1", Counties: h, Decide: autoscale.Decide, Every: 5 * time.Second, Metrics: "127.0.0.1:0", Log: h.log})
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, nil) }()
	for answering := 0; answering < benchCounties; time.Sleep(100 * time.Millisecond) {
		answering = 0
		for i := range benchCounties {
			if _, err := os.Stat(h.home.County(benchName(i)).File(decisionsFile)); err == nil {
				answering++
			}
		}
	}
	time.Sleep(5 * time.Second)
	b.ResetTimer()
	before, begun := used(b), time.Now()
	for range b.N {
		time.Sleep(10 * time.Second)
	}
	took := time.Since(begun)
	cpu := used(b) - before
	b.StopTimer()
	b.ReportMetric(100*cpu.Seconds()/took.Seconds(), "%core")
	b.ReportMetric(resident(b), "MB")
	b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
}

// used is the processor time of this process.
func used(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is the process's memory in MB (proc(5), VmRSS).
func resident(b *testing.B) float64 {
	b.Helper()
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kb); n == 1 {
			return kb / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}
