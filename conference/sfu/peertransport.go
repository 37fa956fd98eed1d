package sfu

import (
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/medienzentrenverbund/kreisraum/conference/layers"
)

// peerTransport is a Transport over a pion PeerConnection. It reads each track and the RTCP of each slot with a goroutine of
// its own, as pion demands; a batch is always one packet, since pion hands over no more.
type peerTransport struct {
	pc      *webrtc.PeerConnection
	h       handler
	uplinks [len(uplinks)]string
	slots   []*peerSlot

	ssrcs  [len(uplinks)][layers.Count]atomic.Uint32 // of the sources' layers, 0 until their first packet
	failed sync.Once
	closed atomic.Bool

	mu      sync.Mutex // orders spawn and Close
	readers sync.WaitGroup
}

// headers are reused: pion lets a header escape to the heap.
var headers = sync.Pool{New: func() any { return new(rtp.Header) }}

// newPeerTransport makes a transport that does nothing until answer is called. Close it in any case.
func newPeerTransport(api *webrtc.API, certificate webrtc.Certificate, h handler) (*peerTransport, error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{certificate}})
	if err != nil {
		return nil, errTransport("make PeerConnection", err)
	}
	return &peerTransport{pc: pc, h: h}, nil
}

// spawn runs f in a goroutine that Close waits for, unless already closed.
func (t *peerTransport) spawn(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed.Load() {
		t.readers.Go(f)
	}
}

// answer returns the answer to an offer; the connection is made in the background.
func (t *peerTransport) answer(o *offer) (string, error) {
	t.uplinks = o.uplinks
	t.pc.OnTrack(t.track)
	t.pc.OnConnectionStateChange(t.state)
	for i := range len(o.audio) + len(o.video) {
		kind := webrtc.RTPCodecTypeAudio
		if i >= len(o.audio) {
			kind = webrtc.RTPCodecTypeVideo
		}
		if err := t.addSlot(i, kind); err != nil {
			return "", errTransport("add slot", err)
		}
	}
	if err := t.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.sdp}); err != nil {
		return "", &OfferError{-1, "cannot be understood"} // the cause would quote the offer
	}
	answer, err := t.pc.CreateAnswer(nil)
	if err != nil {
		return "", &OfferError{-1, "has no codec in common"} // the cause would quote the offer
	}
	// ICE-lite on open sockets: all candidates are known at once.
	gathered := webrtc.GatheringCompletePromise(t.pc)
	if err := t.pc.SetLocalDescription(answer); err != nil {
		return "", &OfferError{-1, "cannot be answered"} // the cause would quote the offer
	}
	<-gathered
	return t.pc.LocalDescription().SDP, nil
}

// addSlot adds a transceiver that sends, and reads its RTCP.
func (t *peerTransport) addSlot(i int, kind webrtc.RTPCodecType) error {
	s := &peerSlot{id: "slot-" + strconv.Itoa(i), kind: kind}
	tr, err := t.pc.AddTransceiverFromTrack(s, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return err
	}
	t.slots = append(t.slots, s)
	t.spawn(func() { t.readFeedback(i, tr.Sender()) })
	return nil
}

// state is called by pion at each change of the connection's state.
func (t *peerTransport) state(s webrtc.PeerConnectionState) {
	if t.closed.Load() {
		return
	}
	switch s {
	case webrtc.PeerConnectionStateConnected:
		t.h.connected("udp")
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		t.failed.Do(func() { t.h.failed(ErrConnectionLost) })
	}
}

// tooMuch ends a connection that has more streams than any page.
func (t *peerTransport) tooMuch() {
	t.failed.Do(func() { t.h.failed(ErrTooManyStreams) })
}

// WriteRTP implements Transport.
func (t *peerTransport) WriteRTP(slot int, batch []Outgoing) {
	s := t.slots[slot]
	if !s.bound.Load() {
		return
	}
	h := headers.Get().(*rtp.Header)
	for i := range batch {
		p := &batch[i]
		*h = rtp.Header{
			Version: 2, Marker: p.Marker, PayloadType: p.PayloadType, SequenceNumber: p.SN, Timestamp: p.TS, SSRC: s.ssrc,
		}
		_, _ = s.writer.WriteRTP(h, p.Payload) // a packet that can't be sent is lost
	}
	headers.Put(h)
}

// WriteRTCP implements Transport.
func (t *peerTransport) WriteRTCP(packets []rtcp.Packet) { _ = t.pc.WriteRTCP(packets) }

// SSRC implements Transport.
func (t *peerTransport) SSRC(slot int) uint32 {
	if s := t.slots[slot]; s.bound.Load() {
		return s.ssrc
	}
	return 0
}

// PayloadType implements Transport.
func (t *peerTransport) PayloadType(slot int, c Codec) uint8 {
	if s := t.slots[slot]; s.bound.Load() {
		return s.payloadTypes[c]
	}
	return 0
}

// RequestKeyframe implements Transport.
func (t *peerTransport) RequestKeyframe(source, layer int) {
	if ssrc := t.ssrcs[source][layer].Load(); ssrc != 0 {
		t.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
	}
}

// Close implements Transport.
func (t *peerTransport) Close() {
	t.mu.Lock()
	first := !t.closed.Swap(true)
	t.mu.Unlock()
	if first {
		_ = t.pc.GracefulClose()
	}
	t.readers.Wait()
}
