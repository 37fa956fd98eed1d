package nspawn

import (
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// BenchmarkFirstBoot tells how long one machine, and three at once, take from power on until SSH lets the operator in, and until cloud-init is
// done with a county's cloud-config.
func BenchmarkFirstBoot(b *testing.B) {
	for name, count := range map[string]int64{"one": 1, "three": 3} {
		b.Run(name, func(b *testing.B) {
			var toSSH, toInit time.Duration
			for range b.N {
				w := newWorld(b)
				var all []hcloudsim.Machine
				for id := range count {
					all = append(all, w.machine(b, id+1))
					must(b, w.Create(b.Context(), all[id]))
				}
				began := time.Now()
				var on sync.WaitGroup
				for _, m := range all {
					on.Go(func() {
						if err := w.PowerOn(b.Context(), m.ID); err != nil {
							b.Error(err)
						}
					})
				}
				on.Wait()
				for _, m := range all {
					w.run(b, m, "true")
				}
				toSSH += time.Since(began)
				for _, m := range all {
					w.ready(b, m)
				}
				toInit += time.Since(began)
			}
			b.ReportMetric(toSSH.Seconds()/float64(b.N), "s-to-ssh")
			b.ReportMetric(toInit.Seconds()/float64(b.N), "s-to-cloud-init")
		})
	}
}
