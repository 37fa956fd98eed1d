package client

import (
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// outgoing is one stream that is sent: a source, or a layer of the camera.
type outgoing struct {
	source   Source
	layer    int
	rid      string // "" without simulcast
	track    *webrtc.TrackLocalStaticRTP
	video    *video // nil for audio
	keyframe atomic.Bool
	sn       uint16 // owned by send
}

// rids are the simulcast layers, smallest first; shares are what they take of the bit rate, and heights their pictures'.
var (
	rids    = [3]string{"q", "h", "f"}
	shares  = [3]int{12, 3, 1}
	heights = [3]int{180, 360, 720}
)

// send paces all sources with one ticker until the peer is closed.
func (p *Peer) send() {
	select {
	case <-p.connected:
	case <-p.stop:
		return
	}
	ticker := time.NewTicker(audioInterval)
	defer ticker.Stop()
	opus := opusFrame()
	for n := 0; ; n++ {
		select {
		case <-ticker.C:
		case <-p.stop:
			return
		case <-p.failed:
			return
		}
		frame := time.Duration(n)*audioInterval%videoInterval == 0
		for _, o := range p.outs {
			switch {
			case !p.sending[o.source].Load() || o.rid != "" && !p.layers[o.layer].Load():
			case o.video == nil:
				p.sendAudio(o, opus, uint32(n)*960)
			case frame:
				p.sendFrame(o, uint32(n)*1800)
			}
		}
	}
}

func (p *Peer) sendAudio(o *outgoing, opus []byte, ts uint32) {
	packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: o.sn, Timestamp: ts}, Payload: opus}
	if p.levelID != 0 {
		_ = packet.SetExtension(p.levelID, []byte{byte(p.level.Load()) & 0x7f}) // one byte always fits
	}
	p.write(o, packet)
}

func (p *Peer) sendFrame(o *outgoing, ts uint32) {
	payloads := o.video.frame(o.keyframe.Swap(false))
	for i, payload := range payloads {
		packet := &rtp.Packet{Header: rtp.Header{
			Version: 2, SequenceNumber: o.sn, Timestamp: ts, Marker: i == len(payloads)-1,
		}, Payload: payload}
		if o.rid != "" && p.midID != 0 && p.ridID != 0 { // the server tells layers apart by these (RFC 8852)
			_ = packet.SetExtension(p.midID, []byte(p.cameraMID()))
			_ = packet.SetExtension(p.ridID, []byte(o.rid))
		}
		p.write(o, packet)
	}
}

// cameraMID is the MID of the second m-section: pion numbers them.
func (*Peer) cameraMID() string { return "1" }

func (p *Peer) write(o *outgoing, packet *rtp.Packet) {
	o.sn++
	if o.track.WriteRTP(packet) == nil {
		p.sent[o.source].Add(1)
	}
}

// readRTCP waits for keyframe requests until the sender stops.
func (p *Peer) readRTCP(o *outgoing, sender *webrtc.RTPSender) {
	for {
		var packets []rtcp.Packet
		var err error
		if o.rid == "" {
			packets, _, err = sender.ReadRTCP()
		} else {
			packets, _, err = sender.ReadSimulcastRTCP(o.rid)
		}
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				o.keyframe.Store(true)
			}
		}
	}
}
