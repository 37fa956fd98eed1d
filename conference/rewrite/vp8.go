package rewrite

// VP8 is what a VP8 payload descriptor says (RFC 7741 §4.2). Positions are offsets into the payload; 0 means absent.
type VP8 struct {
	// Size is the length of the descriptor; the VP8 frame data follows.
	Size int
	// Start is true for the first packet of a frame (S set, partition 0).
	Start bool
	// PictureID has 7 or, if Long, 15 bits.
	PictureID   uint16
	PictureIDAt int
	Long        bool
	// TL0 is TL0PICIDX.
	TL0   uint8
	TL0At int
	// TemporalID is the temporal layer, 0 if absent.
	TemporalID uint8
}

// ParseVP8 reads the payload descriptor. It reports false for a truncated one.
func ParseVP8(p []byte) (VP8, bool) {
	if len(p) < 1 {
		return VP8{}, false
	}
	d := VP8{Size: 1, Start: p[0]&0x10 != 0 && p[0]&0x07 == 0}
	if p[0]&0x80 == 0 {
		return d, len(p) > d.Size
	}
	if len(p) < 2 {
		return VP8{}, false
	}
	extension := p[1]
	d.Size = 2
	if extension&0x80 != 0 {
		if len(p) < d.Size+2 {
			return VP8{}, false
		}
		d.PictureIDAt = d.Size
		d.PictureID = uint16(p[d.Size] & 0x7f)
		if d.Long = p[d.Size]&0x80 != 0; d.Long {
			d.PictureID = d.PictureID<<8 | uint16(p[d.Size+1])
			d.Size++
		}
		d.Size++
	}
	if extension&0x40 != 0 {
		if len(p) < d.Size+1 {
			return VP8{}, false
		}
		d.TL0At, d.TL0 = d.Size, p[d.Size]
		d.Size++
	}
	if extension&0x30 != 0 {
		if len(p) < d.Size+1 {
			return VP8{}, false
		}
		if extension&0x20 != 0 {
			d.TemporalID = p[d.Size] >> 6
		}
		d.Size++
	}
	return d, len(p) > d.Size
}

// Keyframe reports whether payload p with descriptor d begins a keyframe (RFC 7741 §4.3: the P bit is clear).
func (d VP8) Keyframe(p []byte) bool {
	return d.Start && len(p) > d.Size && p[d.Size]&0x01 == 0
}

// Pictures continues picture ID and TL0PICIDX across sources. The zero value starts at the first source's own numbers. Not safe
// for concurrent use.
type Pictures struct {
	started  bool
	id       uint16 // highest sent
	tl0      uint8  // highest sent
	idShift  uint16
	tl0Shift uint8
}

// Apply patches the descriptor in payload p, which d was parsed from. first says that p begins a new source.
func (s *Pictures) Apply(d VP8, p []byte, first bool) {
	if first && s.started {
		s.idShift = s.id + 1 - d.PictureID
		s.tl0Shift = s.tl0 + 1 - d.TL0
	}
	s.Patch(d, p)
	id := (d.PictureID + s.idShift) & 0x7fff
	if first || (id-s.id)&0x7fff < 0x4000 {
		s.id = id
	}
	if tl0 := d.TL0 + s.tl0Shift; first || int8(tl0-s.tl0) > 0 {
		s.tl0 = tl0
	}
	s.started = true
}

// Patch rewrites p like Apply without moving on, for a retransmission of the present source.
func (s *Pictures) Patch(d VP8, p []byte) {
	if d.PictureIDAt > 0 {
		id := (d.PictureID + s.idShift) & 0x7fff
		if d.Long {
			p[d.PictureIDAt], p[d.PictureIDAt+1] = 0x80|byte(id>>8), byte(id)
		} else {
			p[d.PictureIDAt] = byte(id & 0x7f)
		}
	}
	if d.TL0At > 0 {
		p[d.TL0At] = d.TL0 + s.tl0Shift
	}
}
