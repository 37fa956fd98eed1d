package sfu

import (
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/medienzentrenverbund/kreisraum/conference/layers"
)

const (
	// maxOffer bounds an offer, in bytes; docs/signaling.md allows as much.
	maxOffer = 64 << 10
	// maxAttributes bounds the lines of one m-section. Chrome writes about 110 with all its codecs.
	maxAttributes = 256
	// maxLine bounds one attribute, in bytes.
	maxLine = 512
	// maxStreams bounds the ssrc lines of one m-section: one stream, its RTX, four lines each, and room for more.
	maxStreams = 16
)

// offer is an offer of the one shape that is accepted (docs/signaling.md): microphone, camera, screen and perhaps the screen's
// sound, then audio slots, then video slots.
type offer struct {
	// sdp is the offer with everything left out that is not needed; candidates above all: the server answers to where checks
	// come from and never sends anything to an address that only the text names.
	sdp string
	// uplinks are the MIDs of what is sent, "" for a screen's sound that is not offered.
	uplinks [len(uplinks)]string
	// simulcast says that the camera comes in layers (RFC 8853).
	simulcast bool
	// audio and video are the MIDs of the slots.
	audio, video []string
}

// kept are the attributes that are passed on, anywhere in the offer. Everything else is left out.
var kept = map[string]bool{
	"group": true, "msid-semantic": true, "mid": true, "sendonly": true, "recvonly": true,
	"ice-ufrag": true, "ice-pwd": true, "ice-options": true, "fingerprint": true, "setup": true,
	"rtcp-mux": true, "rtcp-rsize": true, "rtpmap": true, "fmtp": true, "rtcp-fb": true, "extmap": true,
	"msid": true, "ssrc": true, "ssrc-group": true, "rid": true, "simulcast": true,
}

// parseOffer validates an offer. All its errors are *OfferError. It is fed by strangers: see FuzzParseOffer.
func parseOffer(text string) (*offer, error) {
	if len(text) > maxOffer {
		return nil, &OfferError{-1, "longer than 64 KiB"}
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return nil, &OfferError{-1, "not an SDP session description"}
	}
	o := &offer{}
	n := len(d.MediaDescriptions)
	if n < sound || n > len(uplinks)+MaxAudioSlots+MaxVideoSlots {
		return nil, &OfferError{-1, "wants microphone, camera, screen, perhaps the screen's sound, and at most 8 audio and 25 video slots"}
	}
	attributes, reason := clean(d.Attributes)
	if reason != "" {
		return nil, &OfferError{-1, reason}
	}
	d.Attributes = attributes
	seen := map[string]bool{}
	for i, m := range d.MediaDescriptions {
		if reason := o.section(i, m, &d, seen); reason != "" {
			return nil, &OfferError{i, reason}
		}
	}
	if reason := bundled(&d, seen); reason != "" {
		return nil, &OfferError{-1, reason}
	}
	text2, err := d.Marshal()
	if err != nil {
		return nil, &OfferError{-1, "cannot be written again"}
	}
	o.sdp = string(text2)
	return o, nil
}

