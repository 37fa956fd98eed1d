package county

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/infra"
	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// upError runs up, which shall fail.
func upError(t *testing.T, c *County, options UpOptions) error {
	t.Helper()
	_, err := c.Up(context.Background(), options)
	if err == nil {
		t.Fatal("up went well")
	}
	return err
}

func TestPortalFallsBackAndStays(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	c.Config.ServerTypes.Portal = []string{"cpx22", "cpx32@fsn1"}
	c.Config.Locations = []string{"fsn1", "nbg1"}
	w.soldOut["cpx22 fsn1"], w.soldOut["cpx22 nbg1"] = true, true
	mustUp(t, c)
	if w.kind != kind("cpx32", "fsn1") {
		t.Fatalf("the portal is %v", w.kind)
	}
	live(t, w, c)
	clear(w.soldOut) // what comes first in the file is there again, and no reason to touch a portal that runs
	mustUp(t, c)
	if w.kind != kind("cpx32", "fsn1") || w.serverID != 41 {
		t.Errorf("the portal is %v, server %d", w.kind, w.serverID)
	}
	c.Config.ServerTypes.Portal = []string{"cpx22"} // but the file is
	mustUp(t, c)
	if w.kind != kind("cpx22", "fsn1") || w.serverID != 41 {
		t.Errorf("the portal is %v, server %d", w.kind, w.serverID)
	}
}

func TestPortalSoldOutEverywhere(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	c.Config.ServerTypes.Portal, c.Config.Locations = []string{"cpx22"}, []string{"fsn1", "nbg1"}
	w.soldOut["cpx22 fsn1"], w.soldOut["cpx22 nbg1"] = true, true
	err := upError(t, c, UpOptions{})
	if !errors.Is(err, hetzner.ErrSoldOut) || !strings.Contains(err.Error(), "cpx22 in fsn1, cpx22 in nbg1") {
		t.Errorf("got %v", err)
	}
	if n := w.called("Stack.Up"); n != 2 {
		t.Errorf("the stack ran %d times for two kinds", n)
	}
	clear(w.soldOut)
	mustUp(t, c)
	live(t, w, c)
}

// A portal that is to become another type which is sold out runs on as it is, and is never made anew for that.
func TestPortalKeepsItsTypeWhenTheNextIsSoldOut(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	c.Config.ServerTypes.Portal, c.Config.Locations = []string{"cpx22"}, []string{"fsn1", "nbg1"}
	mustUp(t, c)
	c.Config.ServerTypes.Portal = []string{"cpx32"}
	w.soldOut["cpx32 fsn1"] = true
	err := upError(t, c, UpOptions{})
	if !errors.Is(err, hetzner.ErrSoldOut) || w.kind != kind("cpx22", "fsn1") || w.serverID != 41 || w.running == "" {
		t.Errorf("got %v; the portal is %v", err, w.kind)
	}
}

func TestFirstBridgesFallBack(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	c.Config.ServerTypes.Bridge, c.Config.Locations, c.Config.Bridges.Min = []string{"ccx13", "cpx32"}, []string{"fsn1"}, 2
	w.soldOut["ccx13 fsn1"] = true
	mustUp(t, c)
	want := []infra.Bridge{{Number: 1, ServerType: "cpx32", Location: "fsn1"}, {Number: 2, ServerType: "cpx32", Location: "fsn1"}}
	if !slices.Equal(w.desired, want) || len(w.bridges) != 2 {
		t.Errorf("wanted %v, there are %d", w.desired, len(w.bridges))
	}
}

// Bridges that nobody has do not keep the county from its portal.
func TestCountyComesUpWithoutBridges(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	c.Config.ServerTypes.Portal, c.Config.ServerTypes.Bridge = []string{"cpx22"}, []string{"ccx13", "cpx32"}
	c.Config.Locations, c.Config.Bridges.Min = []string{"fsn1"}, 1
	w.soldOut["ccx13 fsn1"], w.soldOut["cpx32 fsn1"] = true, true
	var told []string
	c.Events = func(e Event) { told = append(told, e.Text) }
	mustUp(t, c)
	live(t, w, c)
	if len(w.desired) != 0 || !w.desiredSet || !strings.Contains(strings.Join(told, "\n"), "comes up without it") {
		t.Errorf("wanted %v, told %q", w.desired, told)
	}
}

