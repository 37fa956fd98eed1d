package county

import (
	"slices"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/config"
)

func kind(serverType, location string) config.Kind {
	return config.Kind{ServerType: serverType, Location: location}
}

func TestChoicesOfThePortal(t *testing.T) {
	file := []config.Kind{kind("cpx22", "fsn1"), kind("cpx22", "nbg1"), kind("cpx32", "fsn1")}
	for name, c := range map[string]struct {
		stands standsAs
		file   []config.Kind
		want   []config.Kind
	}{
		"new":                           {standsAs{}, file, file},
		"addresses elsewhere":           {standsAs{address: "nbg1"}, file, []config.Kind{file[1], file[0], file[2]}},
		"addresses where nothing is":    {standsAs{address: "hel1"}, file, file},
		"stays though not first":        {standsAs{machine: file[1], address: "nbg1"}, file, file[1:2]},
		"another type in place":         {standsAs{machine: kind("ccx13", "fsn1")}, file, []config.Kind{file[0], file[2]}},
		"elsewhere is made anew":        {standsAs{machine: kind("cpx22", "hel1")}, file, file},
		"another architecture is anew":  {standsAs{machine: kind("cax11", "fsn1")}, file, file},
		"architecture in place on arms": {standsAs{machine: kind("cax11", "fsn1")}, []config.Kind{kind("cax21", "fsn1")}, []config.Kind{kind("cax21", "fsn1")}},
	} {
		if got := c.stands.choices(c.file); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestSoldOutKindsAreTriedLast(t *testing.T) {
	w := newWorld()
	c := testCounty(t, w)
	mustUp(t, c)
	l, err := loadLocal(c.Home)
	if err != nil {
		t.Fatal(err)
	}
	a, b := kind("cpx22", "fsn1"), kind("cpx22", "nbg1")
	now := time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC)
	if err := l.markSoldOut(a, false, now); err != nil {
		t.Fatal(err)
	}
	again, err := loadLocal(c.Home) // another process
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration][]config.Kind{
		time.Minute: {b, a}, soldOutFor - time.Second: {b, a}, 2 * soldOutFor: {a, b},
	} {
		if got := again.promising([]config.Kind{a, b}, now.Add(after)); !slices.Equal(got, want) {
			t.Errorf("after %s: got %v, want %v", after, got, want)
		}
	}
	if err := l.markSoldOut(a, true, now); err != nil {
		t.Fatal(err)
	}
	if got := l.promising([]config.Kind{a, b}, now.Add(6*24*time.Hour)); !slices.Equal(got, []config.Kind{b, a}) {
		t.Errorf("a withdrawn type comes first again after six days: %v", got)
	}
	if len(l.SoldOut) != 1 {
		t.Errorf("%d notes on one kind", len(l.SoldOut))
	}
}
