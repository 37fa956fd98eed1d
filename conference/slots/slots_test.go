package slots

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestAssign(t *testing.T) {
	for name, c := range map[string]struct{ have, want, next []string }{
		"empty slots fill in order":       {[]string{"", "", ""}, []string{"a", "b"}, []string{"a", "b", ""}},
		"who is wanted stays":             {[]string{"a", "b", "c"}, []string{"c", "a"}, []string{"a", "", "c"}},
		"the unwanted makes room":         {[]string{"a", "b"}, []string{"b", "c"}, []string{"c", "b"}},
		"most important first":            {[]string{"", ""}, []string{"x", "y", "z"}, []string{"x", "y"}},
		"the less important loses":        {[]string{"a", "b"}, []string{"c", "b", "a"}, []string{"c", "b"}},
		"twice wanted counts once":        {[]string{"", ""}, []string{"a", "a", "b"}, []string{"a", "b"}},
		"the zero value is never wanted":  {[]string{"", ""}, []string{"", "b"}, []string{"b", ""}},
		"a source in two slots loses one": {[]string{"a", "a"}, []string{"a"}, []string{"a", ""}},
		"no slots":                        {nil, []string{"a"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Assign(c.have, c.want); !slices.Equal(got, c.next) {
				t.Errorf("got %q, want %q", got, c.next)
			}
		})
	}
}

func TestAssignProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		have := make([]int, rapid.IntRange(0, 8).Draw(t, "slots"))
		for range rapid.IntRange(1, 10).Draw(t, "changes") {
			want := rapid.SliceOfN(rapid.IntRange(0, 12), 0, 14).Draw(t, "want")
			next := Assign(have, want)
			var first []int // the distinct ones that must have a slot
			for _, k := range want {
				if k != 0 && !slices.Contains(first, k) && len(first) < len(have) {
					first = append(first, k)
				}
			}
			for i, k := range next {
				if k != 0 && !slices.Contains(first, k) {
					t.Fatalf("%d has a slot without need: %v for %v", k, next, want)
				}
				if k != 0 && slices.Index(next, k) != i {
					t.Fatalf("%d is in two slots: %v", k, next)
				}
				if old := have[i]; old != 0 && slices.Contains(first, old) && next[i] != old {
					t.Fatalf("%d was moved from slot %d: %v to %v", old, i, have, next)
				}
			}
			for _, k := range first {
				if !slices.Contains(next, k) {
					t.Fatalf("%d has no slot: %v for %v", k, next, want)
				}
			}
			if again := Assign(next, want); !slices.Equal(again, next) {
				t.Fatalf("the same want moves slots: %v to %v", next, again)
			}
			have = next
		}
	})
}

func TestLoudestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 5).Draw(t, "slots")
		var heard []int
		for range rapid.IntRange(1, 8).Draw(t, "ticks") {
			var all []Loud[int]
			level := map[int]float64{}
			for _, id := range rapid.SliceOfDistinct(rapid.IntRange(1, 9), rapid.ID).Draw(t, "inside") {
				level[id] = rapid.Float64Range(0, 127).Draw(t, "loudness")
				all = append(all, Loud[int]{id, level[id]})
			}
			next := Loudest(heard, all, n)
			if len(next) != min(n, len(all)) {
				t.Fatalf("%d of %d are heard with %d slots", len(next), len(all), n)
			}
			if again := Loudest(next, all, n); !same(again, next) {
				t.Fatalf("equally loud sources take turns: %v to %v", next, again)
			}
			for id, l := range level {
				if slices.Contains(next, id) {
					continue
				}
				for _, in := range next {
					if l > level[in]+Margin {
						t.Fatalf("%d (%v) is not heard though louder than %d (%v)", id, l, in, level[in])
					}
				}
			}
			for _, was := range heard {
				if _, inside := level[was]; !inside || slices.Contains(next, was) {
					continue
				}
				for _, in := range next {
					if !slices.Contains(heard, in) && level[in] <= level[was]+Margin && free(heard, level, n) == 0 {
						t.Fatalf("%d (%v) lost its place to %d (%v)", was, level[was], in, level[in])
					}
				}
			}
			heard = next
		}
	})
}

// free is how many slots nobody who is still inside holds.
func free(heard []int, level map[int]float64, n int) int {
	held := 0
	for _, id := range heard {
		if _, ok := level[id]; ok {
			held++
		}
	}
	return n - held
}

func same(a, b []int) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func TestMeterNoticesSpeechAndBridgesPauses(t *testing.T) {
	var m Meter
	ticks := func(n int, peak uint8) {
		for range n {
			m.Tick(peak)
		}
	}
	ticks(20, 60)
	if m.Speaking() {
		t.Error("a noisy room (-67 dBov) counts as speech")
	}
	ticks(2, 97)
	if !m.Speaking() {
		t.Error("speech at -30 dBov is not noticed within 200 ms")
	}
	ticks(20, 97)
	ticks(4, 50)
	if !m.Speaking() {
		t.Error("a pause of 400 ms ends speech")
	}
	ticks(20, 0)
	if m.Speaking() {
		t.Error("silence of 2 s does not end speech")
	}
	ticks(100, 0)
	if m.Loudness() > 1 {
		t.Errorf("loudness after 12 s of silence is %v", m.Loudness())
	}
}

func TestOrder(t *testing.T) {
	for name, c := range map[string]struct {
		before   []string
		speaking []Loud[string]
		want     []string
	}{
		"nobody":              {[]string{"a"}, nil, []string{}},
		"new ones by arrival": {nil, []Loud[string]{{"a", 80}, {"b", 82}}, []string{"a", "b"}},
		"clearly louder":      {nil, []Loud[string]{{"a", 80}, {"b", 90}}, []string{"b", "a"}},
		"a syllable louder":   {[]string{"a", "b"}, []Loud[string]{{"b", 85}, {"a", 80}}, []string{"a", "b"}},
		"one stops":           {[]string{"a", "b", "c"}, []Loud[string]{{"c", 80}, {"a", 80}}, []string{"a", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Order(c.before, c.speaking); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if got := Order(c.want, c.speaking); !slices.Equal(got, c.want) {
				t.Errorf("the same levels change the order to %v", got)
			}
		})
	}
}
