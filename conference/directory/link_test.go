package directory

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/medienzentrenverbund/kreisraum/conference/certs/catest"
	"github.com/medienzentrenverbund/kreisraum/conference/cluster"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/conference/signaling"
	"github.com/medienzentrenverbund/kreisraum/conference/token"
)

// wakeful is how long a test waits for what takes milliseconds on an idle machine.
const wakeful = 30 * time.Second

// authority signs the leaves of a county.
type authority struct {
	*catest.CA
	t testing.TB
}

func newAuthority(t testing.TB) *authority { return &authority{catest.New(t), t} }

func (a *authority) leaf(machine string) tls.Certificate {
	return a.Leaf(x509.Certificate{DNSNames: []string{identity.Name(machine)}})
}

// portalTLS is the portal's side of the room port.
func (a *authority) portalTLS() func() (*tls.Config, error) {
	cfg := &tls.Config{Certificates: []tls.Certificate{a.leaf(identity.Portal)}, RootCAs: a.Pool(), MinVersion: tls.VersionTLS13}
	return func() (*tls.Config, error) { return cfg, nil }
}

// roomPort is a machine's room port with an echo behind it.
type roomPort struct {
	*httptest.Server
	at netip.AddrPort

	mu     sync.Mutex
	seen   []*http.Request
	broken chan struct{} // one for each connection that ended
	// over closes what is there and says so first (TLS close_notify); kill does not.
	over, kill chan struct{}
}

func (a *authority) roomPort(machine string) *roomPort {
	p := &roomPort{broken: make(chan struct{}, 1000), over: make(chan struct{}), kill: make(chan struct{})}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(p.echo))
	p.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	p.TLS = &tls.Config{Certificates: []tls.Certificate{a.leaf(machine)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.Pool()}
	p.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, rawConn{}, c) }
	p.StartTLS()
	a.t.Cleanup(p.Close)
	p.at = netip.MustParseAddrPort(p.Listener.Addr().String())
	return p
}

// rawConn is the key of a request's connection.
type rawConn struct{}

// quit makes the bridge close the connection.
const quit = "quit"

func (p *roomPort) echo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, r)
	p.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "bridge", Value: "x"})
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{signaling.Subprotocol}})
	if err != nil {
		return
	}
	defer func() { p.broken <- struct{}{} }()
	defer ws.CloseNow()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-p.over:
			_ = ws.CloseNow()
		case <-p.kill:
			_ = r.Context().Value(rawConn{}).(*tls.Conn).NetConn().Close()
		case <-done:
		}
	}()
	for {
		kind, frame, err := ws.Read(r.Context())
		if err != nil {
			return
		}
		if string(frame) == quit {
			_ = ws.Close(websocket.StatusServiceRestart, "")
			return
		}
		if ws.Write(r.Context(), kind, frame) != nil {
			return
		}
	}
}

func (p *roomPort) last() *http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen[len(p.seen)-1]
}

// door serves a handler to browsers.
func door(t *testing.T, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func dial(t *testing.T, url string, header ...string) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wakeful)
	defer cancel()
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	ws, resp, err := websocket.Dial(ctx, url+"/api/rooms/klasse-5a/ws?secret=1", &websocket.DialOptions{HTTPHeader: h, Subprotocols: []string{signaling.Subprotocol}})
	if err == nil {
		t.Cleanup(func() { _ = ws.CloseNow() })
	}
	return ws, resp, err
}

func mustDial(t *testing.T, url string, header ...string) (*websocket.Conn, *http.Response) {
	t.Helper()
	ws, resp, err := dial(t, url, header...)
	if err != nil {
		t.Fatal(err)
	}
	return ws, resp
}

func say(t *testing.T, ws *websocket.Conn, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wakeful)
	defer cancel()
	if err := ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if _, got, err := ws.Read(ctx); err != nil || string(got) != text {
		t.Fatalf("said %q, heard %q, %v", text, got, err)
	}
}

// expectCut waits until the connection has ended for the browser.
func expectCut(t *testing.T, ws *websocket.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), wakeful)
	defer cancel()
	if _, _, err := ws.Read(ctx); err == nil || ctx.Err() != nil {
		t.Fatalf("not cut off: %v", err)
	}
}

func (a *authority) link(p *roomPort, log *slog.Logger) *link {
	l := remoteLink("bridge-1", "boot", p.at.Addr(), p.at.Port(), a.portalTLS(), log)
	a.t.Cleanup(l.end)
	return l
}

var silence = slog.New(slog.DiscardHandler)

