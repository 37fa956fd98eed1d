package client

import (
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/medienzentrenverbund/kreisraum/conference/rewrite"
)

// track reads what comes into a slot until it ends.
func (p *Peer) track(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	select {
	case <-p.stop:
		return
	default:
	}
	mid := receiver.RTPTransceiver().Mid()
	buf := make([]byte, 1500)
	var h rtp.Header
	for {
		n, _, err := track.Read(buf)
		if err != nil {
			return
		}
		size, err := h.Unmarshal(buf[:n])
		if err != nil {
			continue
		}
		p.count(mid, &h, buf[size:n], track.Kind() == webrtc.RTPCodecTypeVideo)
		if p.config.Received != nil {
			p.config.Received(mid, &h, buf[size:n])
		}
	}
}

func (p *Peer) count(mid string, h *rtp.Header, payload []byte, isVideo bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stream(mid)
	if !s.add(h.SequenceNumber, h.Timestamp, payload, time.Now()) || !isVideo {
		return
	}
	if d, ok := rewrite.ParseVP8(payload); ok && d.Keyframe(payload) {
		s.Keyframes++
		if frame := payload[d.Size:]; len(frame) >= 10 { // RFC 6386 §9.1
			s.Height = int(frame[8]) | int(frame[9]&0x3f)<<8
		}
	}
}

// stream is what was received in a slot. Called with the lock held.
func (p *Peer) stream(mid string) *Stream {
	s := p.streams[mid]
	if s == nil {
		s = &Stream{}
		p.streams[mid] = s
	}
	return s
}

// occupy says who is in which slot, by MID; the other slots are empty.
func (p *Peer) occupy(occupants map[string]string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for mid := range occupants {
		p.stream(mid)
	}
	for mid, s := range p.streams {
		s.occupy(occupants[mid])
	}
}
