package server

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// forwarder gives the ACME CA a port to validate on before the server has one.
type forwarder struct {
	l  net.Listener
	wg sync.WaitGroup

	mu     sync.Mutex
	target string
	conns  []net.Conn
}

func newForwarder(t *testing.T) *forwarder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &forwarder{l: l}
	f.wg.Go(f.accept)
	t.Cleanup(func() {
		l.Close()
		f.mu.Lock()
		for _, c := range f.conns {
			c.Close()
		}
		f.mu.Unlock()
		f.wg.Wait()
	})
	return f
}

func (f *forwarder) port() int        { return f.l.Addr().(*net.TCPAddr).Port }
func (f *forwarder) addr() netip.Addr { return netip.MustParseAddr("127.0.0.1") }

func (f *forwarder) to(target string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.target = target
}

func (f *forwarder) accept() {
	for {
		in, err := f.l.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		target := f.target
		f.mu.Unlock()
		out, err := net.Dial("tcp", target)
		if err != nil {
			in.Close()
			continue
		}
		f.mu.Lock()
		f.conns = append(f.conns, in, out)
		f.mu.Unlock()
		for from, to := range map[net.Conn]net.Conn{in: out, out: in} {
			f.wg.Go(func() { io.Copy(to, from); to.Close() })
		}
	}
}
