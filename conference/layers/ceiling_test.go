package layers

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// link plays a connection second by second.
type link struct {
	c   Ceiling
	now time.Duration
}

func (l *link) seconds(n, sent, asked int) {
	for range n {
		l.now += time.Second
		l.c.Sample(sent, asked, l.now)
	}
}

func TestCeilingFallsAndRises(t *testing.T) {
	l := &link{c: NewCeiling()}
	want := func(when string, layer int) {
		t.Helper()
		if l.c.Layer() != layer {
			t.Fatalf("%s: layer %d, want %d", when, l.c.Layer(), layer)
		}
	}
	l.seconds(30, 100, 2)
	want("with a little loss", Full)
	l.seconds(1, 100, 50)
	want("after one bad second", Full)
	l.seconds(1, 100, 50)
	want("after two bad seconds", Half)
	l.seconds(2, 100, 50)
	want("after four", Quarter)
	l.seconds(10, 100, 50)
	want("there is nothing smaller", Quarter)
	l.seconds(8, 100, 0)
	want("eight good seconds are seven since the first", Quarter)
	l.seconds(1, 100, 0)
	want("after eight seconds without loss", Half)
	l.seconds(2, 100, 50)
	want("it was too early", Quarter)
	l.seconds(15, 100, 0)
	want("the next attempt waits longer", Quarter)
	l.seconds(2, 100, 0)
	want("sixteen seconds", Half)
	l.seconds(20, 3, 3)
	want("a trickle says nothing", Half)
}

func TestCeilingStaysInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &link{c: NewCeiling()}
		for range rapid.IntRange(1, 100).Draw(t, "samples") {
			before := l.c.Layer()
			l.seconds(1, rapid.IntRange(0, 200).Draw(t, "sent"), rapid.IntRange(0, 400).Draw(t, "asked"))
			if after := l.c.Layer(); after < Quarter || after > Full || after-before > 1 || before-after > 1 {
				t.Fatalf("from layer %d to %d", before, after)
			}
		}
		if l.c.wait < firstWait || l.c.wait > maxWait {
			t.Fatalf("waits %s", l.c.wait)
		}
	})
}
