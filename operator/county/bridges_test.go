package county

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/medienzentrenverbund/kreisraum/conference/identity"
	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/deploy"
	"golang.org/x/crypto/ssh"
)

var small = infra.Bridge{ServerType: "ccx13", Location: "fsn1"}

// upCounty is a county that is up, its calls forgotten.
func upCounty(t *testing.T) (*world, *County) {
	t.Helper()
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	w.forgetCalls()
	w.deployed = nil
	return w, c
}

func mustAdd(t *testing.T, c *County, kinds ...infra.Bridge) []int {
	t.Helper()
	got, err := c.AddBridges(context.Background(), kinds)
	if err != nil {
		t.Fatalf("add bridges: %v", err)
	}
	return got
}

func mustDrain(t *testing.T, c *County, numbers ...int) {
	t.Helper()
	if err := c.Drain(context.Background(), numbers, true, false); err != nil {
		t.Fatalf("drain: %v", err)
	}
}

func mustBridges(t *testing.T, c *County) []BridgeState {
	t.Helper()
	all, err := c.Bridges(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// listed are the bridges in the portal's list as "id" with + for ready and - for draining.
func (w *world) listed() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, m := range w.list.Machines {
		all = append(all, m.ID+map[bool]string{true: "+"}[m.Ready]+map[bool]string{true: "-"}[m.Draining])
	}
	return strings.Join(all, " ")
}

func TestAddBridges(t *testing.T) {
	w, c := upCounty(t)
	if got := mustAdd(t, c, small, small); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("ready are %v, want 1 and 2", got)
	}
	if got := w.listed(); got != "portal+ bridge-1+ bridge-2+" {
		t.Errorf("the portal's list is %s", got)
	}
	slices.Sort(w.deployed)
	if !slices.Equal(w.deployed, []string{"bridge-1", "bridge-2"}) {
		t.Errorf("deployed to %v", w.deployed)
	}
	for call, want := range map[string]int{"Stack.Up": 1, "OpenSSH": 1, "CloseSSH": 1, "Probe bridge-1": 1, "Probe bridge-2": 1, "Probe portal": 0} {
		if n := w.called(call); n != want {
			t.Errorf("%s was called %d times, want %d", call, n, want)
		}
	}
	if i, j := slices.Index(w.calls, "Stack.SetDesiredBridges"), slices.Index(w.calls, "Stack.Up"); i < 0 || i > j {
		t.Error("the wish was not written before the stack was run")
	}
	for _, b := range mustBridges(t, c) {
		if !b.Ready || b.Draining || b.Created.IsZero() || b.PublicIPv4 == "" || b.PrivateIP == "" || b.ServerType != "ccx13" || b.Location != "fsn1" {
			t.Errorf("bridge %+v", b)
		}
	}
	w.forgetCalls()
	mustUp(t, c) // which finds all as it should be, the portal's configuration included
	for _, call := range []string{"Deploy", "PutMachines", "Probe bridge-1"} {
		if n := w.called(call); n > 0 {
			t.Errorf("a further up: %s was called %d times", call, n)
		}
	}
	if w.sshOpen {
		t.Error("port 22 is open")
	}
}

// The file was changed for the next `up`, which somebody will run in the evening. A bridge that comes or goes at ten moves no portal.
func TestScalingLeavesThePortalAsItIs(t *testing.T) {
	w, c := upCounty(t)
	before := w.spec
	c.Config.ServerTypes.Portal, c.Config.Locations, c.Config.IPv6 = []string{"ccx33"}, []string{"hel1", "fsn1"}, !c.Config.IPv6
	check := func(what string) {
		t.Helper()
		if s := w.spec; s.ServerType != before.ServerType || s.Location != before.Location || s.IPv6 != before.IPv6 {
			t.Errorf("%s: the portal is to be %s in %s, IPv6 %t; it was %s in %s, IPv6 %t",
				what, s.ServerType, s.Location, s.IPv6, before.ServerType, before.Location, before.IPv6)
		}
	}
	mustAdd(t, c, small)
	check("a bridge comes")
	mustDrain(t, c, 1)
	if err := c.RemoveBridges(context.Background(), []int{1}); err != nil {
		t.Fatal(err)
	}
	check("a bridge goes")
	mustUp(t, c)
	if w.spec.ServerType != "ccx33" || w.spec.Location != "fsn1" { // where its addresses are, though that is no longer the first
		t.Errorf("up plans a portal of %s in %s", w.spec.ServerType, w.spec.Location)
	}
}

