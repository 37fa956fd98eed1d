package client

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestStreamCountsLossAndDuplicates(t *testing.T) {
	for name, c := range map[string]struct {
		sns            []uint16
		packets, lost  int
		expectedLatest uint32
	}{
		"none lost":            {[]uint16{1, 2, 3}, 3, 0, 3},
		"one lost":             {[]uint16{1, 3}, 2, 1, 3},
		"late, not lost":       {[]uint16{1, 3, 2}, 3, 0, 2},
		"late before the head": {[]uint16{2, 1, 3}, 3, 0, 3},
		"a duplicate":          {[]uint16{1, 1, 2}, 2, 0, 2},
		"a wrap":               {[]uint16{65534, 65535, 0, 2}, 4, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var s Stream
			now := time.Unix(0, 0)
			for _, sn := range c.sns {
				s.add(sn, uint32(sn), nil, now)
			}
			if s.Packets != c.packets || s.Lost() != c.lost || s.TS != c.expectedLatest {
				t.Errorf("%d packets, %d lost, TS %d; want %d, %d, %d", s.Packets, s.Lost(), s.TS, c.packets, c.lost, c.expectedLatest)
			}
		})
	}
}

// However packets are lost, doubled and shuffled in small bounds, the numbers are those of a plain set.
func TestStreamAgainstASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Stream
		first := rapid.Uint16().Draw(t, "first")
		seen := map[int]bool{}
		high, low := 0, 0
		for i, step := range rapid.SliceOfN(rapid.IntRange(-20, 30), 1, 300).Draw(t, "steps") {
			n := 0
			if i > 0 {
				n = high + step
			}
			s.add(first+uint16(n), 0, nil, time.Time{})
			seen[n] = true
			high, low = max(high, n), min(low, n)
		}
		if s.Packets != len(seen) || s.Expected != high-low+1 {
			t.Fatalf("%d packets of %d, want %d of %d", s.Packets, s.Expected, len(seen), high-low+1)
		}
	})
}