func TestLessonsKeepTheMachine(t *testing.T) {
	ran := func(change func(*world, *County)) (*world, *County) {
		w := newWorld()
		c := testCounty(t, w)
		c.Config.ServerTypes.Portal, c.Config.Locations = []string{"cpx22"}, []string{"fsn1"}
		mustUp(t, c)
		c.Config.ServerTypes.Portal = []string{"cpx32"}
		change(w, c)
		w.forgetCalls()
		return w, c
	}
	t.Run("with lessons", func(t *testing.T) {
		w, c := ran(func(w *world, _ *County) { w.people = map[int]int{0: 40} })
		err := upError(t, c, UpOptions{})
		if !errors.Is(err, ErrLessons) || !strings.Contains(err.Error(), "2 lessons with 40 participants") || !strings.Contains(err.Error(), "--now") {
			t.Errorf("got %v", err)
		}
		if w.called("Stack.Up") > 0 || w.kind != kind("cpx22", "fsn1") {
			t.Error("the stack was run all the same")
		}
	})
	t.Run("when it cannot be told", func(t *testing.T) {
		w, c := ran(func(w *world, _ *County) { w.running = "" })
		if err := upError(t, c, UpOptions{}); !errors.Is(err, ErrLessons) || !strings.Contains(err.Error(), "cannot be told") || w.called("Stack.Up") > 0 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("after an adoption, when this computer remembers little", func(t *testing.T) {
		w, c := ran(func(w *world, c *County) {
			w.people = map[int]int{0: 40}
			l, err := loadLocal(c.Home)
			if err == nil {
				err = l.change(func(l *local) { l.LiveDigest = "" })
			}
			if err != nil {
				t.Fatal(err)
			}
		})
		if err := upError(t, c, UpOptions{}); !errors.Is(err, ErrLessons) || w.called("Stack.Up") > 0 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("without lessons", func(t *testing.T) {
		w, c := ran(func(*world, *County) {})
		if mustUp(t, c); w.kind != kind("cpx32", "fsn1") {
			t.Errorf("the portal is %v", w.kind)
		}
	})
	t.Run("interrupted on purpose", func(t *testing.T) {
		w, c := ran(func(w *world, _ *County) { w.people = map[int]int{0: 40} })
		var asked []InUse
		options := UpOptions{Release: ReleaseOptions{Now: true, Confirm: func(touched []InUse) error { asked = touched; return nil }}}
		if _, err := c.Up(context.Background(), options); err != nil || w.kind != kind("cpx32", "fsn1") || len(asked) != 1 || asked[0].Participants != 40 {
			t.Errorf("got %v, the portal is %v, asked about %v", err, w.kind, asked)
		}
	})
	t.Run("and not confirmed", func(t *testing.T) {
		w, c := ran(func(w *world, _ *County) { w.people = map[int]int{0: 40} })
		no := errors.New("no")
		options := UpOptions{Release: ReleaseOptions{Now: true, Confirm: func([]InUse) error { return no }}}
		if err := upError(t, c, options); !errors.Is(err, no) || w.called("Stack.Up") > 0 {
			t.Errorf("got %v", err)
		}
	})
}

// The last word before a machine stops, for reasons that no plan shows.
func TestGuardOfThePlan(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	guard := w.spec.Guard
	name := infra.PortalName("tuttlingen")
	if err := guard(t.Context(), name); err != nil {
		t.Errorf("nobody is there: %v", err)
	}
	w.people = map[int]int{0: 1}
	if err := guard(t.Context(), name); !errors.Is(err, ErrLessons) {
		t.Errorf("somebody is there: %v", err)
	}
	if err := guard(t.Context(), "kreisraum-tuttlingen-bridge-7"); err != nil {
		t.Errorf("a machine that was never used: %v", err)
	}
	if _, err := c.Up(context.Background(), UpOptions{Release: ReleaseOptions{Now: true}}); err != nil {
		t.Fatal(err)
	}
	if err := w.spec.Guard(t.Context(), name); err != nil {
		t.Errorf("told to interrupt: %v", err)
	}
}

func TestRecordsAreMadeWhereTheZoneIs(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	w.zone = "kmz-tuttlingen.example"
	mustUp(t, c)
	if w.spec.Zone != w.zone || w.spec.CAA != "letsencrypt.org" {
		t.Errorf("zone %q, CAA %q", w.spec.Zone, w.spec.CAA)
	}
	c.Config.ACME.Directory = "https://acme.example/directory" // the county's own authority must be able to issue
	c.Config.DNS.CAA = "acme.example"
	mustUp(t, c)
	if w.spec.CAA != "acme.example" {
		t.Errorf("CAA %q", w.spec.CAA)
	}
	c.Config.DNS.Records = "by-hand"
	mustUp(t, c)
	if w.spec.Zone != "" {
		t.Errorf("zone %q although records are made by hand", w.spec.Zone)
	}
}