func TestLowestFreeNumberIsTaken(t *testing.T) {
	w, c := upCounty(t)
	mustAdd(t, c, small, small, small)
	mustDrain(t, c, 2)
	if err := c.RemoveBridges(context.Background(), []int{2}); err != nil {
		t.Fatal(err)
	}
	if got := mustAdd(t, c, small); !slices.Equal(got, []int{2}) {
		t.Errorf("got %v, want number 2 again", got)
	}
	if got := w.listed(); got != "portal+ bridge-1+ bridge-2+ bridge-3+" {
		t.Errorf("the portal's list is %s", got)
	}
}

func TestBridgeIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := upCounty(t)
		w.deployHook = func(context.Context) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.bridges[1].away = 3
		}
		if got := mustAdd(t, c, small); !slices.Equal(got, []int{1}) || w.called("Probe bridge-1") != 4 {
			t.Errorf("ready %v after %d probes", got, w.called("Probe bridge-1"))
		}
	})
}

func TestBridgeThatNeverComesIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, c := upCounty(t)
		w.deployHook = func(context.Context) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.bridges[2].away = 1 << 20
		}
		got, err := c.AddBridges(context.Background(), []infra.Bridge{small, small})
		if err == nil || !strings.Contains(err.Error(), "bridge-2") || !slices.Equal(got, []int{1}) {
			t.Errorf("got %v, %v; want bridge 1 and an error about bridge 2", got, err)
		}
		if got := w.listed(); got != "portal+ bridge-1+ bridge-2" {
			t.Errorf("the portal's list is %s", got)
		}
		w.deployHook, w.fault["Deploy"] = nil, true
		if _, err := c.AddBridges(context.Background(), []infra.Bridge{small}); !errors.Is(err, errFault) || !strings.Contains(err.Error(), "bridge-2") {
			t.Errorf("one that cannot be deployed to hides one that does not answer, or the other way round: %v", err)
		}
		w.bridges[2].away = 0
		if got := mustAdd(t, c); !slices.Equal(got, []int{2, 3}) {
			t.Errorf("the next call made %v ready, want 2", got)
		}
	})
}

// Whatever fails, a call without kinds finishes what was meant, and nothing is made twice.
func TestAddBridgesResumesAfterEveryFault(t *testing.T) {
	for _, call := range []string{
		"OpenStack", "Stack.DesiredBridges", "Stack.SetDesiredBridges", "Stack.Up", "PutMachines", "OpenSSH", "Deploy", "CloseSSH",
	} {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s effect=%t", call, effect), func(t *testing.T) {
				t.Parallel()
				w, c := upCounty(t)
				w.fault[call], w.afterwards[call] = true, effect
				if _, err := c.AddBridges(context.Background(), []infra.Bridge{small}); !errors.Is(err, errFault) {
					t.Fatalf("got %v, want the fault", err)
				}
				if w.sshOpen && call != "CloseSSH" {
					t.Error("port 22 stayed open")
				}
				mustAdd(t, c)
				if len(w.bridges) == 0 { // it failed before anything was meant
					mustAdd(t, c, small)
				}
				all := mustBridges(t, c)
				if len(all) != 1 || !all[0].Ready || len(w.bridges) != 1 || w.listed() != "portal+ bridge-1+" || w.sshOpen {
					t.Errorf("bridges %+v, at Hetzner %d, list %s, port 22 open %t", all, len(w.bridges), w.listed(), w.sshOpen)
				}
			})
		}
	}
}

// `up` finishes it as well.
func TestUpFinishesABridge(t *testing.T) {
	w, c := upCounty(t)
	w.fault["Deploy"] = true
	if _, err := c.AddBridges(context.Background(), []infra.Bridge{small}); !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	mustUp(t, c)
	if got := w.listed(); got != "portal+ bridge-1+" || w.called("Probe bridge-1") != 1 {
		t.Errorf("the portal's list is %s after %d probes", got, w.called("Probe bridge-1"))
	}
}

