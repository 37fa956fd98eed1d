package stack

import (
	"testing"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// BenchmarkUp measures a fresh county with the simulated cloud at the pace of the demonstration.
func BenchmarkUp(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := newWorldWith(b, hcloudsim.DefaultLatency)
		s := w.open("demo")
		b.StartTimer()
		w.up(s, plan("demo"))
	}
}

// BenchmarkUpUnchanged measures what an `up` costs that finds nothing to do.
func BenchmarkUpUnchanged(b *testing.B) {
	w := newWorldWith(b, hcloudsim.DefaultLatency)
	w.up(w.open("demo"), plan("demo"))
	for b.Loop() {
		if result := w.up(w.open("demo"), plan("demo")); result.Changed() {
			b.Fatalf("changed %v", result.Changes)
		}
	}
}
