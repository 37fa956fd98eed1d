package demux

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/medienzentrenverbund/kreisraum/conference/certs/catest"
	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	domain   = "jitsi.kmz-musterkreis.example"
	patience = 10 * time.Second
)

// port is a Demux with a site and an ops API behind it that count their requests.
type port struct {
	demux            *Demux
	addr             string
	county, public   *catest.CA
	siteHits, opsHit atomic.Int64
	log              bytes.Buffer
}

func newPort(t *testing.T, change func(*Config)) *port {
	t.Helper()
	p := &port{county: catest.New(t), public: catest.New(t)}
	site := leaf(p.public, domain, x509.ExtKeyUsageServerAuth)
	ops := leaf(p.county, opsapi.ServerName, x509.ExtKeyUsageServerAuth)
	cfg := Config{
		Site: &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if h.ServerName != domain {
				return nil, errors.New("no certificate for that name")
			}
			return &site, nil
		}},
		Ops: func() (*tls.Config, error) {
			return &tls.Config{Certificates: []tls.Certificate{ops}, ClientCAs: p.county.Pool()}, nil
		},
		Log: slog.New(slog.NewTextHandler(&p.log, nil)),
	}
	if change != nil {
		change(&cfg)
	}
	p.demux = New(cfg)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = l.Addr().String()
	served := make(chan error, 3)
	go func() { served <- p.demux.Serve(l) }()
	servers := []*http.Server{p.server(&p.siteHits), p.server(&p.opsHit)}
	go func() { served <- ignoreClosed(servers[0].Serve(p.demux.Site())) }()
	go func() { served <- ignoreClosed(servers[1].Serve(p.demux.Ops())) }()
	t.Cleanup(func() {
		p.demux.Close()
		for _, s := range servers {
			s.Close()
		}
		for range 3 {
			if err := <-served; err != nil {
				t.Errorf("serve: %v", err)
			}
		}
	})
	return p
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (p *port) server(hits *atomic.Int64) *http.Server {
	return &http.Server{
		ReadHeaderTimeout: 200 * time.Millisecond,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			hits.Add(1)
			io.WriteString(w, r.Proto)
		}),
	}
}

// dial makes a TLS connection. A TLS 1.3 client learns only from its first read that its certificate was refused.
func (p *port) dial(cfg *tls.Config) (*tls.Conn, error) {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", p.addr, cfg)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(patience))
	return conn, nil
}

// request sends a request over conn and returns the status line.
func request(conn net.Conn) (string, error) {
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(conn)
	line, _, _ := strings.Cut(string(answer), "\r\n")
	if line == "" && err == nil {
		err = io.ErrUnexpectedEOF
	}
	return line, err
}

func (p *port) opsClient(certs ...tls.Certificate) *tls.Config {
	return &tls.Config{ServerName: opsapi.ServerName, RootCAs: p.county.Pool(), NextProtos: []string{opsapi.ALPN}, Certificates: certs}
}

func TestOpsNeedsACountyCertificateInTheHandshake(t *testing.T) {
	p := newPort(t, nil)
	stranger := catest.New(t)
	expired := p.county.Leaf(x509.Certificate{DNSNames: []string{"operator"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, NotAfter: time.Now().Add(-time.Minute)})
	for _, tt := range []struct {
		name string
		cfg  *tls.Config
		ok   bool
	}{
		{"operator", p.opsClient(leaf(p.county, "operator", x509.ExtKeyUsageClientAuth)), true},
		{"no certificate", p.opsClient(), false},
		{"another CA", p.opsClient(leaf(stranger, "operator", x509.ExtKeyUsageClientAuth)), false},
		{"a machine's leaf", p.opsClient(leaf(p.county, opsapi.ServerName, x509.ExtKeyUsageServerAuth)), false},
		{"expired", p.opsClient(expired), false},
		{"TLS 1.2", func() *tls.Config {
			c := p.opsClient(leaf(p.county, "operator", x509.ExtKeyUsageClientAuth))
			c.MaxVersion = tls.VersionTLS12
			return c
		}(), false},
		{"site's protocols as well", func() *tls.Config {
			c := p.opsClient()
			c.NextProtos = []string{"h2", opsapi.ALPN, "http/1.1"}
			return c
		}(), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := p.opsHit.Load() + p.siteHits.Load()
			var line string
			conn, err := p.dial(tt.cfg)
			if err == nil {
				line, err = request(conn)
				conn.Close()
			}
			if tt.ok != (err == nil && line == "HTTP/1.1 200 OK") {
				t.Errorf("got %q, %v", line, err)
			}
			if hits := p.opsHit.Load() + p.siteHits.Load() - before; (hits == 1) != tt.ok {
				t.Errorf("%d requests reached a handler", hits)
			}
		})
	}
	if p.siteHits.Load() != 0 {
		t.Error("an ops connection reached the site")
	}
}