func TestSoldOutLeavesNothingBehind(t *testing.T) {
	w, c := upCounty(t)
	w.soldOut["ccx23 nbg1"] = true
	got, err := c.AddBridges(context.Background(), []infra.Bridge{{ServerType: "ccx23", Location: "nbg1"}})
	var which *hetzner.SoldOutError
	if !errors.Is(err, hetzner.ErrSoldOut) || !errors.As(err, &which) || which.Machine != "kreisraum-tuttlingen-bridge-1" || len(got) != 0 {
		t.Fatalf("got %v, %v; want that bridge 1 is sold out", got, err)
	}
	if len(mustBridges(t, c)) != 0 || len(w.desired) != 0 || w.listed() != "portal+" {
		t.Errorf("left are %v, wanted %v, list %s", mustBridges(t, c), w.desired, w.listed())
	}
	got, err = c.AddBridges(context.Background(), []infra.Bridge{small, {ServerType: "ccx23", Location: "nbg1"}})
	if !errors.Is(err, hetzner.ErrSoldOut) || !slices.Equal(got, []int{1}) || w.listed() != "portal+ bridge-1+" || len(w.desired) != 1 {
		t.Errorf("got %v, %v, list %s, wanted %v; want one bridge, and that the other is sold out", got, err, w.listed(), w.desired)
	}
	mustUp(t, c) // which is not held up by what was not to be had
}

func TestWhatIsLacking(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {errFault, false}, {context.Canceled, false},
		{&hetzner.Error{Class: hetzner.Capacity}, true}, {&hetzner.Error{Class: hetzner.Quota}, true}, {&hetzner.Error{Class: hetzner.Placement}, true},
		{&hetzner.Error{Class: hetzner.Retry}, false}, {&hetzner.Error{Class: hetzner.Unreachable}, false}, {&hetzner.Error{Class: hetzner.Auth}, false},
		{errors.Join(&hetzner.Error{Class: hetzner.Retry}, &hetzner.SoldOutError{Err: &hetzner.Error{Class: hetzner.Capacity}}), true},
	} {
		if got := isLacking(tt.err); got != tt.want {
			t.Errorf("%v: got %t", tt.err, got)
		}
	}
}

func TestDrainAndRemove(t *testing.T) {
	w, c := upCounty(t)
	mustAdd(t, c, small, small)
	if err := c.RemoveBridges(context.Background(), []int{1}); !errors.Is(err, ErrInUse) || len(w.bridges) != 2 {
		t.Fatalf("a bridge that takes rooms was removed: %v", err)
	}
	if err := c.Drain(context.Background(), []int{1, 7}, true, false); err == nil || w.listed() != "portal+ bridge-1+ bridge-2+" {
		t.Errorf("a bridge that does not exist: %v, list %s", err, w.listed())
	}
	if err := c.Drain(context.Background(), []int{1, 2}, true, true); err != nil {
		t.Fatal(err)
	}
	mustDrain(t, c, 1) // by itself: the person's word stays
	if err := c.Drain(context.Background(), []int{2}, false, false); err != nil {
		t.Fatal(err)
	}
	all := mustBridges(t, c)
	if got := w.listed(); got != "portal+ bridge-1+- bridge-2+" || !all[0].ByHand || all[1].ByHand || all[1].Draining {
		t.Errorf("list %s, bridges %+v", got, all)
	}
	w.forgetCalls()
	if err := c.RemoveBridges(context.Background(), []int{1, 1}); err != nil {
		t.Fatal(err)
	}
	if got := w.listed(); got != "portal+ bridge-2+" || len(w.bridges) != 1 || len(w.desired) != 1 || w.called("Stack.Up") != 1 {
		t.Errorf("list %s, at Hetzner %d, wanted %v, %d runs of the stack", got, len(w.bridges), w.desired, w.called("Stack.Up"))
	}
	l, err := loadLocal(c.Home)
	if err != nil || len(l.HostKeys) != 2 || len(l.Bridges) != 1 {
		t.Errorf("remembered are %d host keys and %d bridges (%v), want 2 and 1", len(l.HostKeys), len(l.Bridges), err)
	}
	w.forgetCalls()
	if err := c.RemoveBridges(context.Background(), []int{1}); err != nil || w.called("Stack.Up") > 0 {
		t.Errorf("removing what is gone: %v, %d runs of the stack", err, w.called("Stack.Up"))
	}
}

