package main

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestLimitMemory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	t.Setenv("GOMEMLIMIT", "")
	limitMemory()
	if n := debug.SetMemoryLimit(-1); totalMemory() > 0 && (n < 64<<20 || n == math.MaxInt64) {
		t.Errorf("the limit is %d bytes", n)
	}
	if n := softLimit(4 << 30); n != 2560<<20 {
		t.Errorf("%d bytes on a machine of 4 GiB", n)
	}
}
