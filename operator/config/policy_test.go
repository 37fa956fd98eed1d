package config

import (
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/medienzentrenverbund/kreisraum/operator/autoscale"
)

func TestPolicyIsWhatTheFileSays(t *testing.T) {
	data, err := os.ReadFile("testdata/good/capacity-in-full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse("x.yaml", "musterkreis", data)
	if err != nil {
		t.Fatal(err)
	}
	want := autoscale.Policy{
		Min: 2, Max: 99, Patience: 10 * time.Second, PaidPeriod: time.Minute, Headroom: 5, Target: 0.85, BudgetPerDay: 1250, TimeZone: "Europe/Berlin",
		Timetable: autoscale.Timetable{Bells: []int{470, 520}, Days: []time.Weekday{time.Saturday, time.Sunday}, Lead: 90 * time.Minute},
	}
	if got := c.Policy(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if want := (Capacity{PacketsPerSecond: 120000, EgressMbit: 1000, HandshakesPerSecond: 50}); c.Bridges.Capacity != want {
		t.Errorf("got %+v, want %+v", c.Bridges.Capacity, want)
	}
}

func TestPolicyOfTheDefaults(t *testing.T) {
	data, err := os.ReadFile("testdata/good/least-that-is-needed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse("x.yaml", "musterkreis", data)
	if err != nil {
		t.Fatal(err)
	}
	p := c.Policy()
	if p.Max != 4 || p.Headroom != 1.5 || p.Patience != 10*time.Minute || p.PaidPeriod != time.Hour || p.BudgetPerDay != 0 || p.Timetable.Holidays != "bw" || len(p.Timetable.Days) != 5 ||
		p.Timetable.Bells[0] != 7*60+50 || p.Timetable.Lead != 15*time.Minute {
		t.Errorf("got %+v", p)
	}
}

func TestCents(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int
		ok   bool
	}{
		{"", 0, true}, {"12", 1200, true}, {"12.00", 1200, true}, {"0.05", 5, true}, {"99999.99", 9999999, true},
		{"100000", 0, false}, {"12.5", 0, false}, {"12,00", 0, false}, {"-1", 0, false}, {"1e3", 0, false}, {".inf", 0, false}, {"1_000", 0, false},
	} {
		got, err := cents(tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("%q: got %d, %v; want %d, accepted %v", tt.text, got, err, tt.want, tt.ok)
		}
	}
}

func TestTimesOfTheRestart(t *testing.T) {
	for _, tt := range []struct {
		restart    Restart
		at, latest int
		wrong      bool
	}{
		{Restart{At: "03:30"}, 210, 270, false},
		{Restart{At: "23:30"}, 1410, 30, false},
		{Restart{At: "23:30", Latest: "01:00"}, 1410, 60, false},
		{Restart{At: "later"}, 0, 0, true},
		{Restart{At: "03:30", Latest: "later"}, 0, 0, true},
	} {
		at, latest, err := tt.restart.Times()
		if (err != nil) != tt.wrong || err == nil && (at != tt.at || latest != tt.latest) {
			t.Errorf("%+v: %d, %d, %v", tt.restart, at, latest, err)
		}
	}
}
