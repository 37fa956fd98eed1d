package county

import (
	"slices"
	"strings"
	"testing"
)

func TestFollowedLinesComeOnce(t *testing.T) {
	for _, c := range []struct{ name, seen, now, want string }{
		{"nothing new", "a b c", "a b c", ""},
		{"two more", "a b c", "a b c d e", "d e"},
		{"the journal's beginning fell out", "a b c d", "c d e", "e"},
		{"everything is new", "a b", "c d", "c d"},
		{"nothing before", "", "a", "a"},
		{"nothing now", "a", "", ""},
		{"lines that repeat themselves", "a a", "a a a", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := unseen(strings.Fields(c.seen), strings.Fields(c.now))
			if !slices.Equal(got, strings.Fields(c.want)) {
				t.Errorf("unseen %q, want %q", got, c.want)
			}
		})
	}
}
