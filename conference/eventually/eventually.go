// Package eventually waits in tests for what comes true by itself.
package eventually

import (
	"testing"
	"time"
)

// Patience is how long a condition may take on a busy machine. A test that passes does not wait for it.
const Patience = 30 * time.Second

// True waits until the condition holds. After Patience the test fails with what it was still waiting for.
// The condition is called from the test's goroutine, again and again.
func True(t testing.TB, what string, condition func() bool) {
	t.Helper()
	Within(t, Patience, what, condition)
}

// Within is True for what may take longer than others, such as an election.
func Within(t testing.TB, patience time.Duration, what string, condition func() bool) {
	t.Helper()
	const seldom = 20 * time.Millisecond // a condition may cost a request; 50 a second disturb nobody
	pause := time.Millisecond
	for deadline := time.Now().Add(patience); !condition(); pause = min(2*pause, seldom) {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting after %s: %s", patience, what)
		}
		time.Sleep(pause)
	}
}
