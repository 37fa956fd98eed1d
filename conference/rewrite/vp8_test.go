package rewrite

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func TestParseVP8(t *testing.T) {
	for name, c := range map[string]struct {
		in       []byte
		want     VP8
		ok       bool
		keyframe bool
	}{
		"no extension, keyframe":  {[]byte{0x10, 0x30}, VP8{Size: 1, Start: true}, true, true},
		"no extension, delta":     {[]byte{0x10, 0x31}, VP8{Size: 1, Start: true}, true, false},
		"second partition":        {[]byte{0x11, 0x30}, VP8{Size: 1}, true, false},
		"7-bit picture ID":        {[]byte{0x90, 0x80, 0x11, 0x00}, VP8{Size: 3, Start: true, PictureID: 0x11, PictureIDAt: 2}, true, true},
		"15-bit picture ID":       {[]byte{0x80, 0x80, 0x81, 0x02, 0x00}, VP8{Size: 4, PictureID: 0x102, PictureIDAt: 2, Long: true}, true, false},
		"TL0PICIDX and layers":    {[]byte{0x90, 0xe0, 0x80, 0x05, 9, 0x60, 0x01}, VP8{Size: 6, Start: true, PictureID: 5, PictureIDAt: 2, Long: true, TL0: 9, TL0At: 4, TemporalID: 1}, true, false},
		"KEYIDX only":             {[]byte{0x90, 0x10, 0x03, 0x00}, VP8{Size: 3, Start: true}, true, true},
		"empty":                   {nil, VP8{}, false, false},
		"descriptor only":         {[]byte{0x10}, VP8{Size: 1, Start: true}, false, false},
		"cut in the extension":    {[]byte{0x90}, VP8{}, false, false},
		"cut in the picture ID":   {[]byte{0x90, 0x80, 0x81}, VP8{}, false, false},
		"cut before TL0PICIDX":    {[]byte{0x90, 0x40}, VP8{}, false, false},
		"cut before the T/K byte": {[]byte{0x90, 0x20}, VP8{}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := ParseVP8(c.in)
			if ok != c.ok || ok && got != c.want {
				t.Fatalf("got %+v, %v; want %+v, %v", got, ok, c.want, c.ok)
			}
			if ok && got.Keyframe(c.in) != c.keyframe {
				t.Errorf("keyframe %v", !c.keyframe)
			}
		})
	}
}

// frame builds a payload.
func frame(id uint16, tl0 uint8) []byte {
	return []byte{0x90, 0xe0, 0x80 | byte(id>>8), byte(id), tl0, 0x20, 0x01, 0xff}
}

// Across switches picture ID and TL0PICIDX count on by one, within a source by the source's steps.
func TestPicturesGoOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Pictures
		var last VP8
		started := false
		for range rapid.IntRange(1, 20).Draw(t, "sources") {
			id, tl0 := rapid.Uint16Range(0, 0x7fff).Draw(t, "id"), rapid.Uint8().Draw(t, "tl0")
			for n := range rapid.IntRange(1, 20).Draw(t, "frames") {
				p := frame(id, tl0)
				d, _ := ParseVP8(p)
				again := frame(id, tl0)
				s.Apply(d, p, n == 0)
				s.Patch(d, again)
				if !bytes.Equal(p, again) {
					t.Fatalf("a retransmission differs: % x and % x", p, again)
				}
				got, ok := ParseVP8(p)
				if !ok || got.Size != d.Size || p[7] != 0xff {
					t.Fatalf("broken: % x", p)
				}
				if started && (got.PictureID != (last.PictureID+1)&0x7fff || got.TL0 != last.TL0+1) {
					t.Fatalf("picture %d/%d after %d/%d", got.PictureID, got.TL0, last.PictureID, last.TL0)
				}
				started, last = true, got
				id, tl0 = (id+1)&0x7fff, tl0+1
			}
		}
	})
}

// The parser never reads beyond the payload, and what it says can be patched.
func FuzzParseVP8(f *testing.F) {
	f.Add([]byte{0x90, 0xe0, 0x80, 0x05, 9, 0x60, 0x01})
	f.Add([]byte{0x90, 0x80, 0x81})
	f.Fuzz(func(t *testing.T, p []byte) {
		d, ok := ParseVP8(p)
		if !ok {
			return
		}
		if d.Size >= len(p) {
			t.Fatalf("a descriptor of %d bytes in %d", d.Size, len(p))
		}
		n := len(p)
		var s Pictures
		s.Apply(d, p, true)
		s.Apply(d, p, true)
		if again, ok := ParseVP8(p); !ok || again.Size != d.Size || again.Keyframe(p) != d.Keyframe(p) || len(p) != n {
			t.Fatalf("patching broke the descriptor: %+v, was %+v", again, d)
		}
	})
}