// TestTheWayCarriesAWebSocketAndNothingPersonal: a bridge has no business with what a browser tells of itself.
func TestTheWayCarriesAWebSocketAndNothingPersonal(t *testing.T) {
	a := newAuthority(t)
	p := a.roomPort("bridge-1")
	ws, resp := mustDial(t, door(t, a.link(p, silence)), "Cookie", "__Host-kreisraum=secret", "User-Agent", "Kanarienvogel/1", "X-Forwarded-For", "203.0.113.7",
		"Origin", "https://evil.example", "Accept-Language", "de", "Authorization", "Basic x", cluster.AdmissionHeader, "signed")
	say(t, ws, "hallo")
	r := p.last()
	if got := r.Header.Values(cluster.AdmissionHeader); len(got) != 1 || got[0] != "signed" {
		t.Errorf("admission %v", got)
	}
	for name := range r.Header {
		switch name {
		case "Connection", "Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol", cluster.AdmissionHeader:
		default:
			t.Errorf("the bridge gets %s", name)
		}
	}
	if r.URL.RawQuery != "" || r.Host != identity.Name("bridge-1") {
		t.Errorf("asked %s for a query of %d bytes", r.Host, len(r.URL.RawQuery))
	}
	if ws.Subprotocol() != signaling.Subprotocol || len(resp.Cookies()) != 0 {
		t.Errorf("subprotocol %q, %d cookies", ws.Subprotocol(), len(resp.Cookies()))
	}
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 || r.TLS.PeerCertificates[0].DNSNames[0] != identity.Name(identity.Portal) {
		t.Error("the bridge does not see the portal's certificate")
	}
}

func TestTheEndOfTheWayCutsEverythingOff(t *testing.T) {
	a := newAuthority(t)
	p := a.roomPort("bridge-1")
	l := a.link(p, silence)
	url := door(t, l)
	var all []*websocket.Conn
	for range 20 {
		ws, _ := mustDial(t, url)
		say(t, ws, "hallo")
		all = append(all, ws)
	}
	l.end()
	for _, ws := range all {
		expectCut(t, ws)
	}
	for range all {
		select {
		case <-p.broken:
		case <-time.After(wakeful):
			t.Fatal("the bridge still has a connection")
		}
	}
	_, resp, err := dial(t, url)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("after the end: %v", err)
	}
	eventually.True(t, "all to be counted out", func() bool { return l.linked.Load() == 0 })
}

func TestBothSidesMayEnd(t *testing.T) {
	a := newAuthority(t)
	p := a.roomPort("bridge-1")
	l := a.link(p, silence)
	url := door(t, l)
	ws, _ := mustDial(t, url)
	if err := ws.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("the browser closes: %v", err)
	}
	<-p.broken
	ws, _ = mustDial(t, url)
	ctx, cancel := context.WithTimeout(t.Context(), wakeful)
	defer cancel()
	if err := ws.Write(ctx, websocket.MessageText, []byte(quit)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ws.Read(ctx); websocket.CloseStatus(err) != websocket.StatusServiceRestart {
		t.Errorf("the bridge closes: %v", err)
	}
	<-p.broken
	eventually.True(t, "both to be counted out", func() bool { return l.linked.Load() == 0 })
}

func TestWhoIsNotTheMachineGetsNothing(t *testing.T) {
	county, strangers := newAuthority(t), newAuthority(t)
	nobody := func() (*tls.Config, error) { return &tls.Config{RootCAs: county.Pool()}, nil }
	none := func() (*tls.Config, error) { return nil, errors.New("no usable certificate yet") }
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := netip.MustParseAddrPort(closed.Addr().String())
	closed.Close()
	for name, tt := range map[string]struct {
		at  netip.AddrPort
		tls func() (*tls.Config, error)
	}{
		"another machine":             {county.roomPort("bridge-2").at, county.portalTLS()},
		"another county":              {strangers.roomPort("bridge-1").at, county.portalTLS()},
		"a portal of another county":  {county.roomPort("bridge-1").at, strangers.portalTLS()},
		"a portal without a leaf":     {county.roomPort("bridge-1").at, nobody},
		"a portal that waits for one": {county.roomPort("bridge-1").at, none},
		"nobody there":                {gone, county.portalTLS()},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			l := remoteLink("bridge-1", "boot", tt.at.Addr(), tt.at.Port(), tt.tls, slog.New(slog.NewTextHandler(&log, nil)))
			defer l.end()
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/api/rooms/kanarienvogel/ws", nil)
			r.Header.Set("Cookie", "kanarienvogel")
			r.RemoteAddr = "203.0.113.7:4711"
			l.ServeHTTP(w, r)
			if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), `"busy"`) {
				t.Errorf("answered %d %s", w.Code, w.Body)
			}
			if s := log.String(); !strings.Contains(s, "bridge-1") || strings.Contains(s, "kanarienvogel") || strings.Contains(s, "203.0.113") {
				t.Errorf("log: %s", s)
			}
		})
	}
}