func TestOpsWithoutCertificateYet(t *testing.T) {
	p := newPort(t, func(c *Config) { c.Ops = func() (*tls.Config, error) { return nil, errors.New("not yet") } })
	start := time.Now()
	if conn, err := p.dial(p.opsClient(leaf(p.county, "operator", x509.ExtKeyUsageClientAuth))); err == nil {
		conn.Close()
		t.Error("handshake succeeded")
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("failed only after %s", took)
	}
}

// TestWithoutSite: a machine that has none opens its port to the operator alone.
func TestWithoutSite(t *testing.T) {
	p := newPort(t, func(c *Config) { c.Site = nil })
	operator := leaf(p.county, "operator", x509.ExtKeyUsageClientAuth)
	for name, protocols := range map[string][]string{"browser": {"h2", "http/1.1"}, "none": nil, "challenge": {"acme-tls/1"}} {
		conn, err := p.dial(&tls.Config{ServerName: domain, InsecureSkipVerify: true, NextProtos: protocols, Certificates: []tls.Certificate{operator}})
		if err == nil {
			conn.Close()
			t.Errorf("%s: handshake succeeded", name)
		}
	}
	conn, err := p.dial(p.opsClient(operator))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if line, err := request(conn); err != nil || line != "HTTP/1.1 200 OK" {
		t.Errorf("got %q, %v", line, err)
	}
	if p.siteHits.Load() != 0 {
		t.Error("somebody reached a site")
	}
}

func TestSiteProtocols(t *testing.T) {
	p := newPort(t, nil)
	for _, tt := range []struct {
		name   string
		offers []string
		max    uint16
		want   string // negotiated; "-" for a refusal
	}{
		{"browser", []string{"h2", "http/1.1"}, 0, "h2"},
		{"WebSocket", []string{"http/1.1"}, 0, "http/1.1"},
		{"no ALPN", nil, 0, ""},
		{"TLS 1.2", []string{"http/1.1"}, tls.VersionTLS12, "http/1.1"},
		{"TLS 1.1", []string{"http/1.1"}, tls.VersionTLS11, "-"},
		{"unknown protocol", []string{"smtp"}, 0, "-"},
		{"ACME challenge", []string{"acme-tls/1"}, 0, "acme-tls/1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := &tls.Config{ServerName: domain, RootCAs: p.public.Pool(), NextProtos: tt.offers, MaxVersion: tt.max, MinVersion: tls.VersionTLS10}
			conn, err := p.dial(cfg)
			if tt.want == "-" {
				if err == nil {
					conn.Close()
					t.Fatal("accepted")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if got := conn.ConnectionState().NegotiatedProtocol; got != tt.want {
				t.Errorf("negotiated %q, want %q", got, tt.want)
			}
			switch tt.want {
			case "h2":
			case "acme-tls/1": // closed without a word of HTTP
				if line, err := request(conn); err == nil {
					t.Errorf("answers %q", line)
				}
			default:
				if line, err := request(conn); err != nil || line != "HTTP/1.1 200 OK" {
					t.Errorf("got %q, %v", line, err)
				}
			}
		})
	}
}

func TestHTTP2ReachesTheSite(t *testing.T) {
	p := newPort(t, nil)
	tr := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{ServerName: domain, RootCAs: p.public.Pool()}}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr, Timeout: patience}).Get("https://" + p.addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "HTTP/2.0" {
		t.Errorf("got %q", body)
	}
}

func TestSlowClientsAreClosed(t *testing.T) {
	p := newPort(t, func(c *Config) { c.Handshake = 200 * time.Millisecond })
	for name, drip := range map[string]func(*testing.T) net.Conn{
		"says nothing": func(t *testing.T) net.Conn { return p.raw(t) },
		"half a ClientHello": func(t *testing.T) net.Conn {
			c := p.raw(t)
			c.Write([]byte{0x16, 3, 1, 0, 200, 1})
			return c
		},
		"drips headers": func(t *testing.T) net.Conn {
			c, err := p.dial(&tls.Config{ServerName: domain, RootCAs: p.public.Pool()})
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			conn := drip(t)
			defer conn.Close()
			start := time.Now()
			conn.SetReadDeadline(start.Add(patience))
			_, err := io.Copy(io.Discard, conn)
			if isTimeout(err) {
				t.Errorf("still open after %s", time.Since(start))
			}
		})
	}
	if p.siteHits.Load() != 0 {
		t.Error("a half request reached the handler")
	}
}

