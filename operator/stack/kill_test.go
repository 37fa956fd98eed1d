package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A run is killed at each of its requests that change something, once our process alone, as the kernel does when memory is
// short, and once with its engine, as a power cut does. The next up must finish the work with what is already there.
func TestUpResumesAfterKill(t *testing.T) {
	t.Parallel()
	for _, withEngine := range []bool{false, true} {
		// SSH key, network, firewall, placement group, two addresses and their two reverse names come in any order, then
		// the server's creation, its network and its power.
		for _, at := range []int{1, 4, 9, 10, 11} {
			t.Run(fmt.Sprintf("request %d, engine too: %v", at, withEngine), func(t *testing.T) {
				t.Parallel()
				killAndResume(t, at, withEngine)
			})
		}
	}
}

func killAndResume(t *testing.T, at int, withEngine bool) {
	w := newWorld(t)
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), victimURL+"="+w.url, victimHome+"="+w.home, victimPulumi+"="+pulumiPath(t))
	var output strings.Builder
	victim.Stdout, victim.Stderr = &output, &output
	started := make(chan int, 1) // the victim's process ID
	w.hook.set(at, func() {
		pid := <-started
		if withEngine {
			for _, child := range children(pid) {
				_ = syscall.Kill(child, syscall.SIGKILL) // it may have ended
			}
		}
		_ = syscall.Kill(pid, syscall.SIGKILL)
	})
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	started <- victim.Process.Pid
	err := victim.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the run was not killed at request %d: %v\n%s", at, err, output.String())
	}

	s := w.open("demo")
	result := w.up(s, plan("demo"))
	if len(result.Outputs.Machines) != 1 {
		t.Errorf("outputs: %+v", result.Outputs)
	}
	running := w.machines.list()
	if len(running) != 1 || !running[0].on || running[0].firstNet != 1 || !running[0].filtered {
		t.Errorf("machines: %+v", running)
	}
	if again := w.up(s, plan("demo")); again.Changed() {
		t.Errorf("a further up changed %v", again.Changes)
	}
	want := []string{
		"firewall kreisraum-demo", "network kreisraum-demo", "placement_group kreisraum-demo-1",
		"primary_ip kreisraum-demo-portal-ipv4", "primary_ip kreisraum-demo-portal-ipv6", "server kreisraum-demo-portal", "ssh_key kreisraum-demo",
	}
	if got := w.leftovers("demo"); !slices.Equal(got, want) {
		t.Errorf("at Hetzner: %v, want %v", got, want)
	}
	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if left := w.leftovers("demo"); len(left) > 0 {
		t.Errorf("left at Hetzner: %v", left)
	}
}

// children are the processes whose parent is pid.
func children(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var found []int
	for _, file := range stats {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		// proc(5): pid (comm) state ppid ...
		_, rest, _ := strings.Cut(string(data), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			found = append(found, child)
		}
	}
	return found
}

func TestUpResumesAfterInterrupt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.hook.set(9, cancel) // the server's creation
	s := w.open("demo")
	_, err := s.Up(ctx, plan("demo"), nil)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "run the command again") {
		t.Fatalf("interrupted up: %v", err)
	}
	w.up(s, plan("demo"))
	if again := w.up(s, plan("demo")); again.Changed() {
		t.Errorf("a further up changed %v", again.Changes)
	}
	if n := len(w.machines.list()); n != 1 {
		t.Errorf("%d machines", n)
	}
}
