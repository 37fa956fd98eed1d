//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/county"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/machine"
)

// daemon is a running `kreisraum serve`.
type daemon struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  logBuffer
	over chan error
}

// logBuffer can be written while it is read.
type logBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// serve starts the daemon and returns once it takes commands. It is stopped at the end of the test unless it was before.
func (p program) serve() *daemon {
	p.t.Helper()
	d := &daemon{t: p.t, over: make(chan error, 1)}
	d.cmd = p.command(context.Background(), "serve", "demo", "--sandbox", "--every", "500ms", "--metrics", "127.0.0.1:0")
	d.cmd.Stdout, d.cmd.Stderr = &d.log, &d.log
	if err := d.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() { d.over <- d.cmd.Wait() }()
	p.t.Cleanup(func() { d.stop(os.Interrupt) })
	eventually(p.t, patience, "the daemon to take commands", func() bool { return strings.Contains(d.log.String(), "taking commands") })
	return d
}

// stop ends the daemon with a signal, once.
func (d *daemon) stop(signal os.Signal) {
	if d.cmd.Process.Signal(signal) != nil {
		return // it has been stopped before
	}
	select {
	case err := <-d.over:
		var exit *exec.ExitError
		if signal == os.Interrupt && errors.As(err, &exit) {
			d.t.Errorf("the daemon ended with code %d", exit.ExitCode())
		}
	case <-time.After(patience):
		_ = d.cmd.Process.Kill()
		d.t.Error("the daemon does not end")
	}
	if d.t.Failed() {
		d.t.Logf("the daemon's log:\n%s", d.log.String())
	}
}

// busy is a copy of the demo county whose bridges are small and leave soon.
func busy(t *testing.T) string {
	t.Helper()
	return demoWith(t, map[string]string{
		"packets_per_second: 6000": "packets_per_second: 3000",
		"shrink_after: 1m":         "shrink_after: 10s",
		"billing_period: 1m":       "billing_period: 20s",
	})
}

// demoWith is a folder with a copy of the demo county in which some words are replaced.
func demoWith(t *testing.T, replaced map[string]string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "configs", "demo.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for old, fresh := range replaced {
		if !strings.Contains(text, old) {
			t.Fatalf("configs/demo.yaml has no %q any more", old)
		}
		text = strings.Replace(text, old, fresh, 1)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "demo.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (p program) status() county.Status {
	p.t.Helper()
	var s county.Status
	if o := p.must("status", "demo", "--sandbox", "--json"); json.Unmarshal([]byte(o.stdout), &s) != nil {
		p.t.Fatalf("status: %s", o.stdout)
	}
	return s
}

// inUse lists the bridges that take rooms.
func inUse(s county.Status) []int {
	var numbers []int
	for _, b := range s.Bridges {
		if b.Ready && !b.Draining {
			numbers = append(numbers, b.Number)
		}
	}
	return numbers
}

func servers(s county.Status) int {
	n := 0
	for _, r := range s.Resources {
		if r.Kind == "server" {
			n++
		}
	}
	return n
}

// people is how many are inside on each machine, as the portal sees it.
func people(s county.Status) map[string]int {
	out := map[string]int{}
	if s.Load != nil {
		for _, b := range s.Load.Bridges {
			out[b.ID] = b.Participants
		}
	}
	return out
}

// process is the server's on a machine, given by its ID.
func (p program) process(id string) int {
	p.t.Helper()
	var s struct {
		Machines []machine.Status `json:"machines"`
	}
	if o := p.must("sandbox", "status", "--json"); json.Unmarshal([]byte(o.stdout), &s) != nil {
		p.t.Fatalf("sandbox status: %s", o.stdout)
	}
	i := slices.IndexFunc(s.Machines, func(m machine.Status) bool { return m.Name == "kreisraum-demo-"+id })
	if i < 0 || s.Machines[i].MainPID == 0 {
		p.t.Fatalf("no process of %s in %+v", id, s.Machines)
	}
	return s.Machines[i].MainPID
}

func signal(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatalf("signal %v to %d: %v", s, pid, err)
	}
}
