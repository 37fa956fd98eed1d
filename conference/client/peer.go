package client

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/medienzentrenverbund/kreisraum/conference/rewrite"
)

// PeerConfig is what a Peer sends and how much it can receive.
type PeerConfig struct {
	// AudioSlots and VideoSlots are the receive slots to ask for.
	AudioSlots, VideoSlots int
	// Microphone, Camera and Screen say what is sent from the beginning; see Send.
	Microphone, Camera, Screen bool
	// Simulcast sends the camera in three layers: q, h and f with a twelfth, a third and all of VideoBitrate.
	Simulcast bool
	// VideoBitrate of camera and screen in bits per second; 0: DefaultVideoBitrate.
	VideoBitrate int
	// Level is the audio level sent, in -dBov (RFC 6464): 0 is loudest, 127 silent. See SetLevel.
	Level uint8
	// Tune changes pion's settings; for tests.
	Tune func(*webrtc.SettingEngine)
	// Received is called with every packet received, also duplicates, from the goroutine that read it; for tests.
	Received func(mid string, h *rtp.Header, payload []byte)
}

// Source indexes what a Peer sends, in the order of the offer.
type Source int

// Sources.
const (
	Microphone Source = iota
	Camera
	Screen
)

// Peer is the media side of a participant: a PeerConnection with the fixed transceivers of docs/signaling.md. Safe for
// concurrent use.
type Peer struct {
	config PeerConfig
	pc     *webrtc.PeerConnection
	offer  string
	outs   []*outgoing

	sending [3]atomic.Bool
	layers  [3]atomic.Bool // of a simulcast camera
	sent    [3]atomic.Int64
	level   atomic.Uint32
	// Numbers of header extensions, 0 if not negotiated.
	levelID, midID, ridID uint8

	connected chan struct{} // closed when media can flow
	failed    chan struct{} // closed when it no longer can
	stop      chan struct{}
	once      [3]sync.Once // of the three channels
	running   sync.WaitGroup

	mu      sync.Mutex
	streams map[string]*Stream // by MID
}

// outgoing is one stream that is sent: a source, or a layer of the camera.
type outgoing struct {
	source   Source
	layer    int
	rid      string // "" without simulcast
	track    *webrtc.TrackLocalStaticRTP
	video    *video // nil for the microphone
	keyframe atomic.Bool
	sn       uint16 // owned by send
}

// rids are the simulcast layers, smallest first; shares are what they take of the bit rate, and heights their pictures'.
var (
	rids    = [3]string{"q", "h", "f"}
	shares  = [3]int{12, 3, 1}
	heights = [3]int{180, 360, 720}
)

// NewPeer makes a PeerConnection and its offer.
func NewPeer(c PeerConfig) (*Peer, error) {
	if c.VideoBitrate == 0 {
		c.VideoBitrate = DefaultVideoBitrate
	}
	api, err := newAPI(c)
	if err != nil {
		return nil, fmt.Errorf("set up media: %w", err)
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, fmt.Errorf("make PeerConnection: %w", err)
	}
	p := &Peer{
		config: c, pc: pc, streams: map[string]*Stream{},
		connected: make(chan struct{}), failed: make(chan struct{}), stop: make(chan struct{}),
	}
	p.level.Store(uint32(c.Level))
	for i, on := range []bool{c.Microphone, c.Camera, c.Screen} {
		p.sending[i].Store(on)
		p.layers[i].Store(true)
	}
	if err := p.prepare(); err != nil {
		p.Close()
		return nil, fmt.Errorf("make offer: %w", err)
	}
	return p, nil
}