func TestRemoveBridgesResumesAfterEveryFault(t *testing.T) {
	for _, call := range []string{"OpenStack", "Load", "Stack.SetDesiredBridges", "Stack.Up", "PutMachines"} {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s effect=%t", call, effect), func(t *testing.T) {
				t.Parallel()
				w, c := upCounty(t)
				mustAdd(t, c, small, small)
				mustDrain(t, c, 1)
				w.fault[call], w.afterwards[call] = true, effect
				if err := c.RemoveBridges(context.Background(), []int{1}); !errors.Is(err, errFault) {
					t.Fatalf("got %v, want the fault", err)
				}
				for _, b := range mustBridges(t, c) {
					if b.Number == 1 && !b.Draining {
						t.Error("a bridge that is about to go takes rooms")
					}
				}
				if err := c.RemoveBridges(context.Background(), []int{1}); err != nil {
					t.Fatal(err)
				}
				mustUp(t, c)
				if len(w.bridges) != 1 || w.listed() != "portal+ bridge-2+" {
					t.Errorf("at Hetzner %d, list %s", len(w.bridges), w.listed())
				}
			})
		}
	}
}

// Removing was cut off, the load came back, and the bridge was taken into use again: nothing may finish the removal now.
func TestUndrainKeepsABridgeThatWasToGo(t *testing.T) {
	w, c := upCounty(t)
	mustAdd(t, c, small, small)
	mustDrain(t, c, 1)
	w.fault["Stack.Up"] = true
	if err := c.RemoveBridges(context.Background(), []int{1}); !errors.Is(err, errFault) {
		t.Fatalf("got %v, want the fault", err)
	}
	if err := c.Drain(context.Background(), []int{1}, false, false); err != nil {
		t.Fatal(err)
	}
	if b := mustBridges(t, c)[0]; b.Draining || !b.Ready || w.listed() != "portal+ bridge-1+ bridge-2+" {
		t.Errorf("bridge %+v, list %s", b, w.listed())
	}
	mustUp(t, c)
	if len(w.bridges) != 2 || w.listed() != "portal+ bridge-1+ bridge-2+" {
		t.Errorf("at Hetzner %d, list %s", len(w.bridges), w.listed())
	}
}

// A bridge that Hetzner does not make for a while costs nothing, and is not one that never came up.
func TestBridgeBeginsWhenItIsMade(t *testing.T) {
	w, c := upCounty(t)
	w.fault["Stack.Up"] = true
	if _, err := c.AddBridges(context.Background(), []infra.Bridge{small}); !errors.Is(err, errFault) {
		t.Fatalf("got %v, want the fault", err)
	}
	if b := mustBridges(t, c)[0]; !b.Created.IsZero() {
		t.Errorf("bridge %+v began although there is no machine", b)
	}
	mustAdd(t, c)
	if b := mustBridges(t, c)[0]; b.Created.IsZero() {
		t.Errorf("bridge %+v has not begun", b)
	}
}

func TestPortalIsToldOnceMore(t *testing.T) {
	w, c := upCounty(t)
	mustAdd(t, c, small)
	w.fault["PutMachines"] = true
	if err := c.Drain(context.Background(), []int{1}, true, false); !errors.Is(err, errFault) || w.listed() != "portal+ bridge-1+" {
		t.Fatalf("got %v, list %s", err, w.listed())
	}
	if err := c.Drain(context.Background(), nil, false, false); err != nil || w.listed() != "portal+ bridge-1+-" {
		t.Errorf("got %v, list %s", err, w.listed())
	}
}

