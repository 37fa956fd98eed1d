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
	from, network := site(conn.RemoteAddr()), network(conn.RemoteAddr())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all >= c.max || c.byAddr[from] >= c.maxPerAddress || c.byAddr[network] >= 2*c.maxPerAddress {
		return nil, false
	}
	c.all++
	c.byAddr[from]++
	c.byAddr[network]++
	return &countedConn{Conn: conn, release: sync.OnceFunc(func() { c.release(from, network) })}, true
}

func (c *counter) release(counted ...netip.Prefix) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	for _, p := range counted {
		if c.byAddr[p]--; c.byAddr[p] == 0 {
			delete(c.byAddr, p)
		}
	}
}

func (c *counter) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// site is what counts as one address: an IPv4 address, or the /64 of one IPv6 subnet.
func site(a net.Addr) netip.Prefix { return prefix(a, 32, 64) }

// network is what a whole IPv6 site gets, 65,536 subnets (RFC 6177 §2); it counts as two addresses, so that nobody takes all
// connections by using them in turn. For IPv4 it is the
// /31, two addresses, which bounds nothing further.
func network(a net.Addr) netip.Prefix { return prefix(a, 31, 48) }

func prefix(a net.Addr, four, six int) netip.Prefix {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap()
	bits := six
	if ip.Is4() {
		bits = four
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
