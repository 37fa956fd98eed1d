package sfu

import "github.com/medienzentrenverbund/kreisraum/conference/rewrite"

// inspect fills in what forwarding needs to know of the payload. It reports false for a payload that is malformed.
func (p *Packet) inspect() bool {
	p.keyframe, p.height, p.vp8 = false, 0, rewrite.VP8{}
	if len(p.Payload) == 0 {
		return true
	}
	switch p.Codec {
	case VP8:
		d, ok := rewrite.ParseVP8(p.Payload)
		if !ok {
			return false
		}
		p.vp8, p.keyframe = d, d.Keyframe(p.Payload)
		if p.keyframe {
			p.height = vp8Height(p.Payload[d.Size:])
		}
	case H264:
		p.keyframe = h264Keyframe(p.Payload)
	}
	return true
}

// vp8Height reads the picture's height from a keyframe's header (RFC 6386 §9.1): frame tag, start code, width, height with a
// scale in the upper two bits. 0 if it is cut.
func vp8Height(frame []byte) int {
	if len(frame) < 10 {
		return 0
	}
	return int(frame[8]) | int(frame[9]&0x3f)<<8
}

// NAL unit types (RFC 6184 §5.2, H.264 table 7-1).
const (
	nalSPS   = 7
	nalSTAPA = 24
	nalFUA   = 28
)

// h264Keyframe reports whether the payload begins a keyframe that a new receiver can start with: it carries a sequence
// parameter set. An IDR picture without one does not count; its parameter sets came in an earlier packet.
func h264Keyframe(p []byte) bool {
	switch p[0] & 0x1f {
	case nalSPS:
		return true
	case nalSTAPA: // RFC 6184 §5.7.1: repeated size (2 bytes), NAL unit
		for p = p[1:]; len(p) > 2; {
			size := int(p[0])<<8 | int(p[1])
			if p[2]&0x1f == nalSPS {
				return true
			}
			if size == 0 || size+2 >= len(p) {
				return false
			}
			p = p[size+2:]
		}
	case nalFUA: // RFC 6184 §5.8: indicator, header with the start bit
		return len(p) > 1 && p[1]&0x80 != 0 && p[1]&0x1f == nalSPS
	}
	return false
}
