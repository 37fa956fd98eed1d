package sfu

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// section writes an m-section as a browser does.
func section(mid, kind, direction string) string {
	return fmt.Sprintf("m=%s 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"+
		"a=fingerprint:sha-256 %s\r\na=setup:actpass\r\na=mid:%s\r\na=%s\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n",
		kind, strings.TrimSuffix(strings.Repeat("AB:", 32), ":"), mid, direction)
}

// session writes an offer; a section is "audio recvonly" or a whole section.
func session(sections ...string) string {
	body, mids := "", ""
	for i, s := range sections {
		if f := strings.Fields(s); len(f) == 2 {
			s = section(fmt.Sprint(i), f[0], f[1])
		}
		body, mids = body+s, mids+fmt.Sprintf(" %d", i)
	}
	return "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE" + mids + "\r\n" + body
}

var up = []string{"audio sendonly", "video sendonly", "video sendonly"}

func with(more ...string) []string { return append(append([]string(nil), up...), more...) }

func repeat(s string, n int) []string {
	var out []string
	for range n {
		out = append(out, s)
	}
	return out
}

func TestParseOfferAccepts(t *testing.T) {
	for name, c := range map[string]struct {
		sections     []string
		audio, video int
		sound        string
	}{
		"sources alone":       {up, 0, 0, ""},
		"a screen with sound": {with("audio sendonly"), 0, 0, "3"},
		"all of it":           {with(append([]string{"audio sendonly"}, append(repeat("audio recvonly", 8), repeat("video recvonly", 25)...)...)...), 8, 25, "3"},
		"a few slots":         {with("audio recvonly", "video recvonly", "video recvonly"), 1, 2, ""},
		"all slots":           {with(append(repeat("audio recvonly", 8), repeat("video recvonly", 25)...)...), 8, 25, ""},
		"video only":          {with("video recvonly"), 0, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := parseOffer(session(c.sections...))
			if err != nil {
				t.Fatal(err)
			}
			if len(o.audio) != c.audio || len(o.video) != c.video || o.uplinks != [4]string{"0", "1", "2", c.sound} {
				t.Errorf("got %+v", o)
			}
		})
	}
}

func TestParseOfferRefuses(t *testing.T) {
	good := session(with("audio recvonly")...)
	for name, text := range map[string]string{
		"nothing":                "",
		"not SDP":                "hello",
		"too long":               good + strings.Repeat("a=x:y\r\n", maxOffer/7),
		"no sections":            session(),
		"two sources":            session(up[:2]...),
		"wrong order":            session("video sendonly", "audio sendonly", "video sendonly"),
		"sendrecv":               session("audio sendrecv", "video sendonly", "video sendonly"),
		"a slot that sends":      session(with("video sendonly")...),
		"two sounds":             session(with("audio sendonly", "audio sendonly")...),
		"a sound after a slot":   session(with("audio recvonly", "audio sendonly")...),
		"nine audio slots":       session(with(repeat("audio recvonly", 9)...)...),
		"26 video slots":         session(with(repeat("video recvonly", 26)...)...),
		"audio after video":      session(with("video recvonly", "audio recvonly")...),
		"a data channel":         session(with("application recvonly")...),
		"no direction":           strings.Replace(good, "a=sendonly\r\n", "", 1),
		"two directions":         strings.Replace(good, "a=sendonly\r\n", "a=sendonly\r\na=recvonly\r\n", 1),
		"no mid":                 strings.Replace(good, "a=mid:1\r\n", "", 1),
		"a mid twice":            strings.Replace(good, "a=mid:1\r\n", "a=mid:0\r\n", 1),
		"a long mid":             strings.ReplaceAll(good, "a=mid:1\r\n", "a=mid:"+strings.Repeat("1", 33)+"\r\n"),
		"no bundle":              strings.Replace(good, "a=group:BUNDLE", "a=group:LS", 1),
		"one section apart":      strings.Replace(good, "BUNDLE 0 1 2 3", "BUNDLE 0 1 2", 1),
		"a stranger in bundle":   strings.Replace(good, "BUNDLE 0 1 2 3", "BUNDLE 0 1 2 9", 1),
		"no fingerprint":         strings.ReplaceAll(good, "a=fingerprint", "a=fingerprintless"),
		"no ICE credentials":     strings.ReplaceAll(good, "a=ice-pwd", "a=ice-password"),
		"plain RTP":              strings.Replace(good, "UDP/TLS/RTP/SAVPF", "RTP/AVP", 1),
		"a thousand attributes":  good + strings.Repeat("a=rtcp-fb:96 nack\r\n", 1000),
		"a long attribute":       good + "a=fmtp:96 " + strings.Repeat("x", 600) + "\r\n",
		"a hundred streams":      good + strings.Repeat("a=ssrc:1 cname:x\r\n", 100),
		"a hundred formats":      strings.Replace(good, "SAVPF 96", "SAVPF"+strings.Repeat(" 96", 100), 1),
		"a thousand m-sections":  session(repeat("video recvonly", 200)...),
		"null bytes in the text": strings.Replace(good, "m=audio", "m=\x00udio", 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseOffer(text)
			var refused *OfferError
			if !errors.As(err, &refused) || refused.Reason == "" {
				t.Errorf("got %v, want an OfferError", err)
			}
		})
	}
}

