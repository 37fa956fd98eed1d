package sfu

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"github.com/medienzentrenverbund/kreisraum/conference/rewrite"
)

// maxCredit bounds the retransmissions a receiver may ask for in a row; each packet sent earns one. A receiver therefore can't
// make the server send more than twice the stream.
const maxCredit = 256

// maxLooks bounds the packets a receiver may ask for in a row, whether they are there or not; each packet sent earns
// looksPerPacket. One RTCP packet can name 6,000, and browsers ask some ten times for each they miss.
const maxLooks, looksPerPacket = 2048, 4

// downTrack is one slot of one receiver. Safe for concurrent use.
type downTrack struct {
	transport Transport
	slot      int
	audio     bool
	organiser *atomic.Bool // the receiver's

	mu       sync.Mutex
	source   *upTrack // nil: empty slot
	next     *upTrack // another layer of source's video, shown from its next keyframe on; usually nil
	waiting  bool     // for a keyframe of source
	rewriter rewrite.Rewriter
	pictures rewrite.Pictures
	credit   int
	looks    int
	packets  uint32 // sent, for sender reports
	octets   uint32
	asked    int // packets sent again since the last sample
	sampled  uint32
}

func newDownTrack(t Transport, slot int, audio bool) *downTrack {
	clock := uint32(videoClock)
	if audio {
		clock = audioClock
	}
	return &downTrack{
		transport: t, slot: slot, audio: audio, organiser: new(atomic.Bool),
		rewriter: rewrite.New(clock, uint16(rand.N(1<<15)), rand.Uint32()),
	}
}

// attach makes source the slot's source; nil empties the slot. Video waits for a keyframe, audio goes on at once. Called by the
// room loop alone.
func (d *downTrack) attach(source *upTrack) {
	d.mu.Lock()
	changed := d.attachLocked(source)
	d.mu.Unlock()
	if changed && source != nil {
		source.requestKeyframe(monotonic())
	}
}

// attachLocked reports whether the source is another one now.
func (d *downTrack) attachLocked(source *upTrack) bool {
	d.expectLocked(nil)
	if d.source == source {
		return false
	}
	if d.source != nil {
		d.source.unsubscribe(d)
	}
	if source != nil {
		source.subscribe(d)
	}
	d.source, d.waiting = source, !d.audio
	d.rewriter.Switch()
	return true
}

// expectLocked makes layer the one that takes over with its next keyframe; nil: none.
func (d *downTrack) expectLocked(layer *upTrack) {
	if d.next == layer {
		return
	}
	if d.next != nil {
		d.next.unsubscribe(d)
	}
	if layer != nil {
		layer.subscribe(d)
	}
	d.next = layer
}

// show is attach for a video slot: another layer of the video that is already shown takes over with its next keyframe, and
// until then the present layer goes on. Called by the room loop alone.
func (d *downTrack) show(layer *upTrack) {
	d.mu.Lock()
	changed := false
	if layer != nil && d.source != nil && d.source != layer && d.source.video == layer.video && !d.waiting {
		changed = d.next != layer
		d.expectLocked(layer)
	} else {
		changed = d.attachLocked(layer)
	}
	d.mu.Unlock()
	if changed && layer != nil {
		layer.requestKeyframe(monotonic())
	}
}

// shown is the slot's present source.
func (d *downTrack) shown() *upTrack {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.source
}

// interrupt holds a packet of source back. What follows begins anew: the receiver must not ask for what it missed.
func (d *downTrack) interrupt(source *upTrack) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.interruptLocked(source)
}

func (d *downTrack) interruptLocked(source *upTrack) {
	if d.source == source {
		d.waiting = !d.audio
		d.rewriter.Switch()
	}
}

// forward rewrites a batch into out and sends it. It reports whether the slot is still waiting for a keyframe. The payloads
// are patched in place: the next receiver patches the same bytes again. The room loop empties the slot of a receiver whom the source is
// not for; that takes a moment, in which it gets nothing either.
func (d *downTrack) forward(from *upTrack, batch []Packet, out []Outgoing, now time.Duration) (hungry bool) {
	d.mu.Lock()
	if !from.reaches(d.organiser) {
		d.interruptLocked(from)
		d.mu.Unlock()
		return false
	}
	if d.next == from {
		batch = d.takeOverLocked(batch)
	}
	if d.source != from {
		hungry = d.next == from
		d.mu.Unlock()
		return hungry
	}
	for i := range batch {
		out = d.rewriteLocked(&batch[i], out, now)
	}
	hungry = d.waiting
	d.mu.Unlock()
	if len(out) > 0 {
		d.transport.WriteRTP(d.slot, out)
	}
	return hungry
}

// takeOverLocked makes the layer that is expected the source if the batch holds a keyframe, from where on it returns the batch.
func (d *downTrack) takeOverLocked(batch []Packet) []Packet {
	for i := range batch {
		if batch[i].keyframe {
			d.source.unsubscribe(d)
			d.source, d.next = d.next, nil
			d.rewriter.Switch()
			return batch[i:]
		}
	}
	return batch
}

