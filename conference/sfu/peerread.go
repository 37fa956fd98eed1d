package sfu

import (
	"errors"
	"io"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/medienzentrenverbund/kreisraum/conference/layers"
)

// readFeedback runs until the sender stops.
func (t *peerTransport) readFeedback(slot int, sender *webrtc.RTPSender) {
	buf := make([]byte, receiveMTU)
	for {
		n, _, err := sender.Read(buf)
		if err != nil {
			return
		}
		if !asksSomething(buf[:n]) || t.closed.Load() {
			continue
		}
		if packets, err := rtcp.Unmarshal(buf[:n]); err == nil {
			t.h.feedback(slot, packets)
		}
	}
}

// track is called by pion with the first packet of a source.
func (t *peerTransport) track(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	source := -1
	for i, mid := range t.uplinks {
		if tr := receiver.RTPTransceiver(); tr != nil && mid != "" && tr.Mid() == mid {
			source = i
		}
	}
	layer, ok := layers.OfRID(track.RID())
	// One stream per layer: a second SSRC is not forwarded.
	if source < 0 || !ok || !t.ssrcs[source][layer].CompareAndSwap(0, uint32(track.SSRC())) {
		return
	}
	t.spawn(func() { drainRTCP(receiver, track.RID()) }) // sender reports reach the interceptors only when somebody reads
	t.spawn(func() { t.readTrack(source, layer, track, audioLevelID(receiver)) })
}

// drainRTCP runs until the receiver stops.
func drainRTCP(r *webrtc.RTPReceiver, rid string) {
	buf := make([]byte, receiveMTU)
	for {
		var err error
		if rid == "" {
			_, _, err = r.Read(buf)
		} else {
			_, _, err = r.ReadSimulcast(buf, rid)
		}
		if err != nil {
			return
		}
	}
}

// audioLevelID is the negotiated number of the RFC 6464 header extension, 0 if there is none.
func audioLevelID(r *webrtc.RTPReceiver) uint8 {
	for _, e := range r.GetParameters().HeaderExtensions {
		if e.URI == sdp.AudioLevelURI {
			return uint8(e.ID)
		}
	}
	return 0
}

// readTrack runs until the track ends.
func (t *peerTransport) readTrack(source, layer int, track *webrtc.TrackRemote, levelID uint8) {
	var (
		buf    = make([]byte, receiveMTU)
		header rtp.Header
		batch  [1]Packet
		number = uint8(track.PayloadType())
		codec  = codecOf(track.Codec().MimeType)
	)
	for {
		n, _, err := track.Read(buf)
		if errors.Is(err, io.EOF) || t.closed.Load() {
			return
		}
		if err != nil {
			if !transient(err) {
				return
			}
			continue
		}
		if !parse(buf[:n], &header, &batch[0], levelID) {
			continue
		}
		if header.PayloadType != number {
			number, codec = header.PayloadType, codecOf(track.Codec().MimeType)
		}
		batch[0].Codec = codec
		t.h.packets(source, layer, batch[:])
	}
}

// transient reports whether reading can go on after err: a packet that does not belong, not the end of the stream.
func transient(err error) bool {
	return errors.Is(err, webrtc.ErrCodecNotFound) || errors.Is(err, io.ErrShortBuffer)
}
