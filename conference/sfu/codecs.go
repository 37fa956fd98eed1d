package sfu

import (
	"strings"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/logging"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// codecOf recognises a codec by its MIME type.
func codecOf(mime string) Codec {
	switch strings.ToLower(mime) {
	case "audio/opus":
		return Opus
	case "video/vp8":
		return VP8
	case "video/h264":
		return H264
	}
	return NoCodec
}

// mediaEngine returns the codecs and header extensions that are answered. No RTX: retransmissions go on the stream itself, in
// both directions. No abs-send-time or REMB: congestion is reported per transport (TWCC), for what participants send.
func mediaEngine() (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	feedback := []webrtc.RTCPFeedback{
		{Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"},
	}
	for _, c := range []struct {
		typ   webrtc.RTPCodecType
		codec webrtc.RTPCodecParameters
	}{
		{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: audioClock, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1;usedtx=1",
			RTCPFeedback: feedback[:1],
		}}},
		{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeVP8, ClockRate: videoClock, RTCPFeedback: feedback,
		}}},
		{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{PayloadType: 102, RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeH264, ClockRate: videoClock, RTCPFeedback: feedback,
			SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		}}},
	} {
		if err := m.RegisterCodec(c.codec, c.typ); err != nil {
			return nil, err
		}
	}
	up := webrtc.RTPTransceiverDirectionRecvonly
	for _, e := range []struct {
		uri string
		typ webrtc.RTPCodecType
	}{
		{sdp.AudioLevelURI, webrtc.RTPCodecTypeAudio},
		{sdp.TransportCCURI, webrtc.RTPCodecTypeAudio},
		{sdp.TransportCCURI, webrtc.RTPCodecTypeVideo},
		{sdp.SDESMidURI, webrtc.RTPCodecTypeAudio},
		{sdp.SDESMidURI, webrtc.RTPCodecTypeVideo},
		{sdp.SDESRTPStreamIDURI, webrtc.RTPCodecTypeVideo},
	} {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: e.uri}, e.typ, up); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// interceptors returns what pion does for the uplink: NACK, receiver reports, TWCC feedback. The downlink has none; DownTrack
// answers NACKs and writes sender reports itself.
func interceptors(logs logging.LoggerFactory) (*interceptor.Registry, error) {
	r := &interceptor.Registry{}
	n, err := nack.NewGeneratorInterceptor(nack.GeneratorSize(512), nack.GeneratorMaxNacksPerPacket(10),
		nack.WithGeneratorLoggerFactory(logs))
	if err != nil {
		return nil, err
	}
	rr, err := report.NewReceiverInterceptor(report.WithReceiverLoggerFactory(logs))
	if err != nil {
		return nil, err
	}
	cc, err := twcc.NewSenderInterceptor(twcc.WithLoggerFactory(logs))
	if err != nil {
		return nil, err
	}
	r.Add(n)
	r.Add(rr)
	r.Add(cc)
	return r, nil
}
