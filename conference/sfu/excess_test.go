package sfu

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/transport/v4/packetio"
	"github.com/pion/webrtc/v4"
)

func TestExcess(t *testing.T) {
	over := 0
	x := &excess{over: func() { over++ }}
	for range maxRTPStreams {
		x.buffer(packetio.RTPBufferPacket, 1)
	}
	for range maxRTCPStreams {
		x.buffer(packetio.RTCPBufferPacket, 1)
	}
	if over != 0 {
		t.Fatal("too early")
	}
	if _, err := x.buffer(packetio.RTPBufferPacket, 1).Write([]byte{1}); over != 1 || err == nil {
		t.Error("one RTP stream too many is kept")
	}
	if _, err := x.buffer(packetio.RTCPBufferPacket, 1).Write([]byte{1}); over != 2 || err == nil {
		t.Error("one RTCP stream too many is kept")
	}
	kept := 0
	for range 10 * maxRemotes {
		if x.remote(nil) {
			kept++
		}
	}
	if kept != maxRemotes {
		t.Errorf("%d remote addresses are kept", kept)
	}
}

// hydra is a track that sends under any SSRC.
type hydra struct {
	*webrtc.TrackLocalStaticRTP
	bound chan webrtc.TrackLocalContext
}

func (h *hydra) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	h.bound <- c
	return h.TrackLocalStaticRTP.Bind(c)
}

// TestTooManyStreamsEndTheConnection: a participant cannot make the server keep one buffer after the other.
func TestTooManyStreamsEndTheConnection(t *testing.T) {
	e, err := NewEngine(Config{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.GracefulClose()
	sendonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	static, _ := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "a", "a")
	track := &hydra{static, make(chan webrtc.TrackLocalContext, 1)}
	_, err0 := pc.AddTransceiverFromTrack(track, sendonly)
	_, err1 := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, sendonly)
	_, err2 := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, sendonly)
	connected := make(chan struct{})
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(connected)
		}
	})
	offer, err3 := pc.CreateOffer(nil)
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := errors.Join(err0, err1, err2, err3, pc.SetLocalDescription(offer)); err != nil {
		t.Fatal(err)
	}
	<-gathered
	failed := make(chan error, 1)
	s, answer, err := e.NewRoom().Join("a", pc.LocalDescription().SDP, Events{Failed: func(err error) { failed <- err }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	<-connected
	c := <-track.bound
	deadline := time.After(15 * time.Second)
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for ssrc := uint32(1); ; ssrc++ {
		h := &rtp.Header{Version: 2, PayloadType: 111, SSRC: ssrc}
		if _, err := c.WriteStream().WriteRTP(h, []byte{1, 2, 3}); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-failed:
			if !errors.Is(err, ErrTooManyStreams) {
				t.Error(err)
			}
			return
		case <-deadline:
			t.Fatal("the connection goes on")
		case <-ticker.C:
		}
	}
}
