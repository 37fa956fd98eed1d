package sfu

import (
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// asksSomething reports whether a compound packet holds feedback (RFC 4585 §6.1). Most hold receiver reports alone, and pion
// gives each slot a copy.
func asksSomething(b []byte) bool {
	for len(b) >= 4 {
		if b[1] == byte(rtcp.TypeTransportSpecificFeedback) || b[1] == byte(rtcp.TypePayloadSpecificFeedback) {
			return true
		}
		n := 4 * (int(b[2])<<8 | int(b[3]) + 1)
		if n > len(b) {
			return false
		}
		b = b[n:]
	}
	return false
}

const (
	// silence is the audio level of silence in -dBov (RFC 6464 §3).
	silence = 127
	// Without the header extension an Opus frame of at most dtxBytes counts as silence, a larger one as unknownLoudness, in dB
	// above silence. Guesses.
	dtxBytes, unknownLoudness = 8, 80
)

// parse reads an RTP packet into p. It reports false for a malformed one.
func parse(b []byte, h *rtp.Header, p *Packet, levelID uint8) bool {
	n, err := h.Unmarshal(b)
	if err != nil {
		return false
	}
	payload := b[n:]
	if h.Padding {
		if len(payload) == 0 || int(payload[len(payload)-1]) > len(payload) {
			return false
		}
		payload = payload[:len(payload)-int(payload[len(payload)-1])]
	}
	*p = Packet{SN: h.SequenceNumber, TS: h.Timestamp, Marker: h.Marker, Payload: payload}
	if levelID == 0 {
		if len(payload) > dtxBytes {
			p.Loudness = unknownLoudness
		}
	} else if level := h.GetExtension(levelID); len(level) > 0 {
		p.Loudness = silence - level[0]&0x7f
	}
	return true
}
