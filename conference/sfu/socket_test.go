package sfu

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// pair is a socket and somebody it sends to.
func pair(t testing.TB, network, address string) (*socket, *net.UDPConn, netip.AddrPort) {
	t.Helper()
	var conns [2]*net.UDPConn
	for i := range conns {
		c, err := net.ListenUDP(network, &net.UDPAddr{IP: net.ParseIP(address)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		conns[i] = c
	}
	return newSocket(conns[0]), conns[1], conns[1].LocalAddr().(*net.UDPAddr).AddrPort()
}

// next reads a packet's number; ok is false when none comes within a moment.
func next(t testing.TB, c *net.UDPConn, wait time.Duration) (n uint32, ok bool) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2000)
	size, err := c.Read(buf)
	if err != nil {
		return 0, false
	}
	if size < 4 {
		t.Fatalf("a packet of %d bytes", size)
	}
	return binary.BigEndian.Uint32(buf), true
}

func number(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func TestSocketHoldsAndReleasesInOrder(t *testing.T) {
	for name, at := range map[string][2]string{"IPv4": {"udp4", "127.0.0.1"}, "IPv6": {"udp6", "::1"}} {
		t.Run(name, func(t *testing.T) {
			s, c, to := pair(t, at[0], at[1])
			const packets = 3*batchSize + 7
			s.hold()
			for i := range uint32(5) {
				s.WriteToAddrPort(number(i), to)
			}
			if n, ok := next(t, c, 20*time.Millisecond); ok {
				t.Fatalf("packet %d went out although held", n)
			}
			for i := uint32(5); i < packets; i++ {
				s.WriteToAddrPort(number(i), to)
			}
			s.release()
			s.WriteToAddrPort(number(packets), to)
			for want := range uint32(packets + 1) {
				if n, ok := next(t, c, time.Second); !ok || n != want {
					t.Fatalf("got packet %d, %v; want %d", n, ok, want)
				}
			}
		})
	}
}

func TestSocketPassesOverARefusedPacket(t *testing.T) {
	s, c, to := pair(t, "udp4", "127.0.0.1")
	s.hold()
	s.WriteToAddrPort(number(1), netip.MustParseAddrPort("255.255.255.255:9")) // broadcast needs a permission
	s.WriteToAddrPort(number(2), to)
	s.release()
	if n, ok := next(t, c, time.Second); !ok || n != 2 {
		t.Errorf("got packet %d, %v; want 2", n, ok)
	}
}

// Many goroutines hold, write and release at once; each one's packets come in its order and none is forgotten.
func TestSocketUnderContention(t *testing.T) {
	s, c, to := pair(t, "udp4", "127.0.0.1")
	if err := c.SetReadBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	const writers, packets = 8, 100 // 800 small packets fit the kernel's default buffer
	var wg sync.WaitGroup
	for w := range uint32(writers) {
		wg.Go(func() {
			for i := range uint32(packets / 10) {
				s.hold()
				for j := range uint32(10) {
					s.WriteToAddrPort(number(w<<16|i*10+j), to)
				}
				s.release()
			}
		})
	}
	last := map[uint32]uint32{}
	for got := range writers * packets {
		n, ok := next(t, c, 2*time.Second)
		if !ok {
			t.Fatalf("%d of %d packets came", got, writers*packets)
		}
		if w := n >> 16; n&0xffff != last[w] {
			t.Fatalf("writer %d: packet %d, want %d", w, n&0xffff, last[w])
		}
		last[n>>16]++
	}
	wg.Wait()
	if s.holds != 0 || s.queue.n != 0 {
		t.Errorf("%d holds and %d packets are left", s.holds, s.queue.n)
	}
}

func BenchmarkSocket(b *testing.B) {
	for name, held := range map[string]bool{"one by one": false, "held": true} {
		b.Run(name, func(b *testing.B) {
			s, _, to := pair(b, "udp4", "127.0.0.1")
			p := make([]byte, 1150)
			for b.Loop() {
				if held {
					s.hold()
				}
				for range batchSize {
					s.WriteToAddrPort(p, to)
				}
				if held {
					s.release()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batchSize, "ns/packet")
			b.ReportAllocs()
		})
	}
}
