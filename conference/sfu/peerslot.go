package sfu

import (
	"sync/atomic"

	"github.com/pion/webrtc/v4"
)

// peerSlot is the TrackLocal of one slot.
type peerSlot struct {
	id   string
	kind webrtc.RTPCodecType

	bound        atomic.Bool // what follows is set before and never changes after
	writer       webrtc.TrackLocalWriter
	ssrc         uint32
	payloadTypes [codecs]uint8
}

// Bind implements webrtc.TrackLocal. The slot takes whatever codec its source has, so all negotiated ones are remembered.
func (s *peerSlot) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	var first *webrtc.RTPCodecParameters
	for _, p := range c.CodecParameters() {
		if codec := codecOf(p.MimeType); codec != NoCodec && s.payloadTypes[codec] == 0 {
			s.payloadTypes[codec] = uint8(p.PayloadType)
			if first == nil {
				first = &p
			}
		}
	}
	if first == nil {
		return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
	}
	s.writer, s.ssrc = c.WriteStream(), uint32(c.SSRC())
	s.bound.Store(true)
	return *first, nil
}

// Unbind implements webrtc.TrackLocal.
func (s *peerSlot) Unbind(webrtc.TrackLocalContext) error { return nil }

// ID implements webrtc.TrackLocal.
func (s *peerSlot) ID() string { return s.id }

// RID implements webrtc.TrackLocal.
func (s *peerSlot) RID() string { return "" }

// StreamID implements webrtc.TrackLocal: each slot is a stream of its own.
func (s *peerSlot) StreamID() string { return s.id }

// Kind implements webrtc.TrackLocal.
func (s *peerSlot) Kind() webrtc.RTPCodecType { return s.kind }
