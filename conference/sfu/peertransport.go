package sfu

import (
	"errors"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/medienzentrenverbund/kreisraum/conference/layers"
)

// peerTransport is a Transport over a pion PeerConnection. It reads each track and the RTCP of each slot with a goroutine of
// its own, as pion demands; a batch is always one packet, since pion hands over no more.
type peerTransport struct {
	pc      *webrtc.PeerConnection
	h       handler
	uplinks [len(sources)]string
	slots   []*peerSlot

	ssrcs  [len(sources)][layers.Count]atomic.Uint32 // of the sources' layers, 0 until their first packet
	failed sync.Once
	closed atomic.Bool

	mu      sync.Mutex // orders spawn and Close
	readers sync.WaitGroup
}

// peerSlot is the TrackLocal of one slot.
type peerSlot struct {
	id   string
	kind webrtc.RTPCodecType

	bound        atomic.Bool // what follows is set before and never changes after
	writer       webrtc.TrackLocalWriter
	ssrc         uint32
	payloadTypes [codecs]uint8
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

// track is called by pion with the first packet of a source.
func (t *peerTransport) track(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	source := -1
	for i, mid := range t.uplinks {
		if tr := receiver.RTPTransceiver(); tr != nil && tr.Mid() == mid {
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
