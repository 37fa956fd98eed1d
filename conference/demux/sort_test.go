package demux

import (
	"crypto/tls"
	"io"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
)

// relayed takes one connection that speaks TURN and answers with its first bytes.
func relayed(d *Demux) <-chan string {
	got := make(chan string, 1)
	go func() {
		defer close(got)
		c, err := d.Relay().Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b := make([]byte, 20)
		if _, err := io.ReadFull(c, b); err == nil {
			got <- string(b)
		}
	}()
	return got
}

func TestTheFirstByteTellsTURNFromHTTP(t *testing.T) {
	const binding = "\x00\x01\x00\x00\x21\x12\xa4\x42............" // a Binding request (RFC 8489 §5)
	for _, tt := range []struct {
		name    string
		offers  []string
		says    string
		relayed bool
	}{
		{"TURN as browsers do it", nil, binding, true},
		{"TURN by its name", []string{"stun.turn"}, binding, true},
		{"HTTP without ALPN", nil, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", false},
		{"HTTP with ALPN", []string{"http/1.1"}, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPort(t, func(c *Config) { c.Relay = true })
			got := relayed(p.demux)
			conn, err := p.dial(&tls.Config{ServerName: domain, RootCAs: p.public.Pool(), NextProtos: tt.offers})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if tt.relayed {
				for _, part := range []string{tt.says[:1], tt.says[1:]} {
					if _, err := io.WriteString(conn, part); err != nil {
						t.Fatal(err)
					}
				}
				select {
				case first := <-got:
					if first != tt.says {
						t.Errorf("the relay got %q", first)
					}
				case <-time.After(patience):
					t.Error("the relay got nothing")
				}
				return
			}
			if line, err := request(conn); err != nil || line != "HTTP/1.1 200 OK" {
				t.Errorf("got %q, %v", line, err)
			}
		})
	}
}

func TestWhoSaysNothingAfterTheHandshakeIsClosed(t *testing.T) {
	p := newPort(t, func(c *Config) { c.Relay, c.Handshake = true, 300*time.Millisecond })
	conn, err := p.dial(&tls.Config{ServerName: domain, RootCAs: p.public.Pool()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, conn); isTimeout(err) {
		t.Error("still open")
	}
	eventually.True(t, "it is given back", func() bool { return p.demux.Open() == 0 })
}