// section validates one m-section and files it. It returns what is wrong.
func (o *offer) section(i int, m *sdp.MediaDescription, d *sdp.SessionDescription, seen map[string]bool) string {
	attributes, reason := clean(m.Attributes)
	if reason != "" {
		return reason
	}
	m.Attributes = attributes
	kind, direction := m.MediaName.Media, direction(m)
	mid, _ := m.Attribute("mid")
	switch {
	case mid == "" || len(mid) > 32 || seen[mid]:
		return "needs a mid of its own"
	case strings.Join(m.MediaName.Protos, "/") != "UDP/TLS/RTP/SAVPF":
		return "the protocol is not UDP/TLS/RTP/SAVPF"
	case len(m.MediaName.Formats) == 0 || len(m.MediaName.Formats) > 64:
		return "needs 1 to 64 payload types"
	case !either(m, d, "ice-ufrag") || !either(m, d, "ice-pwd") || !either(m, d, "fingerprint"):
		return "ICE credentials or DTLS fingerprint are missing"
	}
	seen[mid] = true
	if reason := o.layers(i, m); reason != "" {
		return reason
	}
	if i < sound || i == sound && direction == "sendonly" {
		want := "video"
		if uplinks[i].audio {
			want = "audio"
		}
		if kind != want || direction != "sendonly" {
			return "must be " + want + " sendonly"
		}
		o.uplinks[i] = mid
		return ""
	}
	switch {
	case direction != "recvonly":
		return "a slot must be recvonly"
	case kind == "audio" && len(o.video) == 0 && len(o.audio) < MaxAudioSlots:
		o.audio = append(o.audio, mid)
	case kind == "video" && len(o.video) < MaxVideoSlots:
		o.video = append(o.video, mid)
	default:
		return "slots are at most 8 audio followed by at most 25 video"
	}
	return ""
}

// layers validates the camera's simulcast, and leaves it out elsewhere. It returns what is wrong.
func (o *offer) layers(i int, m *sdp.MediaDescription) string {
	isLayer := func(a sdp.Attribute) bool { return a.Key == "rid" || a.Key == "simulcast" }
	if i != Camera.video() {
		m.Attributes = slices.DeleteFunc(m.Attributes, isLayer)
		return ""
	}
	rids := map[string]bool{}
	for _, a := range m.Attributes {
		if a.Key == "rid" {
			rid, direction, _ := strings.Cut(a.Value, " ")
			if _, ok := layers.OfRID(rid); !ok || rid == "" || direction != "send" || rids[rid] {
				return "a layer must be q, h or f and sent"
			}
			rids[rid] = true
		}
	}
	list, ok := m.Attribute("simulcast")
	if !ok && len(rids) == 0 {
		return ""
	}
	list, ok = strings.CutPrefix(list, "send ")
	named := strings.Split(list, ";")
	for _, rid := range named {
		ok = ok && rids[rid]
	}
	if !ok || len(named) != len(rids) {
		return "simulcast must send the layers that are described"
	}
	o.simulcast = true
	return ""
}

// clean returns the attributes that are kept, or what is wrong with them.
func clean(all []sdp.Attribute) ([]sdp.Attribute, string) {
	if len(all) > maxAttributes {
		return nil, "too many attributes"
	}
	out := make([]sdp.Attribute, 0, len(all))
	streams := 0
	for _, a := range all {
		if !kept[a.Key] {
			continue
		}
		if len(a.Value) > maxLine {
			return nil, "an attribute is too long"
		}
		if a.Key == "ssrc" {
			if streams++; streams > maxStreams {
				return nil, "too many streams"
			}
		}
		out = append(out, a)
	}
	return out, ""
}

// direction returns the section's direction attribute, "" unless there is exactly one of those accepted.
func direction(m *sdp.MediaDescription) string {
	found := ""
	for _, a := range m.Attributes {
		if a.Key == "sendonly" || a.Key == "recvonly" {
			if found != "" {
				return ""
			}
			found = a.Key
		}
	}
	return found
}

// either reports whether the section or the session has the attribute.
func either(m *sdp.MediaDescription, d *sdp.SessionDescription, key string) bool {
	if v, ok := m.Attribute(key); ok && v != "" {
		return true
	}
	v, ok := d.Attribute(key)
	return ok && v != ""
}

// bundled checks that all m-sections share one transport (RFC 8843).
func bundled(d *sdp.SessionDescription, mids map[string]bool) string {
	group, _ := d.Attribute("group")
	fields := strings.Fields(group)
	if len(fields) != len(mids)+1 || fields[0] != "BUNDLE" {
		return "all m-sections must be in one BUNDLE group"
	}
	for _, mid := range fields[1:] {
		if !mids[mid] {
			return "all m-sections must be in one BUNDLE group"
		}
	}
	return ""
}