func TestRemovable(t *testing.T) {
	idle := opsapi.BridgeLoad{ID: identity.Bridge(3), Alive: true, Ready: true, Draining: true, Known: true}
	with := func(change func(*opsapi.BridgeLoad)) *opsapi.BridgeLoad {
		b := idle
		change(&b)
		return &b
	}
	for _, tt := range []struct {
		name            string
		ready, draining bool
		settled         bool
		seen            *opsapi.BridgeLoad
		want            bool
	}{
		{"drained and empty", true, true, true, &idle, true},
		{"not drained", true, false, true, &idle, false},
		{"has a room", true, true, true, with(func(b *opsapi.BridgeLoad) { b.Rooms = 1 }), false},
		{"has people", true, true, true, with(func(b *opsapi.BridgeLoad) { b.Participants = 1 }), false},
		{"does not say", true, true, true, with(func(b *opsapi.BridgeLoad) { b.Known = false }), false},
		{"portal does not know that it drains", true, true, true, with(func(b *opsapi.BridgeLoad) { b.Draining = false }), false},
		{"portal has just started", true, true, false, &idle, false},
		{"dead", true, true, true, with(func(b *opsapi.BridgeLoad) { b.Alive, b.Known = false, false }), true},
		{"unknown to the portal", true, true, true, nil, true},
		{"never ready", false, false, true, with(func(b *opsapi.BridgeLoad) { b.Ready, b.Draining, b.Known = false, false, false }), true},
		{"never ready, yet people", false, false, true, with(func(b *opsapi.BridgeLoad) { b.Participants = 2 }), false},
	} {
		load := opsapi.Load{Settled: tt.settled, Bridges: []opsapi.BridgeLoad{{ID: identity.Bridge(4), Alive: true, Rooms: 9}}}
		if tt.seen != nil {
			load.Bridges = append(load.Bridges, *tt.seen)
		}
		err := removable(3, tt.ready, tt.draining, load)
		if (err == nil) != tt.want || err != nil && !errors.Is(err, ErrInUse) {
			t.Errorf("%s: %v, want removable %t", tt.name, err, tt.want)
		}
	}
}

// With the state lost, the bridges that exist are the county's, as Hetzner tells of them.
func TestUpAdoptsBridges(t *testing.T) {
	w, c := upCounty(t)
	mustAdd(t, c, small)
	w.desired, w.desiredSet = nil, false
	if err := os.Remove(c.Home.File("local.json")); err != nil {
		t.Fatal(err)
	}
	mustUp(t, c)
	all := mustBridges(t, c)
	if len(all) != 1 || !all[0].Ready || !all[0].Created.Equal(billedSince) || !w.desiredSet || len(w.bridges) != 1 {
		t.Errorf("bridges %+v, wish written %t, at Hetzner %d", all, w.desiredSet, len(w.bridges))
	}
}

func TestNewCountyBeginsWithItsLeast(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	c.Config.Bridges.Min = 2
	mustUp(t, c)
	if got := w.listed(); got != "portal+ bridge-1+ bridge-2+" {
		t.Errorf("the portal's list is %s", got)
	}
	if w.deployed[0] != identity.Portal || len(w.deployed) != 3 {
		t.Errorf("deployed to %v, want the portal first", w.deployed)
	}
	mustDrain(t, c, 1, 2)
	if err := c.RemoveBridges(context.Background(), []int{1, 2}); err != nil {
		t.Fatal(err)
	}
	mustUp(t, c) // scaling has the word
	if len(w.bridges) != 0 {
		t.Errorf("up made %d bridges again", len(w.bridges))
	}
}

// A machine that somebody deleted is made again and is another one: nothing that was known of it counts.
func TestBridgeThatWasMadeAnewIsNotReady(t *testing.T) {
	w, c := upCounty(t)
	mustAdd(t, c, small)
	delete(w.bridges, 1)
	w.forgetCalls()
	if got := mustAdd(t, c); !slices.Equal(got, []int{1}) || w.called("Deploy") != 1 || w.called("Probe bridge-1") != 1 {
		t.Errorf("ready %v after %d deployments and %d probes", got, w.called("Deploy"), w.called("Probe bridge-1"))
	}
}