// newAPI sets pion up like a browser: full ICE, NACK in both directions, reports, TWCC.
func newAPI(c PeerConfig) (*webrtc.API, error) {
	m := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{{Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}}
	if err := errors.Join(
		m.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1", RTCPFeedback: feedback[:1],
		}}, webrtc.RTPCodecTypeAudio),
		m.RegisterCodec(webrtc.RTPCodecParameters{PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeVP8, ClockRate: 90000, RTCPFeedback: feedback,
		}}, webrtc.RTPCodecTypeVideo),
		m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.AudioLevelURI}, webrtc.RTPCodecTypeAudio),
		m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.TransportCCURI}, webrtc.RTPCodecTypeAudio),
		m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.TransportCCURI}, webrtc.RTPCodecTypeVideo),
		m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.SDESMidURI}, webrtc.RTPCodecTypeVideo),
		m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.SDESRTPStreamIDURI}, webrtc.RTPCodecTypeVideo),
	); err != nil {
		return nil, err
	}
	r := &interceptor.Registry{}
	generator, err1 := nack.NewGeneratorInterceptor()
	responder, err2 := nack.NewResponderInterceptor()
	receiver, err3 := report.NewReceiverInterceptor()
	sender, err4 := report.NewSenderInterceptor()
	header, err5 := twcc.NewHeaderExtensionInterceptor()
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return nil, err
	}
	for _, f := range []interceptor.Factory{generator, responder, receiver, sender, header} {
		r.Add(f)
	}
	logs := logging.NewDefaultLoggerFactory()
	logs.DefaultLogLevel = logging.LogLevelDisabled
	s := webrtc.SettingEngine{LoggerFactory: logs}
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	s.SetIPFilter(func(ip net.IP) bool { return !ip.IsLinkLocalUnicast() })
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	s.SetDTLSRetransmissionInterval(200 * time.Millisecond)
	s.SetSRTPReplayProtectionWindow(1024)
	if c.Tune != nil {
		c.Tune(&s)
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(r), webrtc.WithSettingEngine(s)), nil
}

// prepare adds the transceivers in the fixed order and makes the offer.
func (p *Peer) prepare() error {
	p.pc.OnTrack(p.track)
	p.pc.OnConnectionStateChange(p.state)
	for i := range Source(3) {
		if err := p.addSource(i); err != nil {
			return err
		}
	}
	for i := range p.config.AudioSlots + p.config.VideoSlots {
		kind := webrtc.RTPCodecTypeAudio
		if i >= p.config.AudioSlots {
			kind = webrtc.RTPCodecTypeVideo
		}
		recvonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}
		if _, err := p.pc.AddTransceiverFromKind(kind, recvonly); err != nil {
			return err
		}
	}
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered // host candidates only, at once
	p.offer = p.pc.LocalDescription().SDP
	return nil
}

// addSource adds the transceiver of a source, with all its layers.
func (p *Peer) addSource(s Source) error {
	rid := ""
	if s == Camera && p.config.Simulcast {
		rid = rids[0]
	}
	out, err := p.newOutgoing(s, rid, 0)
	if err != nil {
		return err
	}
	tr, err := p.pc.AddTransceiverFromTrack(out.track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return err
	}
	p.listenTo(out, tr.Sender())
	if out.rid == "" {
		return nil
	}
	for i := 1; i < len(rids); i++ {
		layer, err := p.newOutgoing(s, rids[i], i)
		if err != nil {
			return err
		}
		if err := tr.Sender().AddEncoding(layer.track); err != nil {
			return err
		}
		p.listenTo(layer, tr.Sender())
	}
	return nil
}

func (p *Peer) newOutgoing(s Source, rid string, layer int) (*outgoing, error) {
	o := &outgoing{source: s, rid: rid, layer: layer}
	capability := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
	switch {
	case s == Microphone:
		capability = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	case rid == "":
		o.video = newVideo(p.config.VideoBitrate, 0)
	default:
		o.video = newVideo(p.config.VideoBitrate/shares[layer], heights[layer])
	}
	var options []func(*webrtc.TrackLocalStaticRTP)
	if rid != "" {
		options = append(options, webrtc.WithRTPStreamID(rid))
	}
	track, err := webrtc.NewTrackLocalStaticRTP(capability, [3]string{"microphone", "camera", "screen"}[s], "probe", options...)
	o.track = track
	return o, err
}

// listenTo waits for keyframe requests.
func (p *Peer) listenTo(o *outgoing, sender *webrtc.RTPSender) {
	p.outs = append(p.outs, o)
	p.running.Go(func() { p.readRTCP(o, sender) })
}

// Offer is the SDP offer to send.
func (p *Peer) Offer() string { return p.offer }

// Answer takes the server's answer and starts sending as soon as the connection is made. Call it once.
func (p *Peer) Answer(answer string) error {
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("take answer: %w", err)
	}
	for _, sender := range p.pc.GetSenders() {
		for _, e := range sender.GetParameters().HeaderExtensions {
			switch e.URI {
			case sdp.AudioLevelURI:
				p.levelID = uint8(e.ID)
			case sdp.SDESMidURI:
				p.midID = uint8(e.ID)
			case sdp.SDESRTPStreamIDURI:
				p.ridID = uint8(e.ID)
			}
		}
	}
	p.running.Go(p.send)
	return nil
}

// Connected is closed when media can flow.
func (p *Peer) Connected() <-chan struct{} { return p.connected }

// Failed is closed when the connection could not be made or is lost.
func (p *Peer) Failed() <-chan struct{} { return p.failed }

