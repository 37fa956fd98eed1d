package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/certs/acmetest"
	"github.com/medienzentrenverbund/kreisraum/conference/certs/catest"
	"github.com/medienzentrenverbund/kreisraum/conference/client"
	"github.com/medienzentrenverbund/kreisraum/conference/config"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/logtest"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/passhash"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
)

func TestMain(m *testing.M) {
	if file := os.Getenv(machineFile); file != "" {
		os.Exit(beMachine(file))
	}
	goleak.VerifyTestMain(m, acmetest.Leaks()...)
}

const (
	domain   = "jitsi.kmz-musterkreis.example"
	patience = 30 * time.Second
)

// county is a server with everything around it: operator, CA, name server, and what browsers see.
type county struct {
	cfg      config.Config
	server   *Server
	acme     *acmetest.CA
	forward  *forwarder
	operator operator
	log      *logtest.Buffer
	stop     func() error
}

func newCounty(t *testing.T) *county {
	t.Helper()
	dir := t.TempDir()
	forward := newForwarder(t)
	acme := acmetest.Start(t, forward.port(), 48*time.Hour)
	acme.Point(domain, forward.addr())
	cfg := config.Default()
	cfg.County, cfg.Domain = "musterkreis", domain
	cfg.Listen = config.Listen{Addresses: []string{"127.0.0.1"}} // free ports
	cfg.ACME.Directory, cfg.ACME.RootsFile = acme.Directory, acme.RootsFile
	cfg.Contact = config.Contact{Name: "Kreismedienzentrum Musterkreis", Email: "hilfe@kmz-musterkreis.example"}
	cfg.Paths = pathsIn(dir)
	c := &county{cfg: cfg, acme: acme, forward: forward, operator: newOperator(t), log: &logtest.Buffer{}}
	writeFile(t, cfg.Paths.CountyCA, c.operator.PEM())
	c.start(t)
	return c
}

// pathsIn are the paths of a machine whose files are all in one folder.
func pathsIn(dir string) config.Paths {
	return config.Paths{State: filepath.Join(dir, "state"), Logs: filepath.Join(dir, "logs"), Runtime: filepath.Join(dir, "run"),
		CountyCA: filepath.Join(dir, "county-ca.crt"), OpsCertificate: filepath.Join(dir, "ops.crt")}
}

// start runs a server process, so to speak.
func (c *county) start(t *testing.T) {
	t.Helper()
	s, err := New(c.cfg, Options{Log: slog.New(slog.NewJSONHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Version: "1.2.3", Deployment: "sha256:abc"})
	if err != nil {
		t.Fatal(err)
	}
	c.server = s
	c.forward.to(s.TLSAddr().String())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	c.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() {
		if err := c.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// signCSR does the operator's part of the deployment.
func (c *county) signCSR(t *testing.T) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(c.cfg.Paths.State, "ops.csr"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	leaf := c.operator.sign(csr.PublicKey, opsapi.ServerName, identity.Name(c.cfg.MachineID()))
	writeFile(t, c.cfg.Paths.OpsCertificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf}))
}

// ops returns a caller of the ops API, closed with the test.
func (c *county) ops(t *testing.T) *opsapi.Client {
	t.Helper()
	cl := opsapi.NewClient(opsapi.ClientConfig{Address: c.server.TLSAddr().String(), Certificate: c.operator.client(), CA: c.operator.Pool(), Timeout: patience})
	t.Cleanup(cl.Close)
	return cl
}

// orderCertificate orders the site's certificate and waits for it.
func orderCertificate(t *testing.T, ops *opsapi.Client) {
	t.Helper()
	if _, err := ops.OrderCertificate(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually.True(t, "the certificate is ready", func() bool {
		cert, err := ops.Certificate(t.Context())
		if err != nil || cert.State == opsapi.CertificateFailed {
			t.Fatalf("%v %+v", err, cert)
		}
		return cert.State == opsapi.CertificateReady
	})
}

// ordering is held while a county of this process orders: all have the same domain, and certmagic keeps the open challenges of a process by name.
var ordering sync.Mutex

// ready brings the county to where `kreisraum up` leaves it.
func (c *county) ready(t *testing.T, accounts ...opsapi.Account) *opsapi.Client {
	t.Helper()
	c.signCSR(t)
	ops := c.ops(t)
	eventually.True(t, "the ops API answers", func() bool { _, err := ops.Info(t.Context()); return err == nil })
	ordering.Lock()
	defer ordering.Unlock()
	orderCertificate(t, ops)
	if _, err := ops.PutAccounts(t.Context(), opsapi.Accounts{Revision: "r1", Accounts: accounts}); err != nil {
		t.Fatal(err)
	}
	return ops
}

// browser is an HTTP client that reaches the county by its name and keeps cookies.
func (c *county) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{RootCAs: c.acme.Roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: patience}).DialContext(ctx, network, c.server.TLSAddr().String())
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Jar: jar, Timeout: patience}
}

