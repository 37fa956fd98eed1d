package turn

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	// maxFrame bounds a frame, in bytes: a Send indication around the largest packet that crosses an Ethernet, and its attributes.
	maxFrame = 2048
	// Headers (RFC 8489 §5, RFC 8656 §12.4).
	stunHeader, channelHeader = 20, 4
	stunCookie                = 0x2112A442
	// Channel numbers (RFC 8656 §12).
	firstChannel, lastChannel = 0x4000, 0x4fff
)

var errFrame = errors.New("neither a STUN message nor channel data of a bearable size")

// frame is one STUN message or channel data. Payload is of channel data only.
type frame struct {
	channel uint16 // 0: a STUN message
	raw     []byte
}

// payload is the data in a frame of channel data.
func (f frame) payload() []byte {
	return f.raw[channelHeader : channelHeader+int(binary.BigEndian.Uint16(f.raw[2:]))]
}

// readFrame reads one frame into buf, which holds maxFrame bytes. The error is errFrame for what no client sends, else the reader's.
func readFrame(r io.Reader, buf []byte) (frame, error) {
	head := buf[:channelHeader]
	if _, err := io.ReadFull(r, head); err != nil {
		return frame{}, err
	}
	kind, size := binary.BigEndian.Uint16(head), int(binary.BigEndian.Uint16(head[2:]))
	f := frame{}
	switch {
	case kind&0xc000 == 0 && size%4 == 0:
		size += stunHeader
	case kind >= firstChannel && kind <= lastChannel:
		f.channel = kind
		size = channelHeader + (size+3)&^3 // padded over streams (RFC 8656 §12.5)
	default:
		return frame{}, errFrame
	}
	if size > maxFrame {
		return frame{}, errFrame
	}
	f.raw = buf[:size]
	if _, err := io.ReadFull(r, f.raw[channelHeader:]); err != nil {
		return frame{}, err
	}
	if f.channel == 0 && binary.BigEndian.Uint32(f.raw[4:]) != stunCookie {
		return frame{}, errFrame
	}
	return f, nil
}
