package turn

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v4"
)

const (
	// defaultLifetime and maxLifetime of an allocation (RFC 8656 §7.2).
	defaultLifetime, maxLifetime = 10 * time.Minute, time.Hour
	// permissionLife and channelLife (RFC 8656 §9, §12).
	permissionLife, channelLife = 5 * time.Minute, 10 * time.Minute
	// relayBuffer is asked of the kernel for a relay's socket, in bytes: more would be delay.
	relayBuffer = 256 << 10
)

// relay is an allocation: a UDP socket and its peers.
type relay struct {
	udp      *net.UDPConn
	username string
	trial    bool
	six      bool      // IPv6
	expires  time.Time // owned by the connection's goroutine
	done     chan struct{}

	mu    sync.Mutex
	peers []peer // as the credential names them; no others ever
}

// peer is an address that may be relayed to.
type peer struct {
	at        netip.AddrPort
	permitted time.Time // until when
	channel   uint16    // 0: none
	bound     time.Time // until when
}

// openRelay opens a socket at the machine's address towards those targets that are of its family.
func openRelay(at netip.Addr, username string, targets []netip.AddrPort) (*relay, error) {
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 0)))
	if err != nil {
		return nil, err
	}
	_ = udp.SetReadBuffer(relayBuffer) // a kernel that grants less only makes bursts lossier
	r := &relay{udp: udp, username: username, six: at.Is6(), done: make(chan struct{})}
	for _, t := range targets {
		if t.Addr().Is6() == r.six {
			r.peers = append(r.peers, peer{at: t})
		}
	}
	return r, nil
}

// address is where peers see the client.
func (r *relay) address() netip.AddrPort { return r.udp.LocalAddr().(*net.UDPAddr).AddrPort() }

func (r *relay) over(now time.Time) bool { return !now.Before(r.expires) }

// close ends the socket and waits for its reader.
func (r *relay) close() {
	r.udp.Close()
	<-r.done
}

// permit allows packets to and from an address. It reports false if the address is no peer's.
func (r *relay) permit(a netip.Addr, now time.Time) (ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.permitLocked(a, now)
}

func (r *relay) permitLocked(a netip.Addr, now time.Time) (ok bool) {
	for i := range r.peers {
		if r.peers[i].at.Addr() == a {
			r.peers[i].permitted, ok = now.Add(permissionLife), true
		}
	}
	return ok
}

// bind gives a peer a channel, and a permission with it. The code is 0 if that went well.
func (r *relay) bind(channel uint16, to netip.AddrPort, now time.Time) stun.ErrorCode {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found *peer
	for i := range r.peers {
		p := &r.peers[i]
		live := p.channel != 0 && now.Before(p.bound)
		switch {
		case p.at == to:
			if live && p.channel != channel {
				return stun.CodeBadRequest
			}
			found = p
		case live && p.channel == channel:
			return stun.CodeBadRequest
		}
	}
	if found == nil {
		return stun.CodeForbidden
	}
	found.channel, found.bound = channel, now.Add(channelLife)
	r.permitLocked(to.Addr(), now)
	return 0
}

// ofChannel is the peer that a channel leads to.
func (r *relay) ofChannel(channel uint16, now time.Time) (netip.AddrPort, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.peers {
		if p.channel == channel && now.Before(p.bound) {
			return p.at, true
		}
	}
	return netip.AddrPort{}, false
}

// permitted looks a peer up, with its channel or 0.
func (r *relay) permitted(at netip.AddrPort, now time.Time) (channel uint16, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.peers {
		if p.at == at && now.Before(p.permitted) {
			if now.Before(p.bound) {
				channel = p.channel
			}
			return channel, true
		}
	}
	return 0, false
}

// send writes to a peer. What cannot be sent is lost.
func (r *relay) send(payload []byte, to netip.AddrPort) { _, _ = r.udp.WriteToUDPAddrPort(payload, to) }

// receive passes on what peers send until the socket is closed.
func (r *relay) receive(c *conn, down lane) {
	defer close(r.done)
	buf := make([]byte, maxFrame)
	for {
		n, from, err := r.udp.ReadFromUDPAddrPort(buf[channelHeader : maxFrame-stunHeader-64])
		if err != nil {
			return // closed: UDP has no other lasting error here
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		channel, ok := r.permitted(from, c.server.cfg.Now())
		if !ok || !down.take(n) {
			continue
		}
		if channel == 0 {
			if m, err := dataIndication(from, buf[channelHeader:channelHeader+n]); err == nil {
				c.write(m.Raw)
			}
			continue
		}
		binary.BigEndian.PutUint16(buf, channel)
		binary.BigEndian.PutUint16(buf[2:], uint16(n))
		whole := channelHeader + (n+3)&^3
		clear(buf[channelHeader+n : whole])
		c.write(buf[:whole])
	}
}