func post(t *testing.T, b *http.Client, path, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+domain+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://"+domain)
	resp, err := b.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

func get(t *testing.T, b *http.Client, path string) (*http.Response, string) {
	t.Helper()
	resp, err := b.Get("https://" + domain + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// enter opens a room's WebSocket and joins.
func (c *county) enter(t *testing.T, b *http.Client, room string, join signaling.Join) *websocket.Conn {
	t.Helper()
	// A WebSocket needs HTTP/1.1: browsers offer only that for wss:.
	transport := b.Transport.(*http.Transport).Clone()
	transport.ForceAttemptHTTP2 = false
	transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
	transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	t.Cleanup(transport.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "wss://"+domain+"/api/rooms/"+room+"/ws", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport, Jar: b.Jar}, HTTPHeader: http.Header{"Origin": {"https://" + domain}},
		Subprotocols: []string{signaling.Subprotocol},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.CloseNow() })
	send(t, ws, join)
	return ws
}

func send(t *testing.T, ws *websocket.Conn, m signaling.ClientMessage) {
	t.Helper()
	data, err := signaling.EncodeClient(m)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := ws.Write(ctx, websocket.MessageText, data); err != nil {
		t.Fatal(err)
	}
}

// expect reads until a message of type M comes.
func expect[M signaling.ServerMessage](t *testing.T, ws *websocket.Conn) M {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		_, data, err := ws.Read(ctx)
		if err != nil {
			var want M
			t.Fatalf("waiting for %T: %v", want, err)
		}
		m, err := signaling.DecodeServer(data)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := m.(M); ok {
			return got
		}
	}
}

func newAccount(t *testing.T, id, name, password string) opsapi.Account {
	t.Helper()
	hash, err := passhash.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	return opsapi.Account{ID: id, Name: name, Hash: hash}
}

// TestFromNothingToALesson is `kreisraum up` and a lesson, seen from the machine.
func TestFromNothingToALesson(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	ops := c.ops(t)
	if _, err := ops.Info(t.Context()); err == nil {
		t.Fatal("the ops API answers without a certificate")
	}
	teacher := newAccount(t, "id-1", "ahorn-4827", "Kanarienvogel-Passwort")
	ops = c.ready(t, teacher)
	info, err := ops.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Version != "1.2.3" || info.Deployment != "sha256:abc" || info.AccountsRevision != "r1" || info.Certificate.State != opsapi.CertificateReady {
		t.Errorf("info: %+v", info)
	}

	browser := c.browser(t)
	resp, body := get(t, browser, "/api/site")
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || !strings.Contains(body, `"maxParticipants":70`) {
		t.Errorf("site: %s %s %s", resp.Proto, resp.Status, body)
	}
	if resp := post(t, browser, "/api/login", `{"name":"ahorn-4827","password":"falsch"}`); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("wrong password: %s", resp.Status)
	}
	if resp := post(t, browser, "/api/login", `{"name":"ahorn-4827","password":"Kanarienvogel-Passwort"}`); resp.StatusCode != http.StatusNoContent {
		t.Fatalf("login: %s", resp.Status)
	}
	if _, body := get(t, browser, "/api/session"); strings.TrimSpace(body) != `{"organiser":true,"name":"ahorn-4827"}` {
		t.Errorf("session: %s", body)
	}

	pupil := c.enter(t, c.browser(t), "klasse-kanarie", signaling.Join{Name: "Kim Kanarie", Role: signaling.RoleParticipant})
	if d := expect[signaling.Door](t, pupil); d.State != signaling.DoorWaiting {
		t.Errorf("before the lesson: %+v", d)
	}
	organiser := c.enter(t, browser, "Klasse-Kanarie", signaling.Join{Name: "Frau Kanarie", Role: signaling.RoleOrganiser})
	joined := expect[signaling.Joined](t, organiser)
	if d := expect[signaling.Door](t, pupil); d.State != signaling.DoorCode {
		t.Errorf("door: %+v", d)
	}
	send(t, pupil, signaling.EnterCode{Code: joined.Room.Code})
	expect[signaling.Joined](t, pupil)
	if info, err := ops.Info(t.Context()); err != nil || info.Rooms != 1 || info.Participants != 2 {
		t.Errorf("counts: %+v, %v", info, err)
	}

	teacher.Disabled = true
	result, err := ops.PutAccounts(t.Context(), opsapi.Accounts{Revision: "r2", Accounts: []opsapi.Account{teacher}})
	if err != nil || result != (opsapi.AccountsResult{Revision: "r2", Accounts: 1, Ended: 1}) {
		t.Errorf("disabling: %+v, %v", result, err)
	}
	if e := expect[signaling.Ended](t, organiser); e.Reason != signaling.EndedAccountDisabled {
		t.Errorf("ended: %+v", e)
	}
	organiser.Close(websocket.StatusNormalClosure, "")
	if _, body := get(t, browser, "/api/session"); strings.TrimSpace(body) != `{"organiser":false}` {
		t.Errorf("session of a disabled account: %s", body)
	}
	if resp := post(t, browser, "/api/login", `{"name":"ahorn-4827","password":"Kanarienvogel-Passwort"}`); resp.StatusCode != http.StatusForbidden {
		t.Errorf("login of a disabled account: %s", resp.Status)
	}

	ended := make(chan error, 1)
	go func() { ended <- c.stop() }()
	if e := expect[signaling.Ended](t, pupil); e.Reason != signaling.EndedRestart {
		t.Errorf("the pupil learns %+v", e)
	}
	pupil.Close(websocket.StatusNormalClosure, "")
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	c.noCanary(t)
}

