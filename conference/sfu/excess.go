package sfu

import (
	"io"
	"net"
	"sync/atomic"

	"github.com/pion/transport/v4/packetio"
)

// What one connection may make pion keep. A page sends five streams and hears of some forty by RTCP; a laptop that goes from
// network to network changes its address a few times.
const (
	maxRTPStreams  = 32
	maxRTCPStreams = 128
	maxRemotes     = 64
	// Bytes of unread packets per stream: a second of video.
	rtpBuffer, rtcpBuffer = 256 << 10, 32 << 10
)

// excess counts the streams and remote addresses of one connection. pion makes a buffer for each SSRC and a candidate for each
// address and keeps them to the end of the connection. Safe for concurrent use.
type excess struct {
	rtp, rtcp, remotes atomic.Int32
	// over is called for each stream too many. Set before the connection is made; it must not block.
	over func()
}

// buffer implements webrtc.SettingEngine.BufferFactory.
func (x *excess) buffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	b := packetio.NewBuffer()
	count, limit := &x.rtp, int32(maxRTPStreams)
	b.SetLimitSize(rtpBuffer)
	if kind == packetio.RTCPBufferPacket {
		count, limit = &x.rtcp, maxRTCPStreams
		b.SetLimitSize(rtcpBuffer)
	}
	if count.Add(1) > limit {
		_ = b.Close() // never fails; nothing is kept
		x.over()
	}
	return b
}

// remote is asked by pion about each new remote address.
func (x *excess) remote(net.IP) bool { return x.remotes.Add(1) <= maxRemotes }
