package turn

import (
	"bufio"
	"crypto/rand"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v4"
	"golang.org/x/time/rate"
)

// conn is one client's connection. serve owns everything but writing.
type conn struct {
	server   *Server
	net      net.Conn
	remote   netip.AddrPort
	nonce    string // one for the connection's life: it cannot be replayed on another
	requests *rate.Limiter
	up       lane

	relay   *relay // nil: no allocation
	request stun.Message

	writing sync.Mutex
}

func newConn(s *Server, c net.Conn) *conn {
	remote, _ := netip.ParseAddrPort(c.RemoteAddr().String())
	return &conn{
		server: s, net: c, remote: netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port()), nonce: rand.Text(),
		requests: rate.NewLimiter(requestRate, requestBurst), up: newLane(upRate, s.up),
	}
}

// serve reads until the client ends, errs or falls silent.
func (c *conn) serve() {
	defer c.release()
	in, buf := bufio.NewReaderSize(c.net, 2*maxFrame), make([]byte, maxFrame)
	begun := time.Now()
	for {
		if c.net.SetReadDeadline(c.deadline(begun)) != nil {
			return
		}
		f, err := readFrame(in, buf)
		if err != nil {
			return
		}
		if c.relay != nil && c.relay.over(time.Now()) {
			return
		}
		if f.channel != 0 {
			c.channelData(f)
		} else if !c.message(f.raw) {
			return
		}
	}
}

// deadline is until when the next frame has to be there.
func (c *conn) deadline(begun time.Time) time.Time {
	if c.relay == nil {
		return begun.Add(c.server.cfg.setup)
	}
	idle := time.Now().Add(c.server.cfg.idle)
	if c.relay.expires.Before(idle) {
		return c.relay.expires
	}
	return idle
}

// release ends the allocation, if there is one.
func (c *conn) release() {
	if c.relay == nil {
		return
	}
	c.relay.close()
	c.server.bound.end(sourceOf(c.remote.Addr()), c.relay.trial)
	c.relay = nil
}

// channelData passes a packet on. What has no channel is lost (RFC 8656 §12.6).
func (c *conn) channelData(f frame) {
	if c.relay == nil {
		return
	}
	if to, ok := c.relay.ofChannel(f.channel, c.server.cfg.Now()); ok && c.up.take(len(f.raw)) {
		c.relay.send(f.payload(), to)
	}
}

// write sends a frame whole. A client that does not read is cut off: what would be sent later is of no use.
func (c *conn) write(frame []byte) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.net.SetWriteDeadline(time.Now().Add(writeTime)) == nil {
		if _, err := c.net.Write(frame); err == nil {
			return
		}
	}
	c.net.Close()
}
