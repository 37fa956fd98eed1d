package main

import (
	"os"
	"runtime/debug"
)

// limitMemory makes the garbage collector work harder before the kernel ends the process: without it the heap may double between
// two collections, in a storm of connections too. GOMEMLIMIT, where it is set, says it instead.
func limitMemory() {
	if total := totalMemory(); total > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit(total))
	}
}

// softLimit is five eighths of the machine's memory, in bytes: the rest is the kernel's, for sockets, and the system's.
func softLimit(total uint64) int64 { return int64(total / 8 * 5) }
