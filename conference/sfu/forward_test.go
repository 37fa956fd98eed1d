package sfu

import (
	"encoding/binary"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/medienzentrenverbund/kreisraum/conference/layers"
)

// record is a Transport that keeps what is written.
type record struct {
	mu       sync.Mutex
	keep     bool
	count    int
	packets  map[int][]Outgoing
	plis     []int
	layers   []int
	noCodecs bool
}

func (r *record) WriteRTP(slot int, batch []Outgoing) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count += len(batch)
	if !r.keep {
		return
	}
	if r.packets == nil {
		r.packets = map[int][]Outgoing{}
	}
	for _, p := range batch {
		p.Payload = append([]byte(nil), p.Payload...)
		r.packets[slot] = append(r.packets[slot], p)
	}
}
func (r *record) WriteRTCP([]rtcp.Packet) {}
func (r *record) SSRC(slot int) uint32    { return uint32(1000 + slot) }
func (r *record) RequestKeyframe(source, layer int) {
	r.mu.Lock()
	r.plis, r.layers = append(r.plis, source), append(r.layers, layer)
	r.mu.Unlock()
}
func (r *record) Close() {}
func (r *record) PayloadType(_ int, c Codec) uint8 {
	if r.noCodecs {
		return 0
	}
	return 90 + uint8(c)
}

// openTrack is a track for everyone.
func openTrack(source int) *upTrack {
	u := newUpTrack(source)
	u.audience.Store(uint32(Everyone))
	return u
}

// openVideo is a video for everyone.
func openVideo(source int) *video {
	v := newVideo(source)
	for _, u := range v {
		u.audience.Store(uint32(Everyone))
	}
	return v
}

// source returns a camera whose packets go to slots of the given transports.
func source(from Transport, to ...Transport) *upTrack {
	u := openTrack(Camera.video())
	u.transport = from
	for _, t := range to {
		newDownTrack(t, 0, false).attach(u)
	}
	return u
}

// picture is the payload of a VP8 packet: 15-bit picture ID, TL0PICIDX, then the frame tag.
func picture(id uint16, tl0 byte, key bool) []byte {
	p := make([]byte, 1100)
	p[0], p[1], p[4] = 0x90, 0xc0, tl0
	binary.BigEndian.PutUint16(p[2:], 0x8000|id)
	if !key {
		p[5] = 1
	}
	return p
}

func TestEveryReceiverGetsItsOwnNumbers(t *testing.T) {
	var from record
	a, b := &record{keep: true}, &record{keep: true}
	u := source(&from, a, b)
	late := &record{keep: true}
	for i := range 4 {
		if i == 2 {
			newDownTrack(late, 0, false).attach(u)
		}
		u.packets([]Packet{{SN: uint16(65534 + i), TS: uint32(3600 * i), Marker: true, Codec: VP8, Payload: picture(uint16(7+i), byte(i), i%2 == 0)}}, time.Duration(i)*40*time.Millisecond)
	}
	for name, r := range map[string]*record{"a": a, "b": b, "late": late} {
		got := r.packets[0]
		want := 4
		if name == "late" {
			want = 2
		}
		if len(got) != want {
			t.Fatalf("%s got %d packets, want %d", name, len(got), want)
		}
		for i := 1; i < len(got); i++ {
			if got[i].SN != got[i-1].SN+1 || got[i].TS-got[i-1].TS != 3600 || got[i].PayloadType != 92 || !got[i].Marker {
				t.Errorf("%s: packet %d is %+v after %+v", name, i, got[i], got[i-1])
			}
			if id, last := binary.BigEndian.Uint16(got[i].Payload[2:]), binary.BigEndian.Uint16(got[i-1].Payload[2:]); id != last+1 {
				t.Errorf("%s: picture %x after %x", name, id, last)
			}
		}
	}
	if a.packets[0][0].SN == b.packets[0][0].SN && a.packets[0][0].TS == b.packets[0][0].TS {
		t.Error("two receivers have the same random beginning")
	}
}

