package machine

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

// TestRuntimeContract calls every method twice and out of order, as the contract allows.
func TestRuntimeContract(t *testing.T) {
	l := newLab(t, "")
	ctx := t.Context()
	id := l.machine.ID
	reachable := func() bool {
		c, err := net.DialTimeout("tcp", l.sshAddress(), time.Second)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	}
	for _, step := range []struct {
		name string
		do   func() error
		want bool // port 22 answers afterwards
	}{
		{"create again", func() error { return l.process.Create(ctx, l.machine) }, false},
		{"off while off", func() error { return l.process.PowerOff(ctx, id) }, false},
		{"shutdown while off", func() error { return l.process.Shutdown(ctx, id) }, false},
		{"firewall while off", func() error { return l.process.SetFirewall(ctx, id, true, nil) }, false},
		{"on behind the firewall", func() error { return l.process.PowerOn(ctx, id) }, false},
		{"no firewall", func() error { return l.process.SetFirewall(ctx, id, false, nil) }, true},
		{"on while on", func() error { return l.process.PowerOn(ctx, id) }, true},
		{"create while on", func() error { return l.process.Create(ctx, l.machine) }, true},
		{"shutdown", func() error { return l.process.Shutdown(ctx, id) }, false},
		{"on again", func() error { return l.process.PowerOn(ctx, id) }, true},
		{"delete while on", func() error { return l.process.Delete(ctx, id) }, false},
		{"delete again", func() error { return l.process.Delete(ctx, id) }, false},
	} {
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if got := reachable(); got != step.want {
			t.Errorf("%s: port 22 answers: %v", step.name, got)
		}
	}
	for name, err := range map[string]error{
		"power on": l.process.PowerOn(ctx, id), "power off": l.process.PowerOff(ctx, id), "shutdown": l.process.Shutdown(ctx, id),
		"firewall": l.process.SetFirewall(ctx, id, false, nil),
	} {
		if !errors.Is(err, errGone) {
			t.Errorf("%s of a deleted machine: %v", name, err)
		}
	}
	bad := l.machine
	bad.Image = "windows-98"
	if err := l.process.Create(ctx, bad); err == nil {
		t.Error("an unknown image was laid out")
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	l := newLab(t, "")
	base := address(t).As4()
	var wg sync.WaitGroup
	const machines = 4
	for n := range machines {
		m := hcloudsim.Machine{ID: int64(n + 1), Name: fmt.Sprint("m", n), Image: "debian-12", IPv4: netip.AddrFrom4([4]byte{127, 78, base[2], byte(251 + n)})}
		must(t, l.process.Create(t.Context(), m))
		for _, do := range []func() error{
			func() error { return l.process.PowerOn(t.Context(), m.ID) },
			func() error { return l.process.PowerOn(t.Context(), m.ID) },
			func() error { return l.process.PowerOff(t.Context(), m.ID) },
			func() error { return l.process.Shutdown(t.Context(), m.ID) },
			func() error { return l.process.SetFirewall(t.Context(), m.ID, true, nil) },
			func() error { return l.process.Create(t.Context(), m) },
		} {
			wg.Go(func() {
				if err := do(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	for n := range machines {
		for range 2 {
			wg.Go(func() {
				if err := l.process.Delete(t.Context(), int64(n+1)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	must(t, l.process.Delete(t.Context(), l.machine.ID))
	left, err := os.ReadDir(l.process.config.Dir)
	must(t, err)
	if len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestTakenAddress(t *testing.T) {
	l := newLab(t, "")
	taken, err := net.Listen("tcp", l.sshAddress())
	must(t, err)
	err = l.process.PowerOn(t.Context(), l.machine.ID)
	if err == nil {
		t.Fatal("powered on although another program has the address")
	}
	must(t, taken.Close())
	l.powerOn()
	l.client()
}
