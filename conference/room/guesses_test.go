package room

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestGuessesAreBounded lets visitors of several sources try wrong codes at random times, with as many connections as they like.
func TestGuessesAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, now := begun(t, Rules{MaxParticipants: 10, CodeRequired: true})
		start, looked, from := now, 0, map[Source]int{}
		conn, source := Conn(100), Source("a")
		sources := rapid.SampledFrom([]Source{"a", "b", "c", "d", "e", "f", "g", "h"})
		for range rapid.IntRange(1, 1000).Draw(t, "attempts") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			var out []Output
			if rapid.IntRange(0, 3).Draw(t, "stays") > 0 {
				r.Apply(now, Leave{Conn: conn})
				conn++
				source = sources.Draw(t, "source")
				out = r.Apply(now, Knock{Conn: conn, Source: source, Role: Participant, Code: "wrong"})
			} else {
				out = r.Apply(now, EnterCode{Conn: conn, Code: "wrong"})
			}
			if d, ok := out[0].Event.(Door); ok && d.Wrong {
				looked++
				from[source]++
			}
		}
		if limit := roomSize + int(now.Sub(start)/roomRefill) + 1; looked > limit {
			t.Fatalf("%d guesses were looked at in %v, want at most %d", looked, now.Sub(start), limit)
		}
		limit := sourceSize + int(now.Sub(start)/sourceRefill) + 1
		for _, n := range from {
			if n > limit {
				t.Fatalf("%d guesses of one source were looked at in %v, want at most %d", n, now.Sub(start), limit)
			}
		}
	})
}