func TestNothingBeforeAKeyframe(t *testing.T) {
	var from record
	to := &record{keep: true}
	u := source(&from, to)
	for i := range 20 {
		u.packets([]Packet{{SN: uint16(i), Codec: VP8, Payload: picture(1, 1, false)}}, time.Duration(i)*40*time.Millisecond)
	}
	if to.count != 0 {
		t.Errorf("%d delta packets were sent before a keyframe", to.count)
	}
	// 800 ms: asked at once and, since nothing came, again after keyframeInterval.
	if n := len(from.plis); n < 1 || n > 3 || from.plis[0] != Camera.video() {
		t.Errorf("asked %d times for a keyframe: %v", n, from.plis)
	}
}

func TestNackIsAnsweredWithTheSamePacket(t *testing.T) {
	var from record
	to := &record{keep: true}
	u := source(&from)
	d := newDownTrack(to, 0, false)
	d.attach(u)
	for i := range 10 {
		u.packets([]Packet{{SN: uint16(100 + i), TS: uint32(i * 3600), Codec: VP8, Payload: picture(uint16(i), byte(i), i == 0)}}, 0)
	}
	lost := to.packets[0][4]
	d.feedback([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: 1000, Nacks: []rtcp.NackPair{{PacketID: lost.SN}}}})
	d.feedback([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: 4711, Nacks: []rtcp.NackPair{{PacketID: lost.SN}}}}) // another stream
	if got := to.packets[0]; len(got) != 11 {
		t.Fatalf("%d packets, want one retransmission", len(got)-10)
	}
	again := to.packets[0][10]
	if again.SN != lost.SN || again.TS != lost.TS || again.PayloadType != lost.PayloadType || string(again.Payload) != string(lost.Payload) {
		t.Errorf("retransmitted %d/%d, was %d/%d", again.SN, again.TS, lost.SN, lost.TS)
	}
}

func TestNacksCannotAmplify(t *testing.T) {
	var from record
	to := &record{}
	u := source(&from)
	d := newDownTrack(to, 0, false)
	d.attach(u)
	for i := range 50 {
		u.packets([]Packet{{SN: uint16(i), Codec: VP8, Payload: picture(uint16(i), 0, i == 0)}}, 0)
	}
	first := d.rewriter
	for range 100 {
		for i := range 50 {
			m, _ := first.Rewrite(uint16(i), 0, 0)
			d.feedback([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: 1000, Nacks: []rtcp.NackPair{{PacketID: m.SN}}}})
		}
	}
	if to.count > 100 {
		t.Errorf("%d packets were sent for 50", to.count)
	}
}

func TestPaddingLeavesNoGap(t *testing.T) {
	var from record
	to := &record{keep: true}
	u := source(&from, to)
	u.packets([]Packet{
		{SN: 1, Codec: VP8, Payload: picture(1, 1, true)},
		{SN: 2, Codec: VP8},
		{SN: 3, Codec: VP8},
		{SN: 4, Codec: VP8, Payload: picture(2, 2, false)},
	}, 0)
	got := to.packets[0]
	if len(got) != 2 || got[1].SN != got[0].SN+1 {
		t.Errorf("got %d packets: %+v", len(got), got)
	}
}

func TestASourceThatIsNotAllowedIsDropped(t *testing.T) {
	var from record
	to := &record{keep: true}
	u := source(&from, to)
	give := func(sn uint16, key bool) {
		u.packets([]Packet{{SN: sn, Codec: VP8, Payload: picture(sn, 0, key)}}, time.Duration(sn)*time.Second)
	}
	give(1, true)
	u.audience.Store(uint32(Nobody))
	give(2, true)
	give(3, false)
	u.audience.Store(uint32(Everyone))
	give(4, false)
	give(5, true)
	got := to.packets[0]
	if len(got) != 2 || got[1].SN != got[0].SN+1 {
		t.Errorf("got %d packets, want the first and the keyframe after the pause, without a gap", len(got))
	}
}

