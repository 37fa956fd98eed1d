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
	tracks [3]*webrtc.TrackLocalStaticRTP
	videos [3]*video

	sending  [3]atomic.Bool
	keyframe [3]atomic.Bool
	sent     [3]atomic.Int64
	level    atomic.Uint32
	levelID  uint8

	connected chan struct{} // closed when media can flow
	failed    chan struct{} // closed when it no longer can
	stop      chan struct{}
	once      [3]sync.Once // of the three channels
	running   sync.WaitGroup

	mu      sync.Mutex
	streams map[string]*Stream // by MID
}

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
	for i, name := range []string{"microphone", "camera", "screen"} {
		capability := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}
		if Source(i) == Microphone {
			capability = webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
		} else {
			p.videos[i] = newVideo(p.config.VideoBitrate)
		}
		track, err := webrtc.NewTrackLocalStaticRTP(capability, name, "probe")
		if err != nil {
			return err
		}
		tr, err := p.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			return err
		}
		p.tracks[i] = track
		p.running.Go(func() { p.readRTCP(i, tr.Sender()) })
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

// Offer is the SDP offer to send.
func (p *Peer) Offer() string { return p.offer }

// Answer takes the server's answer and starts sending as soon as the connection is made. Call it once.
func (p *Peer) Answer(answer string) error {
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("take answer: %w", err)
	}
	for _, e := range p.pc.GetSenders()[Microphone].GetParameters().HeaderExtensions {
		if e.URI == sdp.AudioLevelURI {
			p.levelID = uint8(e.ID)
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
func (p *Peer) readRTCP(source int, sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				p.keyframe[source].Store(true)
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
	out := pacer{opus: opusFrame()}
	for n := 0; ; n++ {
		select {
		case <-ticker.C:
		case <-p.stop:
			return
		case <-p.failed:
			return
		}
		if p.sending[Microphone].Load() {
			p.sendAudio(&out, uint32(n)*960)
		}
		if time.Duration(n)*audioInterval%videoInterval != 0 {
			continue
		}
		for _, s := range []Source{Camera, Screen} {
			if p.sending[s].Load() {
				p.sendFrame(&out, s, uint32(n)*1800)
			}
		}
	}
}

// pacer is the sender's state.
type pacer struct {
	opus []byte
	sn   [3]uint16
}

func (p *Peer) sendAudio(out *pacer, ts uint32) {
	packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: out.sn[Microphone], Timestamp: ts}, Payload: out.opus}
	if p.levelID != 0 {
		_ = packet.SetExtension(p.levelID, []byte{byte(p.level.Load()) & 0x7f}) // one byte always fits
	}
	p.write(out, Microphone, packet)
}

func (p *Peer) sendFrame(out *pacer, s Source, ts uint32) {
	payloads := p.videos[s].frame(p.keyframe[s].Swap(false))
	for i, payload := range payloads {
		p.write(out, s, &rtp.Packet{Header: rtp.Header{
			Version: 2, SequenceNumber: out.sn[s], Timestamp: ts, Marker: i == len(payloads)-1,
		}, Payload: payload})
	}
}

func (p *Peer) write(out *pacer, s Source, packet *rtp.Packet) {
	out.sn[s]++
	if p.tracks[s].WriteRTP(packet) == nil {
		p.sent[s].Add(1)
	}
}
