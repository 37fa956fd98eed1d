package client

import (
	"encoding/binary"
	"time"
)

const (
	// audioInterval is the length of an Opus frame: 50 packets/s.
	audioInterval = 20 * time.Millisecond
	// videoInterval is the length of a video frame: 25 frames/s.
	videoInterval = 40 * time.Millisecond
	// DefaultVideoBitrate is what the page sends for a camera in a grid, in bits per second.
	DefaultVideoBitrate = 600_000
	// videoPacket is how much of a frame goes into one packet, in bytes.
	videoPacket = 1100
	// keyframeFactor is how much larger than a delta frame a keyframe is.
	keyframeFactor = 6
	// keyframeEvery bounds the time without a keyframe, in frames (8 s), like a long GOP; receivers ask when they need one.
	keyframeEvery = 200
)

// opusFrame is 20 ms of Opus: TOC byte for CELT, fullband, 20 ms, mono (RFC 6716 §3.1) and as many bytes as 40 kbit/s make.
// The bytes after the TOC are noise to the decoder.
func opusFrame() []byte {
	f := make([]byte, 100)
	f[0] = 31 << 3
	for i := range f[1:] {
		f[i+1] = byte(i*37 + 11)
	}
	return f
}

// keyframe is a whole VP8 keyframe of 1×1 pixel. Decoders ignore what follows the last partition, so it can be filled up.
var keyframe = []byte{
	0x30, 0x01, 0x00, 0x9d, 0x01, 0x2a, 0x01, 0x00, 0x01, 0x00, 0x01, 0x00, 0x1c, 0x25, 0xa4, 0x00, 0x03, 0x70, 0x00, 0xfe, 0xfd, 0xc0, 0x80, 0x00,
}

// video makes VP8 frames of the right size, split into RTP payloads (RFC 7741). Its delta frames carry the frame tag only; they
// are forwarded like any but show no picture.
type video struct {
	frameBytes int
	pictureID  uint16
	tl0        uint8
	frames     int
	buf        []byte
	height     int
}

// newVideo makes a video of a bit rate in bits per second. Keyframes say that their picture is height pixels high; with 0 it is
// the one pixel that it really is.
func newVideo(bitrate, height int) *video {
	return &video{frameBytes: int(int64(bitrate) / 8 * int64(videoInterval) / int64(time.Second)), height: height}
}

// frame returns the payloads of the next frame; they are valid until the next call.
func (v *video) frame(key bool) [][]byte {
	key = key || v.frames%keyframeEvery == 0
	size := v.frameBytes
	if key {
		size *= keyframeFactor
	}
	size = max(size, len(keyframe))
	if len(v.buf) < size {
		v.buf = make([]byte, size)
	}
	clear(v.buf[:len(keyframe)])
	if key {
		copy(v.buf, keyframe)
		if v.height > 0 {
			binary.LittleEndian.PutUint16(v.buf[6:], uint16(v.height*16/9))
			binary.LittleEndian.PutUint16(v.buf[8:], uint16(v.height))
		}
	} else {
		v.buf[0] = 0x31 // P=1: not a keyframe; version 0, shown
		binary.BigEndian.PutUint32(v.buf[4:], uint32(v.frames))
	}
	v.frames++
	v.pictureID = (v.pictureID + 1) & 0x7fff
	v.tl0++
	return v.split(v.buf[:size])
}

// split puts a payload descriptor in front of each part: X, S on the first; I with 15 bits, L, T.
func (v *video) split(frame []byte) [][]byte {
	var out [][]byte
	start := byte(0x10)
	for len(frame) > 0 {
		n := min(len(frame), videoPacket)
		d := []byte{0x80 | start, 0xe0, 0x80 | byte(v.pictureID>>8), byte(v.pictureID), v.tl0, 0x20}
		out = append(out, append(d, frame[:n]...))
		frame, start = frame[n:], 0
	}
	return out
}
