package layers

import (
	"testing"

	"pgregory.net/rapid"
)

func TestChoose(t *testing.T) {
	all := [Count]Layer{{true, 180}, {true, 360}, {true, 720}}
	for name, c := range map[string]struct {
		layers [Count]Layer
		height int
		want   int
		ok     bool
	}{
		"a tile":                    {all, 180, Quarter, true},
		"a slightly larger tile":    {all, 220, Quarter, true},
		"a larger tile":             {all, 240, Half, true},
		"full screen":               {all, 1080, Full, true},
		"as large as possible":      {all, 0, Full, true},
		"full is not sent":          {[Count]Layer{{true, 180}, {true, 360}, {false, 720}}, 720, Half, true},
		"the small one is not sent": {[Count]Layer{{false, 0}, {true, 360}, {true, 720}}, 90, Half, true},
		"no simulcast":              {[Count]Layer{Full: {true, 480}}, 90, Full, true},
		"nothing is sent":           {[Count]Layer{}, 180, 0, false},
		"heights unknown":           {[Count]Layer{{true, 0}, {true, 0}, {true, 0}}, 300, Half, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got, ok := Choose(c.layers, c.height, Full); got != c.want || ok != c.ok {
				t.Errorf("got %d, %v; want %d, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

// A live layer is chosen if there is one, and a larger picture never gets a smaller layer.
func TestChooseProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all [Count]Layer
		live := false
		h := 0
		for i := range all {
			h += rapid.IntRange(1, 500).Draw(t, "height")
			all[i] = Layer{rapid.Bool().Draw(t, "live"), h}
			live = live || all[i].Live
		}
		small := rapid.IntRange(1, 2000).Draw(t, "small")
		a, ok := Choose(all, small, Full)
		b, _ := Choose(all, small+rapid.IntRange(0, 2000).Draw(t, "more"), Full)
		if ok != live || live && !all[a].Live || b < a {
			t.Fatalf("%+v at %d: layer %d, %v; larger: %d", all, small, a, ok, b)
		}
		if best, _ := Choose(all, 0, Full); best < b {
			t.Fatalf("as large as possible is %d, but %d exists", best, b)
		}
		ceiling := rapid.IntRange(Quarter, Full).Draw(t, "ceiling")
		if low, ok := Choose(all, small, ceiling); ok != live || low > a {
			t.Fatalf("a ceiling of %d raises layer %d to %d", ceiling, a, low)
		} else if low > ceiling {
			for i := range ceiling + 1 {
				if all[i].Live {
					t.Fatalf("layer %d above the ceiling %d although %d is live", low, ceiling, i)
				}
			}
		}
	})
}

func TestOfRID(t *testing.T) {
	for rid, want := range map[string]int{"q": Quarter, "h": Half, "f": Full, "": Full} {
		if got, ok := OfRID(rid); !ok || got != want {
			t.Errorf("%q: %d, %v", rid, got, ok)
		}
	}
	if _, ok := OfRID("x"); ok {
		t.Error("an unknown RID has a layer")
	}
}