func (p *port) raw(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", p.addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestGarbageIsClosedAtOnceAndNotLogged(t *testing.T) {
	p := newPort(t, nil)
	conn := p.raw(t)
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\n\r\n")
	conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
		t.Fatal(err)
	}
	eventually.True(t, "the connection is given back", func() bool { return p.demux.Open() == 0 })
	if p.log.Len() > 0 {
		t.Errorf("log: %s", p.log.String())
	}
}

func TestLimitsOfConnections(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"altogether":  func(c *Config) { c.MaxConns = 3 },
		"per address": func(c *Config) { c.MaxPerAddress = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPort(t, change)
			var open []net.Conn
			for range 3 {
				open = append(open, p.raw(t))
			}
			eventually.True(t, "three are counted", func() bool { return p.demux.Open() == 3 })
			fourth := p.raw(t)
			defer fourth.Close()
			fourth.SetReadDeadline(time.Now().Add(patience))
			if _, err := fourth.Read(make([]byte, 1)); err == nil || isTimeout(err) {
				t.Errorf("the fourth connection stays: %v", err)
			}
			for _, c := range open {
				c.Close()
			}
			eventually.True(t, "all are given back", func() bool { return p.demux.Open() == 0 })
			conn, err := p.dial(&tls.Config{ServerName: domain, RootCAs: p.public.Pool()})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if line, err := request(conn); err != nil || line != "HTTP/1.1 200 OK" {
				t.Errorf("afterwards: %q, %v", line, err)
			}
		})
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func TestThousandIdleSockets(t *testing.T) {
	p := newPort(t, func(c *Config) { c.Handshake = time.Minute })
	before := heap()
	var idle []net.Conn
	defer func() {
		for _, c := range idle {
			c.Close()
		}
	}()
	for range 1000 {
		idle = append(idle, p.raw(t))
	}
	eventually.True(t, "a thousand are open", func() bool { return p.demux.Open() == 1000 })
	each := (heap() - before) / 1000
	t.Logf("%d bytes each, both ends of the socket in this process", each)
	if each > 64<<10 {
		t.Errorf("an idle socket costs %d bytes", each)
	}
	start := time.Now()
	conn, err := p.dial(&tls.Config{ServerName: domain, RootCAs: p.public.Pool()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if line, err := request(conn); err != nil || line != "HTTP/1.1 200 OK" {
		t.Errorf("got %q, %v", line, err)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("a visitor waits %s", took)
	}
}

// heap is the bytes of heap and stacks in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

func TestCloseIsIdempotentAndRefusesNewListeners(t *testing.T) {
	p := newPort(t, nil)
	conn := p.raw(t)
	defer conn.Close()
	eventually.True(t, "it is counted", func() bool { return p.demux.Open() == 1 })
	p.demux.Close()
	if err := p.demux.Close(); err != nil {
		t.Error(err)
	}
	if n := p.demux.Open(); n != 0 {
		t.Errorf("%d connections in their handshake survive Close", n)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.demux.Serve(l); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the late listener is open")
	}
}

// fromAddress is a connection as the counter sees it.
type fromAddress struct {
	net.Conn
	addr net.Addr
}

func (f fromAddress) RemoteAddr() net.Addr { return f.addr }
func (fromAddress) Close() error           { return nil }

func TestSubnetsDoNotMultiplyConnections(t *testing.T) {
	c := newCounter(1000, 10)
	var open []net.Conn
	admit := func(ip string) bool {
		conn, ok := c.admit(fromAddress{addr: &net.TCPAddr{IP: net.ParseIP(ip), Port: 1234}})
		if ok {
			open = append(open, conn)
		}
		return ok
	}
	for i := range 100 { // each from another /64 of the same /48
		admit(fmt.Sprintf("2001:db8:0:%x::1", i))
	}
	if len(open) != 20 {
		t.Errorf("%d connections of one network", len(open))
	}
	if !admit("2001:db8:1::1") || !admit("192.0.2.1") {
		t.Error("other networks have to suffer")
	}
	for _, conn := range open {
		conn.Close()
		conn.Close()
	}
	if c.open() != 0 || len(c.byAddr) != 0 {
		t.Errorf("%d connections and %d addresses are still counted", c.open(), len(c.byAddr))
	}
}

func TestOneAddress(t *testing.T) {
	at := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1234} }
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
	} {
		if got := site(at(tt.a)) == site(at(tt.b)); got != tt.same {
			t.Errorf("%s and %s: got %v", tt.a, tt.b, got)
		}
	}
}

// leaf is good for one usage.
func leaf(ca *catest.CA, name string, usage x509.ExtKeyUsage) tls.Certificate {
	return ca.Leaf(x509.Certificate{DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{usage}})
}
