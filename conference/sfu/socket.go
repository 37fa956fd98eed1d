package sfu

import (
	"net"
	"net/netip"
	"sync"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// batchSize is how many packets one system call sends at most (sendmmsg; UIO_MAXIOV is 1024). 64 hold a lecture.
const batchSize = 64

// socket is a UDP socket that sends what is written between hold and release with few system calls. pion writes to it packet
// by packet; a source that has 70 receivers then costs two system calls per packet and not 70. Nothing waits for a timer: what
// is held goes out when the goroutine that forwards has come to the last receiver. Safe for concurrent use.
type socket struct {
	*net.UDPConn
	writeBatch func([]ipv4.Message) (int, error)
	gate       *gate // the reader's
	traffic    traffic

	mu    sync.Mutex // guards what follows; held for copying only
	holds int
	queue *batch

	sending sync.Mutex // keeps batches in order
	spare   *batch     // guarded by sending
}

// batch is prepared once: each message has its own buffer and address.
type batch struct {
	messages [batchSize]ipv4.Message
	buffers  [batchSize][receiveMTU]byte
	n        int
}

func newSocket(c *net.UDPConn) *socket {
	s := &socket{UDPConn: c, gate: newGate(), queue: newBatch(), spare: newBatch()}
	if c.LocalAddr().(*net.UDPAddr).IP.To4() != nil {
		p := ipv4.NewPacketConn(c)
		s.writeBatch = func(m []ipv4.Message) (int, error) { return p.WriteBatch(m, 0) }
	} else {
		p := ipv6.NewPacketConn(c)
		s.writeBatch = func(m []ipv4.Message) (int, error) { return p.WriteBatch(m, 0) }
	}
	return s
}

func newBatch() *batch {
	b := &batch{}
	for i := range b.messages {
		b.messages[i] = ipv4.Message{Buffers: make([][]byte, 1), Addr: &net.UDPAddr{IP: make(net.IP, 0, net.IPv6len)}}
	}
	return b
}

// add copies a packet in. It reports whether the batch is full now.
func (b *batch) add(p []byte, to netip.AddrPort) (full bool) {
	m := &b.messages[b.n]
	m.Buffers[0] = b.buffers[b.n][:copy(b.buffers[b.n][:], p)]
	addr := m.Addr.(*net.UDPAddr)
	a := to.Addr().Unmap()
	if a.Is4() {
		four := a.As4()
		addr.IP = append(addr.IP[:0], four[:]...)
	} else {
		sixteen := a.As16()
		addr.IP = append(addr.IP[:0], sixteen[:]...)
	}
	addr.Port, addr.Zone = int(to.Port()), a.Zone()
	b.n++
	return b.n == batchSize
}

// hold keeps what is written from now on until as many releases.
func (s *socket) hold() {
	s.mu.Lock()
	s.holds++
	s.mu.Unlock()
}

// release sends what was written since hold.
func (s *socket) release() {
	s.mu.Lock()
	s.holds--
	pending := s.queue.n > 0
	s.mu.Unlock()
	if pending {
		s.flush()
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter. It is called by one goroutine.
func (s *socket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := s.ReadFromUDPAddrPort(b)
		s.traffic.packetsIn.Add(1)
		if err != nil || s.gate.pass(b[:n], from, monotonic()) {
			return n, from, err
		}
	}
}

// WriteToAddrPort implements ice.AddrPortReaderWriter. A packet that is held counts as sent: what the kernel then refuses is
// lost, as on any network.
func (s *socket) WriteToAddrPort(p []byte, to netip.AddrPort) (int, error) {
	s.traffic.sent(len(p))
	s.mu.Lock()
	for s.holds > 0 && len(p) <= receiveMTU {
		if s.queue.n < batchSize {
			full := s.queue.add(p, to)
			s.mu.Unlock()
			if full {
				s.flush()
			}
			return len(p), nil
		}
		s.mu.Unlock() // somebody else is about to flush it; help
		s.flush()
		s.mu.Lock()
	}
	s.mu.Unlock()
	return s.WriteToUDPAddrPort(p, to)
}

// flush sends the queue.
func (s *socket) flush() {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.mu.Lock()
	full := s.queue
	s.queue = s.spare
	s.mu.Unlock()
	for rest := full.messages[:full.n]; len(rest) > 0; {
		n, err := s.writeBatch(rest)
		if err != nil {
			n = max(n, 0) + 1 // the packet that was refused is lost
		}
		rest = rest[min(max(n, 1), len(rest)):]
	}
	full.n = 0
	s.spare = full
}

// sockets are all sockets of an engine.
type sockets []*socket

func (all sockets) hold() {
	for _, s := range all {
		s.hold()
	}
}

func (all sockets) release() {
	for _, s := range all {
		s.release()
	}
}
