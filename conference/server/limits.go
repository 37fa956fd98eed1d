package server

import (
	"os"
	"strings"
	"syscall"
)

// fewFiles is how many open files are too few for a machine full of lessons: two for each of some thousand people, and those behind a queue at
// the door. A guess; the unit asks for four times as many.
const fewFiles = 16384

// tellLimits warns of what the unit and the machine's set-up promise and the kernel does not hold: a limit that cannot be had is lowered without a
// word, and somebody may have switched swap on.
func (s *Server) tellLimits() {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && files.Cur < fewFiles {
		s.opt.Log.Warn("fewer open files than a full machine needs; look at LimitNOFILE= of the unit and at what the system allows", "open_files", files.Cur)
	}
	// proc_pid_swaps(5); without /proc nobody knows.
	if swaps, err := os.ReadFile("/proc/swaps"); err == nil && swapIsOn(string(swaps)) {
		s.opt.Log.Warn("this machine has swap switched on; memory of the server is kept out of it by MemorySwapMax=0 alone; switch it off with swapoff --all")
	}
}

// swapIsOn reads /proc/swaps: a headline, then a line for each.
func swapIsOn(swaps string) bool { return strings.Count(strings.TrimSpace(swaps), "\n") > 0 }
