package eventually

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// failing is a test that notes how it fails.
type failing struct {
	testing.TB
	with string
}

func (f *failing) Helper() {}

func (f *failing) Fatalf(format string, args ...any) {
	f.with = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// run lets a test wait, in simulated time, for a condition that holds after a while. It returns how the test failed and how long it took.
func run(t *testing.T, holdsAfter time.Duration, wait func(t testing.TB, what string, condition func() bool)) (with string, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &failing{TB: t}
		began := time.Now()
		over := make(chan struct{})
		go func() {
			defer close(over)
			wait(f, "the end", func() bool { return time.Since(began) >= holdsAfter })
		}()
		<-over
		with, took = f.with, time.Since(began)
	})
	return with, took
}

func TestWaits(t *testing.T) {
	election := func(t testing.TB, what string, condition func() bool) {
		t.Helper()
		Within(t, 3*Patience, what, condition)
	}
	for _, tt := range []struct {
		name       string
		wait       func(testing.TB, string, func() bool)
		holdsAfter time.Duration
		want       string
		atMost     time.Duration
	}{
		{"at once", True, 0, "", 0},
		{"soon", True, 5 * time.Millisecond, "", 10 * time.Millisecond},
		{"late", True, Patience - time.Second, "", Patience - time.Second + 20*time.Millisecond},
		{"never", True, time.Hour, "still waiting after 30s: the end", Patience + 40*time.Millisecond},
		{"an election", election, Patience + time.Second, "", Patience + time.Second + 20*time.Millisecond},
		{"no election", election, time.Hour, "still waiting after 1m30s: the end", 3*Patience + 40*time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			with, took := run(t, tt.holdsAfter, tt.wait)
			if with != tt.want {
				t.Errorf("failed with %q, want %q", with, tt.want)
			}
			if took > tt.atMost {
				t.Errorf("took %s, want at most %s", took, tt.atMost)
			}
		})
	}
}
