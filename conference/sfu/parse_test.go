package sfu

import (
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// wire writes an RTP packet with an audio level (extension 3).
func wire(t testing.TB, level byte, payload []byte, padding byte) []byte {
	t.Helper()
	p := rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, PayloadType: 111, SequenceNumber: 7, Timestamp: 9, SSRC: 5}, Payload: payload}
	if err := p.SetExtension(3, []byte{0x80 | level}); err != nil {
		t.Fatal(err)
	}
	b, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if padding > 0 {
		b[0] |= 0x20
		b = append(b, make([]byte, padding)...)
		b[len(b)-1] = padding
	}
	return b
}

func TestParse(t *testing.T) {
	voice := []byte("twenty milliseconds")
	for name, c := range map[string]struct {
		packet   []byte
		levelID  uint8
		ok       bool
		loudness uint8
		payload  int
	}{
		"speech":                {wire(t, 30, voice, 0), 3, true, 97, len(voice)},
		"silence":               {wire(t, 127, voice, 0), 3, true, 0, len(voice)},
		"level not negotiated":  {wire(t, 30, voice, 0), 0, true, unknownLoudness, len(voice)},
		"DTX, no level":         {wire(t, 30, voice[:3], 0), 0, true, 0, 3},
		"another extension":     {wire(t, 30, voice, 0), 4, true, 0, len(voice)},
		"with padding":          {wire(t, 30, voice, 4), 3, true, 97, len(voice)},
		"padding only":          {wire(t, 30, nil, 200), 3, true, 97, 0},
		"padding of nothing":    {append([]byte{0xa0}, make([]byte, 11)...), 3, false, 0, 0},
		"padding beyond packet": {append(append([]byte{0xa0}, make([]byte, 11)...), 9), 3, false, 0, 0},
		"cut":                   {wire(t, 30, voice, 0)[:11], 3, false, 0, 0},
		"nothing":               {nil, 3, false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var h rtp.Header
			var p Packet
			ok := parse(c.packet, &h, &p, c.levelID)
			if ok != c.ok {
				t.Fatalf("accepted: %v", ok)
			}
			if ok && (p.Loudness != c.loudness || len(p.Payload) != c.payload) {
				t.Errorf("loudness %d, %d bytes; want %d, %d", p.Loudness, len(p.Payload), c.loudness, c.payload)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(wire(f, 30, []byte("voice"), 0), uint8(3))
	f.Add(wire(f, 30, nil, 9), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, id uint8) {
		var h rtp.Header
		var p Packet
		if parse(b, &h, &p, id) && (len(p.Payload) > len(b) || p.Loudness > silence) {
			t.Fatalf("%d bytes of %d, loudness %d", len(p.Payload), len(b), p.Loudness)
		}
	})
}

func TestAsksSomething(t *testing.T) {
	report, nack := &rtcp.ReceiverReport{SSRC: 1}, &rtcp.TransportLayerNack{Nacks: []rtcp.NackPair{{PacketID: 4}}}
	for name, c := range map[string]struct {
		packets []rtcp.Packet
		want    bool
	}{
		"a report":             {[]rtcp.Packet{report}, false},
		"a NACK":               {[]rtcp.Packet{nack}, true},
		"a report and a NACK":  {[]rtcp.Packet{report, nack}, true},
		"a PLI behind reports": {[]rtcp.Packet{report, report, &rtcp.PictureLossIndication{}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := rtcp.Marshal(c.packets)
			if err != nil {
				t.Fatal(err)
			}
			if got := asksSomething(b); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// It terminates and never passes over feedback that pion finds.
func FuzzAsksSomething(f *testing.F) {
	f.Add([]byte{0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		asks := asksSomething(b)
		packets, err := rtcp.Unmarshal(b)
		if err != nil || asks {
			return
		}
		for _, p := range packets {
			switch p.(type) {
			case *rtcp.TransportLayerNack, *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				t.Fatalf("%T is passed over", p)
			}
		}
	})
}
