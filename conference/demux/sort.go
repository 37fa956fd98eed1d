package demux

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"time"
)

// stunTURN is the protocol ID of TURN (RFC 7443). Its clients offer it seldom.
const stunTURN = "stun.turn"

// sort looks at the first byte of a connection whose client offered no protocol: below 0x40 it begins a STUN message (RFC 8489 §5), and HTTP
// begins with a letter. TURN's channel data, which could look like one, never comes first (RFC 8656 §12).
func (d *Demux) sort(ctx context.Context, conn *tls.Conn) {
	if !d.cfg.Relay {
		d.site.put(conn)
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	p := &peeked{Conn: conn}
	_, err := io.ReadFull(conn, p.first[:])
	if !stop() || err != nil {
		conn.NetConn().Close()
		return
	}
	if p.first[0] < 0x40 {
		d.relay.put(p)
	} else {
		d.site.put(p)
	}
}

// peeked is a connection whose first byte was read. Owned by whoever reads it.
type peeked struct {
	net.Conn
	first [1]byte
	taken bool
}

// Read implements net.Conn.
func (p *peeked) Read(b []byte) (int, error) {
	if p.taken || len(b) == 0 {
		return p.Conn.Read(b)
	}
	p.taken = true
	b[0] = p.first[0]
	return 1, nil
}
