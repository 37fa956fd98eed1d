package stack

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/infra"
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

// BenchmarkBridges compares one more bridge with nine more in one step.
func BenchmarkBridges(b *testing.B) {
	var took [2]time.Duration
	for b.Loop() {
		for i, wanted := range []int{2, 10} {
			b.StopTimer()
			w := newWorldFrom(b, hcloudsim.Config{Quotas: plenty})
			w.up(w.open("demo"), tenMachines("demo", 1))
			b.StartTimer()
			begun := time.Now()
			w.up(w.open("demo"), tenMachines("demo", wanted))
			took[i] += time.Since(begun)
		}
	}
	b.ReportMetric(took[0].Seconds()/float64(b.N), "s/1→2")
	b.ReportMetric(took[1].Seconds()/float64(b.N), "s/1→10")
}

// tenMachines is a county with so many bridges, at most ten.
func tenMachines(county string, bridges int) infra.Spec {
	spec := plan(county)
	spec.UserData = userData(county, 10)
	for n := 1; n <= bridges; n++ {
		spec.Bridges = append(spec.Bridges, infra.Bridge{Number: n, ServerType: "cpx22", Location: "fsn1"})
	}
	return spec
}

// BenchmarkFiftyCounties puts up fifty counties of ten machines each, in a project of its own each, with two engines at a time. The memory is
// that of a process that does nothing else; the engines' is told apart.
func BenchmarkFiftyCounties(b *testing.B) {
	const counties = 50
	for b.Loop() {
		b.StopTimer()
		var tasks []victimTask
		for i := range counties {
			w := newWorldFrom(b, hcloudsim.Config{Quotas: plenty})
			tasks = append(tasks, victimTask{URL: w.url, Home: w.home, Spec: tenMachines(fmt.Sprintf("kreis-%02d", i), 9)})
		}
		order, err := json.Marshal(tasks)
		if err != nil {
			b.Fatal(err)
		}
		several := exec.Command(os.Args[0])
		several.Env = append(os.Environ(), victimPulumi+"="+pulumiPath(b), victimSeveral+"=yes")
		several.Stdin = strings.NewReader(string(order))
		several.Stderr = os.Stderr
		b.StartTimer()
		output, err := several.Output()
		if err != nil {
			b.Fatalf("%v\n%s", err, output)
		}
		own, engine, _ := strings.Cut(strings.TrimSpace(string(output)), " ")
		for unit, text := range map[string]string{"MB": own, "MB/engine": engine} {
			kib, err := strconv.ParseFloat(text, 64)
			if err != nil {
				b.Fatalf("%q: %v", output, err)
			}
			b.ReportMetric(kib/1024, unit)
		}
	}
}
