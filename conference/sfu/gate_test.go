package sfu

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

// check is an ICE check for a ufrag, as far as the gate looks.
func check(username string) []byte {
	p := make([]byte, stunHeader)
	p[1] = 1 // binding request
	binary.BigEndian.PutUint32(p[4:], stunCookie)
	p = append(p, 0x80, 0x2a, 0, 3, 1, 2, 3, 0) // an attribute before, padded
	p = binary.BigEndian.AppendUint16(p, stunUsername)
	p = binary.BigEndian.AppendUint16(p, uint16(len(username)))
	p = append(p, username...)
	return append(p, make([]byte, (4-len(username)%4)%4)...)
}

func address(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i >> 16)}), uint16(i))
}

func TestGateBoundsOneAddress(t *testing.T) {
	g := newGate()
	passed := 0
	for i := range 100_000 { // within a second
		if g.pass([]byte{0x80, 96}, address(1), time.Duration(i)*10*time.Microsecond) {
			passed++
		}
	}
	if passed > addressBurst+addressRate || passed < addressRate {
		t.Errorf("%d packets passed", passed)
	}
	if !g.pass([]byte{0x80, 96}, address(2), time.Second) {
		t.Error("another address has to suffer")
	}
	if !g.pass([]byte{0x80, 96}, address(1), 3*time.Second) {
		t.Error("the address is never forgiven")
	}
}

func TestGateBoundsTheChecksOfOneParticipant(t *testing.T) {
	g := newGate()
	passed := 0
	for i := range 20_000 { // from as many addresses as it likes, within a second
		if g.pass(check("abcd:efgh"), address(i), time.Duration(i)*50*time.Microsecond) {
			passed++
		}
	}
	if passed > checkBurst+checkRate || passed < checkRate {
		t.Errorf("%d checks passed", passed)
	}
	if !g.pass(check("ijkl:efgh"), address(1), time.Second) {
		t.Error("another participant has to suffer")
	}
}

func TestGateIsNotFilledByGarbage(t *testing.T) {
	g := newGate()
	passed := 0
	for i := range 500_000 { // in half a second
		now := time.Duration(i) * time.Microsecond
		g.pass(check(string(binary.BigEndian.AppendUint32(nil, uint32(i)))+":x"), address(i), now)
		if i%10_000 == 0 && g.pass(check("abcd:efgh"), address(0), now) && g.pass([]byte{0x80, 96}, address(0), now) {
			passed++
		}
	}
	if passed < 50 {
		t.Errorf("%d of 50 honest packets passed", passed)
	}
}

func TestCheckedUfrag(t *testing.T) {
	long := check("abcd:efgh")
	for name, tt := range map[string]struct {
		packet []byte
		want   string
	}{
		"check":            {check("abcd:efgh"), "abcd"},
		"without a colon":  {check("abcd"), "abcd"},
		"cut":              {long[:len(long)-4], ""},
		"without username": {long[:stunHeader+8], ""},
		"other cookie":     {append([]byte{0, 1, 0, 0, 1, 1, 1, 1}, long[8:]...), ""},
		"RTP":              {[]byte{0x80, 96, 0, 0}, ""},
		"nothing":          {nil, ""},
	} {
		if got := string(checkedUfrag(tt.packet)); got != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// FuzzCheckedUfrag: whatever comes from the network, nothing beyond it is read.
func FuzzCheckedUfrag(f *testing.F) {
	f.Add(check("abcd:efgh"))
	f.Add([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 12: 0, 19: 0, 20: 0, 6, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, p []byte) {
		if u := checkedUfrag(p); len(u) > len(p) {
			t.Fatal("longer than the packet")
		}
	})
}

func BenchmarkGate(b *testing.B) {
	g, p, from := newGate(), []byte{0x80, 96}, address(1)
	for i := range b.N {
		g.pass(p, from, time.Duration(i)*time.Millisecond)
	}
}