// layered is an offer whose camera has these extra lines.
func layered(lines string) string {
	return strings.Replace(session(up...), "a=mid:1\r\n", "a=mid:1\r\n"+lines, 1)
}

func TestParseOfferOfLayers(t *testing.T) {
	const rids = "a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\n"
	for name, c := range map[string]struct {
		lines string
		ok    bool
	}{
		"three":           {rids + "a=simulcast:send q;h;f\r\n", true},
		"two":             {"a=rid:h send\r\na=rid:f send\r\na=simulcast:send h;f\r\n", true},
		"unknown":         {"a=rid:x send\r\na=simulcast:send x\r\n", false},
		"without a name":  {"a=rid: send\r\na=simulcast:send \r\n", false},
		"received":        {"a=rid:q recv\r\na=simulcast:recv q\r\n", false},
		"twice":           {"a=rid:q send\r\na=rid:q send\r\na=simulcast:send q;q\r\n", false},
		"not described":   {"a=simulcast:send q\r\n", false},
		"not named":       {rids, false},
		"alternatives":    {rids + "a=simulcast:send q,h;f\r\n", false},
		"both directions": {rids + "a=simulcast:send q;h;f recv q\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := parseOffer(layered(c.lines))
			if (err == nil) != c.ok {
				t.Fatalf("got %v", err)
			}
			if err == nil && !o.simulcast {
				t.Error("the layers are not noticed")
			}
		})
	}
}

func TestParseOfferLeavesOutWhatIsNotNeeded(t *testing.T) {
	good := session(with("audio recvonly")...)
	const canary = "192.0.2.77"
	text := strings.ReplaceAll(good, "a=rtcp-mux\r\n", "a=rtcp-mux\r\na=candidate:1 1 udp 2113937151 "+canary+" 5000 typ host\r\na=candidate:2 1 udp 1 x.local 5 typ host\r\na=ice-lite\r\na=crypto:1 x\r\n")
	text = strings.Replace(text, "a=mid:2\r\n", "a=mid:2\r\na=simulcast:send q\r\na=rid:q send\r\n", 1) // the screen has no layers
	o, err := parseOffer(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{canary, ".local", "candidate", "ice-lite", "simulcast", "rid:", "crypto"} {
		if strings.Contains(o.sdp, gone) {
			t.Errorf("%q is passed on", gone)
		}
	}
	for _, stays := range []string{"a=mid:3", "a=fingerprint:", "a=rtpmap:96 VP8/90000", "a=group:BUNDLE 0 1 2 3"} {
		if !strings.Contains(o.sdp, stays) {
			t.Errorf("%q is missing", stays)
		}
	}
}

// Offers of real browsers are in testdata; they are accepted.
func TestParseOfferOfBrowsers(t *testing.T) {
	files, err := filepath.Glob("testdata/offers/*.sdp")
	if err != nil || len(files) == 0 {
		t.Fatalf("no offers: %v", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parseOffer(string(text)); err != nil {
				t.Error(err)
			}
		})
	}
}

// Whatever comes, an offer is accepted or refused with an OfferError; what is accepted is accepted again and has the shape.
func FuzzParseOffer(f *testing.F) {
	f.Add(session(up...))
	f.Add(session(with("audio recvonly", "video recvonly")...))
	f.Add("v=0\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseOffer(text)
		if err != nil {
			var refused *OfferError
			if !errors.As(err, &refused) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		again, err := parseOffer(o.sdp)
		if err != nil {
			t.Fatalf("the cleaned offer is refused: %v\n%s", err, o.sdp)
		}
		if len(o.audio) > MaxAudioSlots || len(o.video) > MaxVideoSlots || len(again.audio) != len(o.audio) || len(again.video) != len(o.video) {
			t.Fatalf("slots %d and %d, then %d and %d", len(o.audio), len(o.video), len(again.audio), len(again.video))
		}
	})
}
