// Package layers chooses which simulcast layer of a video a receiver gets. It is pure.
//
// A layer is the same picture at another size, with a RID of its own (RFC 8853): q is a quarter of the full height, h a half,
// f the full one. A browser sends fewer of them when the camera is small or its uplink thin, so layers come and go.
package layers

// The layers of a video, smallest first. A video without simulcast has Full alone.
const (
	Quarter = iota
	Half
	Full
	Count
)

// rids by layer.
var rids = [Count]string{"q", "h", "f"}

// OfRID returns the layer of a RID; "" is the only layer of a video without simulcast.
func OfRID(rid string) (layer int, ok bool) {
	if rid == "" {
		return Full, true
	}
	for i, r := range rids {
		if r == rid {
			return i, true
		}
	}
	return 0, false
}

// Layer is what is known of one layer.
type Layer struct {
	// Live says that packets are coming.
	Live bool
	// Height is the height of its picture in pixels, 0 if unknown.
	Height int
}

// assumed are the heights of layers whose pictures say nothing (H.264), in pixels.
var assumed = [Count]int{180, 360, 720}

// tolerance lets a picture be enlarged by a quarter before a larger layer is fetched; nobody sees the difference.
const tolerance = 1.25

// Choose returns the layer for a picture shown at height device pixels: the smallest live one that is large enough, or else the
// largest live one up to ceiling, or else the smallest live one. Height 0 stands for as large as possible. It reports false when
// no layer is live.
func Choose(all [Count]Layer, height, ceiling int) (layer int, ok bool) {
	for i, l := range all {
		if !l.Live || ok && i > ceiling {
			continue
		}
		layer, ok = i, true
		h := l.Height
		if h == 0 {
			h = assumed[i]
		}
		if height > 0 && float64(h)*tolerance >= float64(height) {
			return layer, true
		}
	}
	return layer, ok
}