// noCanary searches everything that was written for what must not be there.
func (c *county) noCanary(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(c.cfg.Paths.Logs)
	if err != nil || len(entries) != 1 {
		t.Fatalf("access logs: %v, %v", entries, err)
	}
	access, err := os.ReadFile(filepath.Join(c.cfg.Paths.Logs, entries[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(access, []byte(" 127.0.0.0 GET /api/rooms/{room}/ws 101 ")) {
		t.Errorf("access log lacks the room's line:\n%s", access)
	}
	log := c.log.String()
	if !strings.Contains(log, "server is down") {
		t.Errorf("log:\n%s", log)
	}
	for name, text := range map[string]string{"log": log, "access log": string(access)} {
		for _, canary := range []string{"anarie", "ahorn", "id-1", "falsch", "Go-http-client", "127.0.0.1"} {
			if strings.Contains(text, canary) {
				t.Errorf("%s contains %q:\n%s", name, canary, text)
			}
		}
	}
}

func TestRestartKeepsCertificateAndAccounts(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	c.ready(t, newAccount(t, "id-1", "ahorn-4827", "ein-passwort"))
	browser := c.browser(t)
	post(t, browser, "/api/login", `{"name":"ahorn-4827","password":"ein-passwort"}`)
	if err := c.stop(); err != nil {
		t.Fatal(err)
	}
	c.start(t)
	info, err := c.ops(t).Info(t.Context())
	if err != nil || info.Certificate.State != opsapi.CertificateReady || info.AccountsRevision != "r1" {
		t.Errorf("after the restart: %+v, %v", info, err)
	}
	if _, body := get(t, browser, "/api/session"); !strings.Contains(body, `"organiser":true`) {
		t.Errorf("session after the restart: %s", body)
	}
	if n := c.acme.Orders(); n != 1 {
		t.Errorf("%d certificate orders", n)
	}
}

// TestProbe holds a call with media through the whole server.
func TestProbe(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	ops := c.ready(t)
	ticket, err := ops.ProbeToken(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	target := client.Target{URL: "https://" + domain, DialAddress: c.server.TLSAddr().String(), Roots: c.acme.Roots}
	report, err := client.Probe(t.Context(), target, client.Ticket{Room: ticket.Room, Token: ticket.Token}, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", report)
	if report.Received == 0 || report.Loss > 0.02 {
		t.Errorf("media: %+v", report)
	}
}

func TestTakenPort(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	cfg := c.cfg
	cfg.Paths = pathsIn(t.TempDir())
	cfg.Listen.TLSPort = int(c.server.TLSAddr().Port())
	_, err := New(cfg, Options{})
	if err == nil || !strings.Contains(err.Error(), c.server.TLSAddr().String()) || !strings.Contains(err.Error(), "ss -ltnp") {
		t.Errorf("TLS port: %v", err)
	}
	cfg.Listen.TLSPort, cfg.Listen.MediaPort = 0, c.server.MediaPort()
	if _, err := New(cfg, Options{}); err == nil || !strings.Contains(err.Error(), "ss -ulpn") {
		t.Errorf("media port: %v", err)
	}
	cfg.Listen.MediaPort, cfg.Listen.Addresses = 0, []string{"192.0.2.77"}
	if _, err := New(cfg, Options{}); err == nil || !strings.Contains(err.Error(), "192.0.2.77") {
		t.Errorf("foreign address: %v", err)
	}
}

func TestBothAddressFamilies(t *testing.T) {
	t.Parallel()
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("no IPv6 on this machine")
	} else {
		l.Close()
	}
	c := newCounty(t)
	cfg := c.cfg
	cfg.Paths = pathsIn(t.TempDir())
	cfg.Listen = config.Listen{Addresses: []string{"127.0.0.1", "::1"}}
	s, err := New(cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for _, l := range s.listeners {
		conn, err := net.DialTimeout("tcp", l.Addr().String(), patience)
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// operator holds a county CA.
type operator struct{ *catest.CA }

func newOperator(t *testing.T) operator { return operator{catest.New(t)} }

func (o operator) sign(public any, names ...string) []byte {
	return o.Sign(public, x509.Certificate{DNSNames: names})
}

func (o operator) client() tls.Certificate {
	return o.Leaf(x509.Certificate{DNSNames: []string{identity.Operator}})
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}
