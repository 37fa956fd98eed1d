package sfu

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/medienzentrenverbund/kreisraum/conference/layers"
	"github.com/medienzentrenverbund/kreisraum/conference/packetcache"
)

const (
	// maxBatch is how many packets a Transport hands over at once at most.
	maxBatch = 32
	// keyframeInterval is how often a source is asked for a keyframe at most, however many receivers want one. A guess: a
	// keyframe costs about ten delta frames.
	keyframeInterval = 500 * time.Millisecond
	// Limits per source, far above what the page sends (docs/signaling.md): they bound what one participant can make the
	// server send to all others. Bytes per second, and the burst in bytes.
	videoRate, videoBurst = 1_500_000, 1_500_000
	audioRate, audioBurst = 64_000, 64_000
	// Each packet counts as so many bytes at least, however small: it costs every receiver an encryption and a send. 3,000 video
	// packets per second, or 320 with sound, are several times what a browser sends.
	videoLeast, audioLeast = 500, 200
)

// video is the layers of one video source. Without simulcast there is layers.Full alone; the others stay silent.
type video [layers.Count]*upTrack

// silenceAfter is how long a layer may pause and still count as live. A browser sends at least two frames per second.
const silenceAfter = time.Second

// layer chooses what to show at a height to a receiver with this ceiling. Of a video that is paused it is the layer shown last, and one of which nothing came
// yet is expected in its full layer.
func (v *video) layer(height, ceiling int, now time.Duration, shown *upTrack) *upTrack {
	var all [layers.Count]layers.Layer
	for i, u := range v {
		last := u.last.Load()
		all[i] = layers.Layer{Live: last != 0 && now-time.Duration(last) < silenceAfter, Height: int(u.height.Load())}
	}
	if i, ok := layers.Choose(all, height, ceiling); ok {
		return v[i]
	}
	if shown != nil && shown.video == v {
		return shown
	}
	return v[layers.Full]
}

// upTrack is one layer of one source of one participant. packets is called by the transport's reading goroutine alone; the fields below are
// its own unless they are atomic.
type upTrack struct {
	transport Transport
	sockets   sockets
	source    int // index of uplinks
	index     int // the layer
	audio     bool
	video     *video             // the layer's video, nil for audio
	cache     *packetcache.Cache // video only

	subscribing sync.Mutex                   // held while downs is replaced
	downs       atomic.Pointer[[]*downTrack] // never changed in place
	last        atomic.Int64                 // monotonic time of the last packet, 0 = none
	height      atomic.Int32                 // of the picture in pixels, 0 = unknown
	audience    atomic.Uint32                // an Audience
	peak        atomic.Uint32                // loudest level since the last tick
	asked       atomic.Int64                 // monotonic time of the last PLI, 0 = never

	bucket bucket
	out    [maxBatch]Outgoing
}

// newVideo makes the layers of a video source.
func newVideo(source int) *video {
	v := &video{}
	for i := range v {
		v[i] = newUpTrack(source)
		v[i].index, v[i].video = i, v
	}
	return v
}

func newUpTrack(source int) *upTrack {
	u := &upTrack{source: source, audio: uplinks[source].audio}
	if u.audio {
		u.bucket = bucket{rate: audioRate, burst: audioBurst, level: audioBurst, least: audioLeast}
	} else {
		u.bucket = bucket{rate: videoRate, burst: videoBurst, level: videoBurst, least: videoLeast}
		u.cache = packetcache.New(packetcache.DefaultBytes)
	}
	u.downs.Store(new([]*downTrack))
	return u
}

// packets forwards a batch to every subscribed slot, to completion.
func (u *upTrack) packets(batch []Packet, now time.Duration) {
	downs := *u.downs.Load()
	if u.to() == Nobody {
		for _, d := range downs {
			d.interrupt(u)
		}
		return
	}
	batch = u.accept(batch, now)
	if len(batch) == 0 {
		return
	}
	u.last.Store(int64(now))
	if u.fanOut(downs, batch, now) {
		u.requestKeyframe(now)
	}
}

// fanOut writes a batch to all slots and reports whether one is waiting for a keyframe.
func (u *upTrack) fanOut(downs []*downTrack, batch []Packet, now time.Duration) (hungry bool) {
	if len(downs) > 1 {
		u.sockets.hold()
		defer u.sockets.release()
	}
	for _, d := range downs {
		hungry = d.forward(u, batch, u.out[:0], now) || hungry
	}
	return hungry
}

// to is who gets the packets.
func (u *upTrack) to() Audience { return Audience(u.audience.Load()) }

// reaches reports whether a receiver who is an organiser or not gets the packets.
func (u *upTrack) reaches(organiser *atomic.Bool) bool {
	switch u.to() {
	case Everyone:
		return true
	case Organisers:
		return organiser.Load()
	}
	return false
}

// accept inspects the packets, keeps them for NACKs and leaves out malformed ones and those beyond the rate limit, in place.
func (u *upTrack) accept(batch []Packet, now time.Duration) []Packet {
	kept := batch[:0]
	for i := range batch {
		p := &batch[i]
		if !u.bucket.take(len(p.Payload), now) || !p.inspect() || (p.Codec == Opus) != u.audio {
			continue
		}
		if p.height > 0 {
			u.height.Store(int32(p.height))
		}
		if u.audio {
			u.hear(p.Loudness)
		} else if len(p.Payload) > 0 {
			u.cache.Store(packetcache.Packet{SN: p.SN, TS: p.TS, Marker: p.Marker, Codec: uint8(p.Codec)}, p.Payload)
		}
		kept = append(kept, *p)
	}
	return kept
}

// hear remembers the loudest level until the room loop takes it.
func (u *upTrack) hear(loudness uint8) {
	for {
		old := u.peak.Load()
		if uint32(loudness) <= old || u.peak.CompareAndSwap(old, uint32(loudness)) {
			return
		}
	}
}

// requestKeyframe asks the source for a keyframe, at most once in keyframeInterval. Safe for concurrent use. Whoever is still
// waiting asks again with the next packet.
func (u *upTrack) requestKeyframe(now time.Duration) {
	last := u.asked.Load()
	if u.audio || u.to() == Nobody || last != 0 && now-time.Duration(last) < keyframeInterval {
		return
	}
	if u.asked.CompareAndSwap(last, int64(now)) {
		u.transport.RequestKeyframe(u.source, u.index)
	}
}

// subscribe and unsubscribe are safe for concurrent use.
func (u *upTrack) subscribe(d *downTrack) {
	u.subscribing.Lock()
	defer u.subscribing.Unlock()
	old := *u.downs.Load()
	next := make([]*downTrack, len(old), len(old)+1)
	copy(next, old)
	next = append(next, d)
	u.downs.Store(&next)
}

func (u *upTrack) unsubscribe(d *downTrack) {
	u.subscribing.Lock()
	defer u.subscribing.Unlock()
	old := *u.downs.Load()
	next := make([]*downTrack, 0, len(old))
	for _, other := range old {
		if other != d {
			next = append(next, other)
		}
	}
	u.downs.Store(&next)
}

// bucket is a token bucket in bytes.
type bucket struct {
	rate, burst, level int64
	least              int64 // of one packet
	at                 time.Duration
}

func (b *bucket) take(n int, now time.Duration) bool {
	if earned := int64(now-b.at) * b.rate / int64(time.Second); earned > 0 {
		b.level = min(b.level+earned, b.burst)
		b.at = now
	}
	cost := max(int64(n), b.least)
	if b.level < cost {
		return false
	}
	b.level -= cost
	return true
}