// rewriteLocked appends the packet as it goes out, or nothing. This is where a temporal layer would be left out.
func (d *downTrack) rewriteLocked(p *Packet, out []Outgoing, now time.Duration) []Outgoing {
	if d.waiting && !p.keyframe {
		return out
	}
	if len(p.Payload) == 0 && d.rewriter.Drop(p.SN) {
		return out
	}
	payloadType := d.transport.PayloadType(d.slot, p.Codec)
	if payloadType == 0 {
		return out
	}
	m, ok := d.rewriter.Rewrite(p.SN, p.TS, now)
	if !ok {
		return out
	}
	d.waiting = false
	if p.Codec == VP8 && len(p.Payload) > 0 {
		d.pictures.Apply(p.vp8, p.Payload, m.First)
	}
	d.packets++
	d.octets += uint32(len(p.Payload))
	d.credit = min(d.credit+1, maxCredit)
	d.looks = min(d.looks+looksPerPacket, maxLooks)
	// An audio receiver adapts its jitter buffer where the marker begins a talkspurt (RFC 3551 §4.1).
	return append(out, Outgoing{SN: m.SN, TS: m.TS, Marker: p.Marker || d.audio && m.First, PayloadType: payloadType, Payload: p.Payload})
}

// feedback handles what the receiver says about this slot.
func (d *downTrack) feedback(packets []rtcp.Packet) {
	ssrc := d.transport.SSRC(d.slot)
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.TransportLayerNack:
			if p.MediaSSRC == ssrc {
				d.retransmit(p.Nacks)
			}
		case *rtcp.PictureLossIndication:
			if p.MediaSSRC == ssrc {
				d.refresh()
			}
		case *rtcp.FullIntraRequest:
			for _, f := range p.FIR {
				if f.SSRC == ssrc {
					d.refresh()
					break
				}
			}
		}
	}
}

// refresh asks the source for a keyframe.
func (d *downTrack) refresh() {
	d.mu.Lock()
	source := d.source
	d.mu.Unlock()
	if source != nil {
		source.requestKeyframe(monotonic())
	}
}

// retransmit sends again what the receiver lost, from the source's cache.
func (d *downTrack) retransmit(nacks []rtcp.NackPair) {
	buf := make([]byte, maxPayload)
	looking := true
	for _, pair := range nacks {
		if !looking {
			return
		}
		pair.Range(func(sn uint16) bool {
			if looking = d.look(); !looking {
				return false
			}
			if out, ok := d.recover(sn, buf); ok {
				d.transport.WriteRTP(d.slot, []Outgoing{out})
			}
			return true
		})
	}
}

// look reports whether one more packet is looked for.
func (d *downTrack) look() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.looks == 0 || d.credit == 0 {
		return false
	}
	d.looks--
	return true
}

// recover rebuilds the packet that went out as sn, with its payload in buf.
func (d *downTrack) recover(sn uint16, buf []byte) (Outgoing, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.source == nil || d.source.cache == nil || d.credit == 0 || !d.source.reaches(d.organiser) {
		return Outgoing{}, false
	}
	original, ok := d.rewriter.Original(sn)
	if !ok {
		return Outgoing{}, false
	}
	kept, n, ok := d.source.cache.Load(original, buf)
	if !ok {
		return Outgoing{}, false
	}
	if Codec(kept.Codec) == VP8 {
		if v, ok := rewrite.ParseVP8(buf[:n]); ok {
			d.pictures.Patch(v, buf[:n])
		}
	}
	d.credit--
	d.asked++ // only now: what the cache does not have was lost before it came here
	return Outgoing{
		SN: sn, TS: kept.TS + d.rewriter.Shift(), Marker: kept.Marker,
		PayloadType: d.transport.PayloadType(d.slot, Codec(kept.Codec)), Payload: buf[:n],
	}, true
}

// sample returns how many packets were sent since the last call, and how many of them again.
func (d *downTrack) sample() (sent, asked int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	sent, asked = int(d.packets-d.sampled), d.asked
	d.sampled, d.asked = d.packets, 0
	return sent, asked
}

// report returns a sender report (RFC 3550 §6.4.1) for a slot in use, nil otherwise.
func (d *downTrack) report(wall time.Time, now time.Duration) *rtcp.SenderReport {
	d.mu.Lock()
	defer d.mu.Unlock()
	ts, started := d.rewriter.Clock(now)
	if d.source == nil || d.waiting || !started {
		return nil
	}
	return &rtcp.SenderReport{
		SSRC: d.transport.SSRC(d.slot), NTPTime: ntp(wall), RTPTime: ts, PacketCount: d.packets, OctetCount: d.octets,
	}
}

// ntp converts to the 64-bit NTP format: seconds since 1900 and their fraction (RFC 5905 §6).
func ntp(t time.Time) uint64 {
	const since1900 = 2208988800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/1e9
}
