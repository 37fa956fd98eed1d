package client

import (
	"fmt"
	"strings"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// prepare adds the transceivers in the fixed order and makes the offer.
func (p *Peer) prepare() error {
	p.pc.OnTrack(p.track)
	p.pc.OnConnectionStateChange(p.state)
	for i := range sources {
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
	select {
	case <-gathered: // host candidates come at once, a relay's once it has answered
	case <-time.After(relayTimeout):
	}
	if p.config.Relay != nil && !strings.Contains(p.pc.LocalDescription().SDP, " typ relay ") {
		return errNoRelay
	}
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
	case s == Microphone, s == Sound:
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
	track, err := webrtc.NewTrackLocalStaticRTP(capability, [sources]string{"microphone", "camera", "screen", "sound"}[s], "probe", options...)
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
	p.answered.Store(true)
	p.running.Go(p.send)
	return nil
}