// Organisers alone see it: neither a packet nor a retransmission reaches anybody else, and a receiver who may see it again begins with a
// keyframe and without a gap.
func TestAnAudienceOfOrganisers(t *testing.T) {
	var from record
	teacher, pupil := &record{keep: true}, &record{keep: true}
	u := openTrack(Camera.video())
	u.transport = &from
	toTeacher, toPupil := newDownTrack(teacher, 0, false), newDownTrack(pupil, 0, false)
	toTeacher.organiser.Store(true)
	toTeacher.attach(u)
	toPupil.attach(u)
	give := func(sn uint16, key bool) {
		u.packets([]Packet{{SN: sn, TS: uint32(sn) * 3000, Codec: VP8, Payload: picture(sn, 0, key)}}, time.Duration(sn)*time.Second)
	}
	give(1, true)
	give(2, false)
	u.audience.Store(uint32(Organisers))
	give(3, true)
	give(4, false)
	if a, b := len(teacher.packets[0]), len(pupil.packets[0]); a != 4 || b != 2 {
		t.Fatalf("organiser got %d packets and the other %d, want 4 and 2", a, b)
	}
	last := pupil.packets[0][1].SN
	ask := []rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: 1000, Nacks: []rtcp.NackPair{{PacketID: last - 1, LostPackets: 0xff}}}}
	toPupil.feedback(ask)
	if n := len(pupil.packets[0]); n != 2 {
		t.Fatalf("%d packets were sent again to somebody they are not for", n-2)
	}
	before := len(from.plis)
	u.audience.Store(uint32(Everyone))
	give(5, false)
	give(6, true)
	give(7, false)
	got := pupil.packets[0]
	if len(got) != 4 || got[2].SN != last+1 || got[3].SN != last+2 {
		t.Fatalf("after the pause: %d packets %+v, want two more without a gap", len(got), got)
	}
	if len(from.plis) == before {
		t.Error("nobody asked for a keyframe")
	}
	toPupil.feedback(ask)
	for _, p := range pupil.packets[0][4:] {
		if p.SN == last || p.SN == last-1 {
			t.Error("a number from before the pause was sent again")
		}
	}
	toTeacher.organiser.Store(false)
	u.audience.Store(uint32(Organisers))
	give(8, true)
	if n := len(teacher.packets[0]); n != 7 {
		t.Errorf("one who is no organiser any more has %d packets, want 7", n)
	}
}

func TestASourceCannotFlood(t *testing.T) {
	var from record
	to := &record{}
	u := source(&from, to)
	for i := range 10_000 { // 11 MB in no time
		u.packets([]Packet{{SN: uint16(i), Codec: VP8, Payload: picture(0, 0, true)}}, time.Millisecond)
	}
	if limit := videoBurst/1100 + 10; to.count > limit {
		t.Errorf("%d packets passed, want at most %d", to.count, limit)
	}
}

func TestASourceCannotFloodWithSmallPackets(t *testing.T) {
	var from record
	video, audio := &record{}, &record{}
	camera, microphone := source(&from, video), openTrack(voice)
	microphone.transport = &from
	newDownTrack(audio, 0, true).attach(microphone)
	for i := range 10_000 { // within a second
		now := time.Duration(i) * 100 * time.Microsecond
		camera.packets([]Packet{{SN: uint16(i), Codec: VP8, Payload: picture(0, 0, true)[:12]}}, now)
		camera.packets([]Packet{{SN: uint16(i), Codec: VP8}}, now) // padding
		microphone.packets([]Packet{{SN: uint16(i), Codec: Opus, Payload: []byte{1}}}, now)
	}
	if limit := (videoBurst + videoRate) / videoLeast; video.count > limit || video.count == 0 {
		t.Errorf("%d small video packets passed, want at most %d", video.count, limit)
	}
	if limit := (audioBurst + audioRate) / audioLeast; audio.count > limit || audio.count == 0 {
		t.Errorf("%d small audio packets passed, want at most %d", audio.count, limit)
	}
}