// The key that a machine was made with is kept until every machine has shown one of its own.
func TestInjectedKeyServesAllMachinesOfARun(t *testing.T) {
	w, c := upCounty(t)
	w.fault["Deploy"] = true // of one of the two
	if _, err := c.AddBridges(context.Background(), []infra.Bridge{small, small}); !errors.Is(err, errFault) {
		t.Fatal(err)
	}
	used := w.injected
	data, err := os.ReadFile(c.Home.File(injectedFile))
	if err != nil {
		t.Fatalf("the second machine's key is lost: %v", err)
	}
	kept, err := ssh.ParsePrivateKey(data)
	if err != nil || !bytes.Equal(kept.PublicKey().Marshal(), used.Marshal()) {
		t.Errorf("another key is kept than was used (%v)", err)
	}
	mustAdd(t, c)
	if _, err := os.Stat(c.Home.File(injectedFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the injected key is still there: %v", err)
	}
}

func TestBridgesOfACountyThatIsNotUp(t *testing.T) {
	c := testCounty(t, newWorld())
	ctx := context.Background()
	for name, call := range map[string]func() error{
		"add":     func() error { _, err := c.AddBridges(ctx, []infra.Bridge{small}); return err },
		"drain":   func() error { return c.Drain(ctx, []int{1}, true, true) },
		"remove":  func() error { return c.RemoveBridges(ctx, []int{1}) },
		"bridges": func() error { _, err := c.Bridges(ctx); return err },
		"load":    func() error { _, err := c.Load(ctx); return err },
		"night":   func() error { _, err := c.Night(ctx); return err },
		"restart": func() error { _, err := c.Restart(ctx, 0, func(string) {}); return err },
	} {
		if err := call(); !errors.Is(err, ErrNotUp) {
			t.Errorf("%s: %v, want ErrNotUp", name, err)
		}
	}
	if c.Home.Exists() {
		t.Error("asking made keys")
	}
}

func TestConnectionToThePortalIsKept(t *testing.T) {
	w, c := upCounty(t)
	for range 3 {
		if _, err := c.Load(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.called("DialOps"); n != 1 {
		t.Errorf("dialled %d times, want 1", n)
	}
	c.Close()
	if _, err := c.Night(context.Background()); err != nil || w.called("DialOps") != 2 {
		t.Errorf("after Close: %v, dialled %d times", err, w.called("DialOps"))
	}
}

func TestCountyWithoutAPrivateNetworkIsOneMachine(t *testing.T) {
	w, c := upCounty(t)
	c.Endpoints.NoPrivateNetwork = true
	if _, err := c.AddBridges(context.Background(), []infra.Bridge{small}); !errors.Is(err, ErrNoPrivateNetwork) || len(w.calls) > 0 {
		t.Errorf("got %v after %v", err, w.calls)
	}
	front := infra.Machine{Role: infra.RolePortal, IPv4: "192.0.2.10", PrivateIP: "10.64.0.10"}
	text, err := serverConfig(c.Config, front, front, c.Endpoints)
	if err != nil || strings.Contains(string(text), "cluster") {
		t.Errorf("%v\n%s", err, text)
	}
}

// A portal that has just started places no room yet; that is no reason to give up.
func TestProbeWaitsUntilThePortalPlacesRooms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		asked := 0
		w.load = func() (opsapi.Load, error) {
			asked++
			return opsapi.Load{Settled: asked > 5, Bridges: []opsapi.BridgeLoad{{ID: identity.Portal, Alive: asked > 3}}}, nil
		}
		mustUp(t, testCounty(t, w))
		if asked != 6 {
			t.Errorf("asked %d times, want 6", asked)
		}
		w.load = func() (opsapi.Load, error) { return opsapi.Load{Settled: true}, nil }
		if _, err := testCounty(t, w).Up(context.Background(), UpOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a deadline", err)
		}
	})
}

func TestPriceIsRoundedUp(t *testing.T) {
	_, c := upCounty(t)
	cents, currency, err := c.PricePerHour(context.Background(), small) // 0.0320
	if cents != 4 || currency != "EUR" || err != nil {
		t.Errorf("got %d cents %s, %v", cents, currency, err)
	}
}

func TestCountyKeyIsMadeOnceAndNeverShown(t *testing.T) {
	_, c := upCounty(t)
	key, err := openCountyKey(c.Home)
	if err != nil {
		t.Fatal(err)
	}
	again, err := openCountyKey(c.Home)
	if err != nil || !bytes.Equal(key, again) || len(key) != countyKeySize {
		t.Errorf("the key changes, or has %d bytes (%v)", len(key), err)
	}
	if info, err := os.Stat(c.Home.File(countyKeyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
	for _, verb := range []string{"%v", "%s", "%x", "%+v", "%#v"} {
		if text := fmt.Sprintf(verb, deploy.Bundle{CountyKey: key}); strings.Contains(text, fmt.Sprintf(strings.ReplaceAll(verb, "+", ""), []byte(key))) {
			t.Errorf("%s prints the key", verb)
		}
	}
	if err := os.WriteFile(c.Home.File(countyKeyFile), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openCountyKey(c.Home); err == nil || !strings.Contains(err.Error(), countyKeyFile) {
		t.Errorf("a damaged key: %v", err)
	}
}
