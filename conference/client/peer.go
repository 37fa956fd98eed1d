package client

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// PeerConfig is what a Peer sends and how much it can receive.
type PeerConfig struct {
	// AudioSlots and VideoSlots are the receive slots to ask for.
	AudioSlots, VideoSlots int
	// Microphone, Camera and Screen say what is sent from the beginning; see Send.
	Microphone, Camera, Screen bool
	// Sound is the screen's.
	Sound bool
	// Simulcast sends the camera in three layers: q, h and f with a twelfth, a third and all of VideoBitrate.
	Simulcast bool
	// VideoBitrate of camera and screen in bits per second; 0: DefaultVideoBitrate.
	VideoBitrate int
	// Level is the audio level sent, in -dBov (RFC 6464): 0 is loudest, 127 silent. See SetLevel.
	Level uint8
	// Relay makes all media go through a TURN server; nil: straight to the media port.
	Relay *Relay
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
	// Sound is the screen's.
	Sound
	sources
)

// Peer is the media side of a participant: a PeerConnection with the fixed transceivers of docs/signaling.md. Safe for
// concurrent use.
type Peer struct {
	config PeerConfig
	pc     *webrtc.PeerConnection
	offer  string
	outs   []*outgoing

	sending [sources]atomic.Bool
	layers  [3]atomic.Bool // of a simulcast camera
	sent    [sources]atomic.Int64
	level   atomic.Uint32
	// Numbers of header extensions, 0 if not negotiated.
	levelID, midID, ridID uint8

	connected chan struct{} // closed when media can flow
	failed    chan struct{} // closed when it no longer can
	stop      chan struct{}
	answered  atomic.Bool
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
	pc, err := api.NewPeerConnection(c.Relay.configuration())
	if err != nil {
		return nil, fmt.Errorf("make PeerConnection: %w", err)
	}
	p := &Peer{
		config: c, pc: pc, streams: map[string]*Stream{},
		connected: make(chan struct{}), failed: make(chan struct{}), stop: make(chan struct{}),
	}
	p.level.Store(uint32(c.Level))
	for i, on := range [sources]bool{c.Microphone, c.Camera, c.Screen, c.Sound} {
		p.sending[i].Store(on)
	}
	for i := range p.layers {
		p.layers[i].Store(true)
	}
	if err := p.prepare(); err != nil {
		p.Close()
		return nil, fmt.Errorf("make offer: %w", err)
	}
	return p, nil
}

// Connected is closed when media can flow.
func (p *Peer) Connected() <-chan struct{} { return p.connected }

// alive says that the server has answered and the connection is not lost.
func (p *Peer) alive() bool {
	select {
	case <-p.failed:
		return false
	default:
		return p.answered.Load()
	}
}

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
		if s.started {
			out[mid] = *s
		}
	}
	return out
}

// RoundTrip is the round trip of the last ICE connectivity check, 0 if unknown. It asks the ICE agent: PeerConnection.GetStats races with
// the closing that pion does by itself when the other side hangs up.
func (p *Peer) RoundTrip() time.Duration {
	pair, ok := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePairStats()
	if !ok {
		return 0
	}
	return time.Duration(pair.CurrentRoundTripTime * float64(time.Second))
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