func TestAReceiverCannotAskForever(t *testing.T) {
	var from record
	to := &record{}
	u := openTrack(Camera.video())
	u.transport = &from
	d := newDownTrack(to, 0, false)
	d.attach(u)
	for i := range 100 {
		u.packets([]Packet{{SN: uint16(i), Codec: VP8, Payload: picture(0, 0, i == 0)}}, time.Duration(i)*time.Millisecond)
	}
	all := make([]rtcp.NackPair, 360) // what fits one packet
	for i := range all {
		all[i] = rtcp.NackPair{PacketID: uint16(17*i) + 20_000, LostPackets: 0xffff}
	}
	d.mu.Lock()
	before := d.looks
	d.mu.Unlock()
	if before == 0 || before > 100*looksPerPacket {
		t.Fatalf("%d packets may be asked for", before)
	}
	for range 10 {
		d.retransmit(all)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.looks != 0 && d.credit != 0 { // where some of them were found, what may be sent again ended first
		t.Errorf("%d packets may still be asked for after 60,000 were", d.looks)
	}
}

func TestAReceiverWithoutTheCodecGetsNothing(t *testing.T) {
	var from record
	to := &record{noCodecs: true}
	u := source(&from, to)
	u.packets([]Packet{{SN: 1, Codec: H264, Payload: []byte{nalSPS, 1}}}, 0)
	u.packets([]Packet{{SN: 2, Codec: NoCodec, Payload: []byte{1}}, {SN: 3, Codec: Opus, Payload: []byte{1}}}, 0)
	if to.count != 0 {
		t.Errorf("%d packets were sent", to.count)
	}
}

func TestH264Keyframe(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		want bool
	}{
		"parameter set":               {[]byte{0x67, 1, 2}, true},
		"IDR without parameter set":   {[]byte{0x65, 1, 2}, false},
		"delta":                       {[]byte{0x61, 1, 2}, false},
		"aggregate with one":          {[]byte{0x78, 0, 2, 0x67, 1, 0, 1, 0x68}, true},
		"aggregate, second":           {[]byte{0x78, 0, 1, 0x06, 0, 2, 0x67, 1}, true},
		"aggregate without":           {[]byte{0x78, 0, 1, 0x06, 0, 1, 0x68}, false},
		"aggregate with wrong size":   {[]byte{0x78, 0xff, 0xff, 0x06}, false},
		"aggregate of nothing":        {[]byte{0x78}, false},
		"fragment, start":             {[]byte{0x7c, 0x87, 1}, true},
		"fragment, middle":            {[]byte{0x7c, 0x07, 1}, false},
		"fragment cut in its header":  {[]byte{0x7c}, false},
		"aggregate with a zero entry": {[]byte{0x78, 0, 0, 0x06, 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := h264Keyframe(c.in); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

// What comes from the network never makes the inspection read beyond it.
func FuzzInspect(f *testing.F) {
	f.Add(uint8(VP8), picture(1, 1, true))
	f.Add(uint8(H264), []byte{0x78, 0, 2, 0x67, 1, 0, 1, 0x68})
	f.Add(uint8(Opus), []byte{0xf8})
	f.Fuzz(func(t *testing.T, codec uint8, payload []byte) {
		p := Packet{Codec: Codec(codec % uint8(codecs)), Payload: payload}
		if p.inspect() && p.vp8.Size > len(payload) {
			t.Fatalf("a descriptor of %d bytes in %d", p.vp8.Size, len(payload))
		}
	})
}

// The path of a packet through our own code allocates nothing, whatever the number of receivers.
func TestForwardingDoesNotAllocate(t *testing.T) {
	for name, codec := range map[string]Codec{"VP8": VP8, "Opus": Opus, "VP8 for organisers": VP8} {
		t.Run(name, func(t *testing.T) {
			u, to := openTrack(Camera.video()), &record{}
			if codec == Opus {
				u = openTrack(voice)
			}
			u.transport = &record{}
			organisers := 70
			if strings.HasSuffix(name, "organisers") {
				organisers = 3
				u.audience.Store(uint32(Organisers))
			}
			for i := range 70 {
				d := newDownTrack(to, i, codec == Opus)
				d.organiser.Store(i < organisers)
				d.attach(u)
			}
			payload, batch, n := picture(1, 1, true), make([]Packet, 1), 0
			forward := func() {
				n++
				batch[0] = Packet{SN: uint16(n), TS: uint32(n), Codec: codec, Payload: payload, Loudness: 80}
				u.packets(batch, time.Duration(n)*20*time.Millisecond)
			}
			forward()
			if got := testing.AllocsPerRun(200, forward); got != 0 {
				t.Errorf("a packet to 70 receivers allocates %v times", got)
			}
			if to.count != n*organisers {
				t.Errorf("%d packets for %d of 70 receivers went out %d times", n, organisers, to.count)
			}
		})
	}
}

func BenchmarkForward(b *testing.B) {
	u, to := openTrack(Camera.video()), &record{}
	u.transport = &record{}
	for i := range 70 {
		newDownTrack(to, i, false).attach(u)
	}
	payload, batch := picture(1, 1, true), make([]Packet, 1)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		batch[0] = Packet{SN: uint16(n), TS: uint32(n), Codec: VP8, Payload: payload}
		u.packets(batch, time.Duration(n)*time.Millisecond)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/70, "ns/receiver")
}

// sized is a VP8 keyframe of a height.
func sized(id uint16, height int) []byte {
	p := picture(id, 0, true)
	p[5+8], p[5+9] = byte(height), byte(height>>8)
	return p
}

func TestAnotherLayerTakesOverWithItsKeyframe(t *testing.T) {
	var from record
	v := openVideo(Camera.video())
	for _, u := range v {
		u.transport = &from
	}
	to := &record{keep: true}
	d := newDownTrack(to, 0, false)
	sn := [layers.Count]uint16{100, 30000, 65000}
	give := func(layer int, key bool) {
		p := picture(sn[layer], 0, false)
		if key {
			p = sized(sn[layer], 180<<layer)
		}
		v[layer].packets([]Packet{{SN: sn[layer], TS: uint32(sn[layer]) * 3000, Codec: VP8, Payload: p}}, time.Duration(sn[layer]))
		sn[layer]++
	}
	d.show(v[layers.Quarter])
	give(layers.Quarter, true)
	give(layers.Quarter, false)
	d.show(v[layers.Full])
	give(layers.Quarter, false) // goes on
	give(layers.Full, false)    // not yet
	give(layers.Quarter, false)
	give(layers.Full, true) // takes over
	give(layers.Quarter, true)
	give(layers.Full, false)
	if n := len(to.packets[0]); n != 6 {
		t.Fatalf("%d packets went out, want 4 of the small and 2 of the full layer", n)
	}
	for i := 1; i < 6; i++ {
		a, b := to.packets[0][i-1], to.packets[0][i]
		if b.SN != a.SN+1 || int32(b.TS-a.TS) <= 0 {
			t.Errorf("packet %d: %d/%d after %d/%d", i, b.SN, b.TS, a.SN, a.TS)
		}
	}
	if h := v[layers.Full].height.Load(); h != 720 {
		t.Errorf("the full layer is %d high, want 720", h)
	}
	if subscribed := len(*v[layers.Quarter].downs.Load()) + len(*v[layers.Full].downs.Load()); subscribed != 1 {
		t.Errorf("the slot hangs on %d layers", subscribed)
	}
	// A change of mind before the keyframe.
	d.show(v[layers.Half])
	d.show(v[layers.Full])
	give(layers.Half, true)
	if n := len(to.packets[0]); n != 6 {
		t.Error("a layer nobody wants any more took over")
	}
	d.show(nil)
	for i, u := range v {
		if len(*u.downs.Load()) != 0 {
			t.Errorf("an empty slot hangs on layer %d", i)
		}
	}
	if asked := from.layers; len(asked) < 3 || asked[0] != layers.Quarter || asked[1] != layers.Full {
		t.Errorf("asked layers %v for keyframes", asked)
	}
}

func TestALayerThatStopsIsLeft(t *testing.T) {
	v := openVideo(Camera.video())
	for i, u := range v {
		u.transport = &record{}
		u.packets([]Packet{{SN: 1, Codec: VP8, Payload: sized(1, 180<<i)}}, time.Second)
	}
	if got := v.layer(720, layers.Full, time.Second, nil); got != v[layers.Full] {
		t.Error("a large picture does not get the full layer")
	}
	if got := v.layer(180, layers.Full, time.Second, nil); got != v[layers.Quarter] {
		t.Error("a tile does not get the small layer")
	}
	now := time.Second + silenceAfter
	v[layers.Half].packets([]Packet{{SN: 2, Codec: VP8, Payload: picture(2, 0, false)}}, now)
	if got := v.layer(720, layers.Full, now, nil); got != v[layers.Half] {
		t.Error("a layer that went silent is still chosen")
	}
	if got := v.layer(720, layers.Full, now+silenceAfter, v[layers.Quarter]); got != v[layers.Quarter] {
		t.Error("a paused video changes its layer")
	}
	if got := newVideo(1).layer(180, layers.Full, now, v[layers.Half]); got.index != layers.Full {
		t.Error("a video nothing came of is not expected in its full layer")
	}
}
