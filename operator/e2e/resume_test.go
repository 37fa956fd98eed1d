//go:build e2e

package e2e

import (
	"encoding/json"
	"net"
	"testing"
	"time"
)

// TestKilledUpIsFinishedByTheNext kills `up` at the beginning of each step, and in the middle of the long ones. Each run goes on from
// where the last was killed; the last finishes the job, once, with one machine.
func TestKilledUpIsFinishedByTheNext(t *testing.T) {
	p := sandboxed(t, 1)
	type moment struct {
		name string
		stop func(event) bool
	}
	kill := func(moments ...moment) {
		for _, m := range moments {
			if !p.killAt(m.stop, "up", "demo", "--sandbox") {
				t.Fatalf("up ended before the moment %q came", m.name)
			}
			t.Logf("killed at %s", m.name)
		}
	}
	kill(
		moment{"secrets", begun("secrets")},
		moment{"infra", begun("infra")},
		moment{"infra, first resource", progress("infra", 1)},
	)
	// How many resources were made before that kill struck is a matter of luck, and a made one shows no progress again: the fifth is waited
	// for in a county that has none.
	p.must("down", "demo", "--sandbox", "--yes")
	kill(
		moment{"infra, fifth resource", progress("infra", 5)},
		moment{"deploy", begun("deploy")},
		moment{"deploy, under way", progress("deploy", 1)},
		moment{"deploy, further", progress("deploy", 3)},
		moment{"dns", begun("dns")},
		moment{"certificate", begun("certificate")},
		moment{"accounts", begun("accounts")},
		moment{"probe", begun("probe")},
	)
	r, _ := up(t, p)
	if r.Result.Probe.Received == 0 {
		t.Error("the probe received nothing")
	}
	var status struct {
		IPv4      string `json:"ipv4"`
		Resources []struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"resources"`
	}
	o := p.must("status", "demo", "--sandbox", "--json")
	if err := json.Unmarshal([]byte(o.stdout), &status); err != nil {
		t.Fatal(err)
	}
	names := map[string]int{}
	for _, r := range status.Resources {
		names[r.Kind+" "+r.Name]++
	}
	for name, n := range names {
		if n != 1 {
			t.Errorf("%s is there %d times", name, n)
		}
	}
	if len(names) != 6 {
		t.Errorf("got %d resources, want 6: %v", len(names), names)
	}
	if conn, err := net.DialTimeout("tcp", net.JoinHostPort(status.IPv4, "22"), time.Second); err == nil {
		conn.Close()
		t.Error("port 22 is open after up")
	}
	p.must("down", "demo", "--sandbox", "--yes")
}

func begun(step string) func(event) bool {
	return func(e event) bool { return e.Step == step && e.Kind == "begun" }
}

// progress is the nth sign of life of a step.
func progress(step string, n int) func(event) bool {
	seen := 0
	return func(e event) bool {
		if e.Step == step && e.Kind == "progress" {
			seen++
		}
		return seen == n
	}
}
