package rewrite

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

type sent struct {
	in, out uint16
	ts      uint32
	source  int
}

// world plays sources with loss, reordering, duplicates and padding into a Rewriter.
type world struct {
	t       *rapid.T
	r       Rewriter
	now     time.Duration
	source  int
	sn      uint16
	ts      uint32
	out     []sent
	dropped map[uint16]bool // of the present source
}

func (w *world) switchSource() {
	w.source++
	w.sn = rapid.Uint16().Draw(w.t, "sn")
	w.ts = rapid.Uint32().Draw(w.t, "ts")
	w.dropped = map[uint16]bool{}
	w.r.Switch()
}

func (w *world) give(sn uint16, ts uint32) {
	w.now += time.Millisecond
	if m, ok := w.r.Rewrite(sn, ts, w.now); ok {
		w.out = append(w.out, sent{sn, m.SN, m.TS, w.source})
	}
}

// With packets in order and nothing lost, what goes out is contiguous whatever is switched or dropped, and time never goes back.
func TestOutgoingNumbersAreContiguous(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, r: New(90000, rapid.Uint16().Draw(t, "first"), rapid.Uint32().Draw(t, "firstTS"))}
		w.switchSource()
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"packet", "packet", "packet", "padding", "frame", "switch", "pause"}).Draw(t, "step") {
			case "packet":
				w.give(w.sn, w.ts)
				w.sn++
			case "padding":
				if !w.r.Drop(w.sn) {
					t.Fatal("padding in order was not dropped")
				}
				w.sn++
			case "frame":
				w.ts += 3600
			case "switch":
				w.switchSource()
			case "pause":
				w.now += time.Duration(rapid.IntRange(0, 3600_000).Draw(t, "ms")) * time.Millisecond
			}
		}
		for i := 1; i < len(w.out); i++ {
			a, b := w.out[i-1], w.out[i]
			if b.out != a.out+1 {
				t.Fatalf("packet %d: SN %d after %d", i, b.out, a.out)
			}
			if step := int32(b.ts - a.ts); step < 0 || step == 0 && a.source != b.source {
				t.Fatalf("packet %d: TS %d after %d", i, b.ts, a.ts)
			}
		}
	})
}

// With loss, reordering and duplicates, no number is used for two different packets, what is lost keeps its number, and every
// number leads back to its packet.
func TestLostPacketsKeepTheirPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, r: New(90000, rapid.Uint16().Draw(t, "first"), 0)}
		w.switchSource()
		var late []uint16
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"packet", "packet", "packet", "late", "lost", "again", "padding", "switch"}).Draw(t, "step") {
			case "packet":
				w.give(w.sn, w.ts)
				w.sn++
			case "late": // this one comes at some later step
				late = append(late, w.sn)
				w.sn++
			case "lost":
				w.sn++
			case "again":
				if len(late) > 0 {
					w.give(late[0], w.ts)
					late = late[1:]
				} else if len(w.out) > 0 && w.out[len(w.out)-1].source == w.source {
					w.give(w.out[len(w.out)-1].in, w.ts)
				}
			case "padding":
				if w.r.Drop(w.sn) {
					w.dropped[w.sn] = true
				}
				w.sn++
			case "switch":
				w.switchSource()
				late = nil
			}
		}
		used := map[uint16]sent{}
		for _, s := range w.out {
			if old, ok := used[s.out]; ok && (old.in != s.in || old.source != s.source) {
				t.Fatalf("SN %d went out for %+v and for %+v", s.out, old, s)
			}
			used[s.out] = s
			if s.source == w.source {
				if in, ok := w.r.Original(s.out); ok && in != s.in {
					t.Fatalf("SN %d leads to %d, was %d", s.out, in, s.in)
				}
			} else if in, ok := w.r.Original(s.out); ok && w.r.bound && w.r.out >= 0 && in == s.in && used[s.out].source != w.source {
				// A number of an earlier source must not be answered from the present one.
				t.Fatalf("SN %d of an earlier source leads to %d of the present one", s.out, in)
			}
		}
	})
}

func TestGapStaysForRetransmission(t *testing.T) {
	r := New(90000, 100, 0)
	for _, sn := range []uint16{10, 11, 14} {
		r.Rewrite(sn, 0, 0)
	}
	if in, ok := r.Original(102); !ok || in != 12 {
		t.Errorf("SN 102 leads to %d, %v; want 12", in, ok)
	}
	if m, ok := r.Rewrite(13, 0, 0); !ok || m.SN != 103 {
		t.Errorf("a late packet went out as %d, %v; want 103", m.SN, ok)
	}
	if _, ok := r.Original(105); ok {
		t.Error("a number not sent yet was found")
	}
}

func TestOlderThanTheSwitchIsDropped(t *testing.T) {
	r := New(90000, 100, 0)
	r.Rewrite(10, 0, 0)
	r.Switch()
	r.Rewrite(500, 0, 0)
	if m, ok := r.Rewrite(499, 0, 0); ok {
		t.Errorf("a packet older than the switch went out as %d", m.SN)
	}
	if _, ok := r.Original(100); ok {
		t.Error("a packet of the earlier source can be asked for")
	}
}

func TestARestartedSourceLeavesNoGap(t *testing.T) {
	r := New(90000, 100, 0)
	r.Rewrite(10, 1000, 0)
	m, ok := r.Rewrite(10+restart+1, 5, time.Second)
	if !ok || !m.First || m.SN != 101 || m.TS != 90000 {
		t.Errorf("got %+v, %v", m, ok)
	}
}

func TestPaddingAfterLaterPacketsIsSentOn(t *testing.T) {
	r := New(90000, 100, 0)
	r.Rewrite(10, 0, 0)
	r.Rewrite(12, 0, 0)
	if r.Drop(11) {
		t.Error("a number that receivers already miss was dropped")
	}
	if m, ok := r.Rewrite(11, 0, 0); !ok || m.SN != 101 {
		t.Errorf("went out as %d, %v; want 101", m.SN, ok)
	}
}

func TestTimestampGoesOnWithTheClock(t *testing.T) {
	r := New(48000, 0, 7)
	first, _ := r.Rewrite(1, 1_000_000, 0)
	r.Switch()
	second, _ := r.Rewrite(900, 42, 500*time.Millisecond)
	if got := second.TS - first.TS; got != 24000 {
		t.Errorf("after half a second TS grew by %d, want 24000", got)
	}
	if ts, ok := r.Clock(750 * time.Millisecond); !ok || ts != second.TS+12000 {
		t.Errorf("the clock says %d, %v; want %d", ts, ok, second.TS+12000)
	}
}

func TestRewriteDoesNotAllocate(t *testing.T) {
	r, sn := New(90000, 0, 0), uint16(0)
	if got := testing.AllocsPerRun(1000, func() {
		sn++
		r.Rewrite(sn, 0, 0)
		r.Drop(sn + 1)
		r.Original(sn)
		sn++
	}); got != 0 {
		t.Errorf("allocates %v times", got)
	}
}
