package sfu

import (
	"time"

	"github.com/pion/rtcp"

	"github.com/medienzentrenverbund/kreisraum/conference/rewrite"
)

// Packet is a packet on its way up, parsed once.
type Packet struct {
	SN     uint16
	TS     uint32
	Marker bool
	Codec  Codec
	// Loudness is in dB above silence (127 minus the audio level of RFC 6464); audio only.
	Loudness uint8
	// Payload is valid, and may be patched, until the handler returns. Empty for padding only.
	Payload []byte

	keyframe bool
	height   int // of a VP8 keyframe's picture, in pixels; else 0
	vp8      rewrite.VP8
}

// Outgoing is a packet on its way down.
type Outgoing struct {
	SN          uint16
	TS          uint32
	Marker      bool
	PayloadType uint8
	Payload     []byte
}

// Transport carries the media of one participant. Safe for concurrent use.
type Transport interface {
	// WriteRTP sends a batch in a slot's stream, in order. It does not keep the payloads. Slots count the audio slots first. It
	// must not block for longer than a socket write; what can't be sent is lost, as on any network.
	WriteRTP(slot int, batch []Outgoing)
	// WriteRTCP sends a compound packet.
	WriteRTCP(packets []rtcp.Packet)
	// SSRC is the slot's SSRC.
	SSRC(slot int) uint32
	// PayloadType is the number the receiver gave the codec in this slot, 0 if it does not take the codec.
	PayloadType(slot int, codec Codec) uint8
	// RequestKeyframe sends a PLI (RFC 4585 §6.3.1) for a layer of a source; source is an index of uplinks.
	RequestKeyframe(source, layer int)
	// Close ends the connection and returns when no handler runs any more and none will.
	Close()
}

// handler receives what a Transport reads. Packets of one layer come from one goroutine at a time.
type handler interface {
	packets(source, layer int, batch []Packet)
	feedback(slot int, packets []rtcp.Packet)
	connected(path string)
	failed(err error)
}

// monotonic is the time since the process started, for RTP clocks.
func monotonic() time.Duration { return time.Since(processStart) }

var processStart = time.Now()
