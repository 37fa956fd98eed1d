package hetzner

import (
	"testing"
	"time"
)

// What it costs to wait, and how late the end is seen.
func TestPollPauses(t *testing.T) {
	for _, c := range []struct {
		command  string
		takes    time.Duration
		requests int
		late     time.Duration
	}{
		{"attach_to_network", 100 * time.Millisecond, 1, 100 * time.Millisecond},
		{"attach_to_network", 700 * time.Millisecond, 4, 300 * time.Millisecond},
		{"start_server", 3 * time.Second, 9, time.Second / 2},
		{"create_server", 1200 * time.Millisecond, 4, time.Second / 2},
		{"create_server", 8 * time.Second, 10, 700 * time.Millisecond},
		{"create_server", 10 * time.Second, 14, 700 * time.Millisecond},
		{"create_server", 13 * time.Second, 20, 700 * time.Millisecond},
		{"create_server", 22 * time.Second, 28, 1500 * time.Millisecond},
		{"create_server", 2 * time.Minute, 50, 10 * time.Second},
	} {
		elapsed, requests := time.Duration(0), 0
		for elapsed < c.takes {
			elapsed += pollPause(c.command, elapsed)
			requests++
		}
		if requests > c.requests || elapsed-c.takes > c.late {
			t.Errorf("%s of %s: %d requests, seen %s late; want %d, %s", c.command, c.takes, requests, elapsed-c.takes, c.requests, c.late)
		}
	}
}
