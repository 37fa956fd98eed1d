package machine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/eventually"
)

// TestSilentUnitIsEndedAndStartedAgain: reports keep it alive for longer than WatchdogSec=, their end ends it.
func TestSilentUnitIsEndedAndStartedAgain(t *testing.T) {
	b := newBench(t)
	b.write("w.service", "Type=notify\nExecStart=/bin/unit watched\nWatchdogSec=1s\nRestart=always\nRestartSec=1ms\nTimeoutStopSec=20s\nStartLimitIntervalSec=0\n")
	must(t, b.units.do(verbStart, "w.service"))
	first := b.wantState("w.service", "active", "running").pid
	eventually.True(t, "the end of a unit that reported for longer than it may be silent, and its next start", func() bool {
		journal := b.units.journal("w.service", 1000)
		last := slices.Index(journal, "beat 10")
		s := b.units.status("w.service")
		return last >= 0 && slices.Contains(journal[last:], "w.service: Watchdog timeout (limit 1s)!") && s.pid != first && s.sub == "running"
	})
	must(t, b.units.do(verbStop, "w.service"))
	if alive(fmt.Sprint(first)) {
		t.Error("the silent process still lives")
	}
}
