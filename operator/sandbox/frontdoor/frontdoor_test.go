package frontdoor

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hello is the ClientHello that Go sends for a host.
func hello(t testing.TB, config *tls.Config) []byte {
	t.Helper()
	client, server := net.Pipe()
	defer server.Close()
	go func() {
		_ = tls.Client(client, config).Handshake()
		_ = client.Close()
	}()
	_ = server.SetDeadline(time.Now().Add(5 * time.Second))
	var header [recordHeader]byte
	if _, err := io.ReadFull(server, header[:]); err != nil {
		t.Fatal(err)
	}
	body := make([]byte, int(header[3])<<8|int(header[4]))
	if _, err := io.ReadFull(server, body); err != nil {
		t.Fatal(err)
	}
	return append(header[:], body...)
}

// fragment spreads a ClientHello over records of at most size bytes each.
func fragment(record []byte, size int) []byte {
	var out []byte
	for body := record[recordHeader:]; len(body) > 0; {
		n := min(size, len(body))
		out = append(out, recordHandshake, 3, 1, byte(n>>8), byte(n))
		out = append(out, body[:n]...)
		body = body[n:]
	}
	return out
}

func TestReadClientHello(t *testing.T) {
	whole := hello(t, &tls.Config{ServerName: "Klasse.Localhost", NextProtos: []string{"h2"}})
	nameless := hello(t, &tls.Config{InsecureSkipVerify: true})
	long := append([]byte{recordHandshake, 3, 1, 0, 4}, messageClientHello, 0xff, 0xff, 0xff)
	for name, c := range map[string]struct {
		input []byte
		want  string
		err   error
	}{
		"one record":           {whole, "klasse.localhost", nil},
		"three bytes a record": {fragment(whole, 3), "klasse.localhost", nil},
		"hundred a record":     {fragment(whole, 100), "klasse.localhost", nil},
		"no name":              {nameless, "", errNoName},
		"plain HTTP":           {[]byte("GET / HTTP/1.1\r\nHost: klasse.localhost\r\n\r\n"), "", errNotTLS},
		"endless":              {long, "", errHelloTooLong},
		"another message":      {[]byte{recordHandshake, 3, 1, 0, 4, 2, 0, 0, 0}, "", errNotTLS},
		"empty record":         {[]byte{recordHandshake, 3, 1, 0, 0}, "", errNotTLS},
		"cut off":              {whole[:50], "", io.ErrUnexpectedEOF},
		"nothing":              {nil, "", io.EOF},
	} {
		rest := bytes.NewReader(append(append([]byte(nil), c.input...), "more"...))
		if c.err == io.ErrUnexpectedEOF || c.err == io.EOF {
			rest = bytes.NewReader(c.input)
		}
		raw, got, err := readClientHello(rest)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v; want %q, %v", name, got, err, c.want, c.err)
		}
		if err == nil && !bytes.Equal(raw, c.input) {
			t.Errorf("%s: read %d bytes, want the %d of the ClientHello", name, len(raw), len(c.input))
		}
	}
}

func FuzzReadClientHello(f *testing.F) {
	whole := hello(f, &tls.Config{ServerName: "klasse.localhost"})
	f.Add(whole)
	f.Add(fragment(whole, 7))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		raw, name, err := readClientHello(bytes.NewReader(data))
		if err != nil {
			return
		}
		if !bytes.HasPrefix(data, raw) || len(raw) > maxHello {
			t.Errorf("%d bytes returned that were not read, or too many", len(raw))
		}
		if name == "" || len(name) > 253 {
			t.Errorf("name %q without an error", name)
		}
	})
}

func certificate(t *testing.T, host string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// machine answers TLS on an address with its own name, then echoes.
func machine(t *testing.T, listen, host string) *net.TCPAddr {
	t.Helper()
	l, err := tls.Listen("tcp", listen, &tls.Config{Certificates: []tls.Certificate{certificate(t, host)}, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				_, _ = io.Copy(c, c)
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return l.Addr().(*net.TCPAddr)
}

func open(t *testing.T, c Config) *Door {
	t.Helper()
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	d, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(); _ = d.Close() })
	return d
}

func dial(t *testing.T, address, host string) (*tls.Conn, error) {
	t.Helper()
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: &tls.Config{ServerName: host, InsecureSkipVerify: true, NextProtos: []string{"h2"}}}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*tls.Conn), nil
}

func TestConnectionsGoToTheNamedMachine(t *testing.T) {
	a := machine(t, "127.0.0.1:0", "eins.localhost")
	b := machine(t, net.JoinHostPort("127.78.250.2", itoa(a.Port)), "zwei.localhost")
	d := open(t, Config{Port: a.Port, Names: func() map[string][]netip.Addr {
		return map[string][]netip.Addr{
			"eins.localhost": {netip.MustParseAddr("127.0.0.1")},
			"zwei.localhost": {netip.MustParseAddr("fd77:6b72:ffff::1"), b.AddrPort().Addr()},
			"tot.localhost":  {netip.MustParseAddr("127.78.250.3")},
		}
	}})
	for _, host := range []string{"eins.localhost", "zwei.localhost", "EINS.localhost"} {
		c, err := dial(t, d.Address(), host)
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		state := c.ConnectionState()
		if want := map[string]string{"EINS.localhost": "eins.localhost"}[host]; state.PeerCertificates[0].DNSNames[0] != host && state.PeerCertificates[0].DNSNames[0] != want {
			t.Errorf("%s: arrived at %s", host, state.PeerCertificates[0].DNSNames[0])
		}
		if state.NegotiatedProtocol != "h2" {
			t.Errorf("%s: ALPN %q", host, state.NegotiatedProtocol)
		}
		text := bytes.Repeat([]byte("Guten Morgen. "), 20_000)
		go func() {
			_, _ = c.Write(text)
			_ = c.CloseWrite()
		}()
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s: %d of %d bytes came back, %v", host, len(got), len(text), err)
		}
	}
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		_ = l.Close()
		_, port, _ := net.SplitHostPort(d.Address())
		if _, err := dial(t, net.JoinHostPort("::1", port), "eins.localhost"); err != nil {
			t.Errorf("browsers that pin .localhost to ::1: %v", err)
		}
	}
	for _, host := range []string{"fremd.localhost", "tot.localhost", ""} {
		if _, err := dial(t, d.Address(), host); err == nil {
			t.Errorf("%q: connected", host)
		}
	}
}

func TestSilentClientIsClosed(t *testing.T) {
	d := open(t, Config{HelloTimeout: 20 * time.Millisecond, Names: func() map[string][]netip.Addr { return nil }})
	c, err := net.Dial("tcp", d.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("a client that says nothing: %v", err)
	}
}

func TestTooManyConnections(t *testing.T) {
	d := open(t, Config{MaxConnections: 2, Names: func() map[string][]netip.Addr { return nil }})
	var held []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", d.Address())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		held = append(held, c)
	}
	probe := func() error {
		c, err := net.Dial("tcp", d.Address())
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		_, err = c.Read(make([]byte, 1))
		return err
	}
	if err := probe(); !errors.Is(err, io.EOF) {
		t.Errorf("the third connection of two: %v", err)
	}
	_ = held[0].Close()
	var timeout net.Error
	for deadline := time.Now().Add(10 * time.Second); ; {
		if err := probe(); errors.As(err, &timeout) && timeout.Timeout() {
			return // let in, and waited for
		}
		if time.Now().After(deadline) {
			t.Fatal("still waiting for a free place")
		}
	}
}

func itoa(n int) string {
	return big.NewInt(int64(n)).String()
}
