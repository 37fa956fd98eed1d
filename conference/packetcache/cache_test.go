package packetcache

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

func payload(sn uint16, n int) []byte {
	b := bytes.Repeat([]byte{byte(sn)}, n)
	if n > 1 {
		b[0], b[1] = byte(sn>>8), byte(sn)
	}
	return b
}

func TestLoadReturnsWhatWasStored(t *testing.T) {
	c := New(10_000)
	c.Store(Packet{SN: 65535, TS: 1, Marker: true, Codec: 7}, payload(65535, 900))
	c.Store(Packet{SN: 0, TS: 2}, payload(0, 1100))
	buf := make([]byte, 1500)
	p, n, ok := c.Load(65535, buf)
	if !ok || p != (Packet{SN: 65535, TS: 1, Marker: true, Codec: 7}) || !bytes.Equal(buf[:n], payload(65535, 900)) {
		t.Fatalf("Load(65535) = %+v, %d bytes, %v", p, n, ok)
	}
	if _, _, ok := c.Load(1, buf); ok {
		t.Error("a packet never stored was found")
	}
	if _, _, ok := c.Load(65535-entries, buf); ok {
		t.Error("a packet with the same index but another number was found")
	}
	if _, _, ok := c.Load(0, buf[:100]); ok {
		t.Error("a packet larger than the buffer was returned")
	}
}

func TestEmptyCacheFindsNothing(t *testing.T) {
	if _, _, ok := New(1000).Load(0, make([]byte, 10)); ok {
		t.Error("an empty cache found packet 0")
	}
}

func TestTooLargePayloadIsNotKept(t *testing.T) {
	c := New(100)
	c.Store(Packet{SN: 1}, make([]byte, 101))
	if _, _, ok := c.Load(1, make([]byte, 200)); ok {
		t.Error("a payload larger than the ring was kept")
	}
}

// A found packet is always intact, and the newest packets that fit half of the ring are always found.
func TestRing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const size = 8000
		c := New(size)
		buf := make([]byte, 1500)
		sn := rapid.Uint16().Draw(t, "first")
		var lengths []int
		for _, n := range rapid.SliceOfN(rapid.IntRange(0, 1400), 1, 200).Draw(t, "lengths") {
			c.Store(Packet{SN: sn, TS: uint32(sn)}, payload(sn, n))
			lengths = append(lengths, n)
			sn++
		}
		total := 0
		for i := len(lengths) - 1; i >= 0; i-- {
			want := sn - uint16(len(lengths)-i)
			total += lengths[i]
			p, n, ok := c.Load(want, buf)
			if ok && (p.SN != want || !bytes.Equal(buf[:n], payload(want, lengths[i]))) {
				t.Fatalf("packet %d came back changed", want)
			}
			if !ok && total < size/2 {
				t.Fatalf("packet %d is lost although only %d bytes are newer", want, total)
			}
		}
	})
}

func TestStoreAndLoadDoNotAllocate(t *testing.T) {
	c := New(DefaultBytes)
	p, buf, sn := make([]byte, 1100), make([]byte, 1500), uint16(0)
	c.Store(Packet{}, p)
	if got := testing.AllocsPerRun(1000, func() { sn++; c.Store(Packet{SN: sn}, p); c.Load(sn, buf) }); got != 0 {
		t.Errorf("Store and Load allocate %v times", got)
	}
}