// Send switches a source on or off, like replaceTrack in a browser.
func (p *Peer) Send(s Source, on bool) { p.sending[s].Store(on) }

// SendLayer switches a layer of a simulcast camera on or off, as a browser does when its uplink changes; 0 is the smallest.
func (p *Peer) SendLayer(layer int, on bool) { p.layers[layer].Store(on) }

// SetLevel changes the audio level sent, in -dBov.
func (p *Peer) SetLevel(level uint8) { p.level.Store(uint32(level)) }

// Sent is how many packets of a source were sent.
func (p *Peer) Sent(s Source) int { return int(p.sent[s].Load()) }

// Streams is what was received so far, by MID.
func (p *Peer) Streams() map[string]Stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[string]Stream, len(p.streams))
	for mid, s := range p.streams {
		out[mid] = *s
	}
	return out
}

// RoundTrip is the round trip of the last ICE connectivity check, 0 if unknown.
func (p *Peer) RoundTrip() time.Duration {
	for _, s := range p.pc.GetStats() {
		if pair, ok := s.(webrtc.ICECandidatePairStats); ok && pair.Nominated && pair.CurrentRoundTripTime > 0 {
			return time.Duration(pair.CurrentRoundTripTime * float64(time.Second))
		}
	}
	return 0
}

// Close ends the connection and waits for everything the peer started. Idempotent.
func (p *Peer) Close() {
	p.once[2].Do(func() { close(p.stop) })
	_ = p.pc.GracefulClose()
	p.running.Wait()
}

func (p *Peer) state(s webrtc.PeerConnectionState) {
	switch s {
	case webrtc.PeerConnectionStateConnected:
		p.once[0].Do(func() { close(p.connected) })
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		p.once[1].Do(func() { close(p.failed) })
	}
}

// readRTCP waits for keyframe requests until the sender stops.
func (p *Peer) readRTCP(o *outgoing, sender *webrtc.RTPSender) {
	for {
		var packets []rtcp.Packet
		var err error
		if o.rid == "" {
			packets, _, err = sender.ReadRTCP()
		} else {
			packets, _, err = sender.ReadSimulcastRTCP(o.rid)
		}
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				o.keyframe.Store(true)
			}
		}
	}
}

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
	s := p.streams[mid]
	if s == nil {
		s = &Stream{}
		p.streams[mid] = s
	}
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

// send paces all sources with one ticker until the peer is closed.
func (p *Peer) send() {
	select {
	case <-p.connected:
	case <-p.stop:
		return
	}
	ticker := time.NewTicker(audioInterval)
	defer ticker.Stop()
	opus := opusFrame()
	for n := 0; ; n++ {
		select {
		case <-ticker.C:
		case <-p.stop:
			return
		case <-p.failed:
			return
		}
		frame := time.Duration(n)*audioInterval%videoInterval == 0
		for _, o := range p.outs {
			switch {
			case !p.sending[o.source].Load() || o.rid != "" && !p.layers[o.layer].Load():
			case o.video == nil:
				p.sendAudio(o, opus, uint32(n)*960)
			case frame:
				p.sendFrame(o, uint32(n)*1800)
			}
		}
	}
}

func (p *Peer) sendAudio(o *outgoing, opus []byte, ts uint32) {
	packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: o.sn, Timestamp: ts}, Payload: opus}
	if p.levelID != 0 {
		_ = packet.SetExtension(p.levelID, []byte{byte(p.level.Load()) & 0x7f}) // one byte always fits
	}
	p.write(o, packet)
}

func (p *Peer) sendFrame(o *outgoing, ts uint32) {
	payloads := o.video.frame(o.keyframe.Swap(false))
	for i, payload := range payloads {
		packet := &rtp.Packet{Header: rtp.Header{
			Version: 2, SequenceNumber: o.sn, Timestamp: ts, Marker: i == len(payloads)-1,
		}, Payload: payload}
		if o.rid != "" && p.midID != 0 && p.ridID != 0 { // the server tells layers apart by these (RFC 8852)
			_ = packet.SetExtension(p.midID, []byte(p.cameraMID()))
			_ = packet.SetExtension(p.ridID, []byte(o.rid))
		}
		p.write(o, packet)
	}
}

// cameraMID is the MID of the second m-section: pion numbers them.
func (*Peer) cameraMID() string { return "1" }

func (p *Peer) write(o *outgoing, packet *rtp.Packet) {
	o.sn++
	if o.track.WriteRTP(packet) == nil {
		p.sent[o.source].Add(1)
	}
}