// TestABrowserThatSaysNothingIsNotWaitedFor: it has lost its network and will never answer.
func TestABrowserThatSaysNothingIsNotWaitedFor(t *testing.T) {
	a := newAuthority(t)
	for name, end := range map[string]func(*link, *roomPort){
		"the way ends":         func(l *link, _ *roomPort) { l.end() },
		"the bridge ends":      func(_ *link, p *roomPort) { close(p.over) },
		"the bridge is killed": func(_ *link, p *roomPort) { close(p.kill) },
	} {
		t.Run(name, func(t *testing.T) {
			p := a.roomPort("bridge-1")
			l := a.link(p, silence)
			conn, err := net.Dial("tcp", strings.TrimPrefix(door(t, l), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: %s\r\n\r\n", signaling.Subprotocol)
			if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
				t.Fatal(err)
			}
			end(l, p)
			eventually.True(t, "the connection to be let go", func() bool { return l.linked.Load() == 0 })
		})
	}
}

func TestConnectionsToABridgeAreBounded(t *testing.T) {
	a := newAuthority(t)
	l := a.link(a.roomPort("bridge-1"), silence)
	l.linked.Store(maxLinked)
	w := httptest.NewRecorder()
	l.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusServiceUnavailable || l.linked.Load() != maxLinked {
		t.Errorf("answered %d with %d connections", w.Code, l.linked.Load())
	}
}

// TestAnotherBootCutsOff goes through a Directory on the real clock: a bridge that comes back within its lease is another one.
func TestAnotherBootCutsOff(t *testing.T) {
	a := newAuthority(t)
	p := a.roomPort("bridge-1")
	store := newMemory()
	d := New(Config{Store: store, Key: token.NewKey(), TLS: a.portalTLS(), RoomsPort: p.at.Port(), Log: silence})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx) })
	defer running.Wait()
	defer stop()
	d.SetMachines(opsapi.Machines{Machines: []opsapi.Machine{{ID: "bridge-1", Private: p.at.Addr(), Ready: true}}})
	first := store.boot("bridge-1", "a", calm)
	url := door(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		place, err := d.Locate(r.Context(), cluster.Seeker{Room: "klasse-5a"})
		if err != nil {
			busy(w)
			return
		}
		place.Bridge.ServeHTTP(w, r)
	}))
	ws, _ := mustDial(t, url)
	say(t, ws, "hallo")
	first.kill()
	second := store.boot("bridge-1", "b", calm)
	defer second.kill()
	expectCut(t, ws)
	ws, _ = mustDial(t, url)
	say(t, ws, "wieder da")
	stop()
	expectCut(t, ws)
}

// TestABridgeThatWasRemovedIsNoWarning: bridges go every afternoon; only one that dies is worth a look.
func TestABridgeThatWasRemovedIsNoWarning(t *testing.T) {
	a := newAuthority(t)
	p := a.roomPort("bridge-1")
	store := newMemory()
	said := make(sentences, 1000) // never blocks the directory
	d := New(Config{Store: store, Key: token.NewKey(), TLS: a.portalTLS(), RoomsPort: p.at.Port(), Log: slog.New(slog.NewTextHandler(said, nil))})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx) })
	defer running.Wait()
	defer stop()
	list := opsapi.Machines{Machines: []opsapi.Machine{{ID: "bridge-1", Private: p.at.Addr(), Ready: true}}}
	d.SetMachines(list)
	first := store.boot("bridge-1", "a", calm)
	said.expect(t, "level=INFO", "bridge is there")
	first.kill()
	said.expect(t, "level=WARN", "bridge is gone")
	defer store.boot("bridge-1", "b", calm).kill()
	said.expect(t, "level=INFO", "bridge is there")
	d.SetMachines(opsapi.Machines{})
	said.expect(t, "level=INFO", "bridge was taken off the list")
}

// sentences are lines of a log that somebody waits for.
type sentences chan string

func (s sentences) Write(line []byte) (int, error) {
	s <- string(line)
	return len(line), nil
}

// expect skips the lines without text, and fails if the one with it has another level.
func (s sentences) expect(t *testing.T, level, text string) {
	t.Helper()
	for {
		select {
		case line := <-s:
			if !strings.Contains(line, text) {
				if strings.Contains(line, "WARN") {
					t.Fatalf("a warning before %q: %s", text, line)
				}
				continue
			}
			if !strings.Contains(line, level) {
				t.Errorf("want %s: %s", level, line)
			}
			return
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing was said of %q", text)
		}
	}
}
