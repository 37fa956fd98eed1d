package demux

import (
	"net"
	"net/netip"
	"sync"
)

// counter counts open connections, altogether and per address. Safe for concurrent use.
type counter struct {
	max, maxPerAddress int

	mu     sync.Mutex
	all    int
	byAddr map[netip.Prefix]int
}

func newCounter(max, maxPerAddress int) *counter {
	return &counter{max: max, maxPerAddress: maxPerAddress, byAddr: map[netip.Prefix]int{}}
}

// admit counts conn, or reports that there are too many. The returned connection is counted until it is closed.
func (c *counter) admit(conn net.Conn) (net.Conn, bool) {
	from := site(conn.RemoteAddr())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= c.max || c.byAddr[from] >= c.maxPerAddress {
		return nil, false
	}
	c.all++
	c.byAddr[from]++
	return &countedConn{Conn: conn, release: sync.OnceFunc(func() { c.release(from) })}, true
}

func (c *counter) release(from netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.byAddr[from]--; c.byAddr[from] == 0 {
		delete(c.byAddr, from)
	}
}

func (c *counter) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// site is what counts as one address: an IPv4 address, or the /64 that one IPv6 household or school gets (RFC 6177).
func site(a net.Addr) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap()
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	p, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// countedConn gives its place back when it is closed.
type countedConn struct {
	net.Conn
	release func()
}

func (c *countedConn) Close() error {
	c.release()
	return c.Conn.Close()
}
