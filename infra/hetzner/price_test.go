package hetzner_test

import (
	"testing"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

func TestHourly(t *testing.T) {
	_, c := newClient(t)
	portal := hetzner.MachineKind{ServerType: "cpx22", Location: "fsn1", IPv4: true}
	cases := []struct {
		name        string
		machines    []hetzner.MachineKind
		hour, month string
	}{
		{"nothing", nil, "0.0000", "0.00"},
		{"without IPv4", []hetzner.MachineKind{{ServerType: "cpx22", Location: "fsn1"}}, "0.0312", "19.49"},
		{"portal", []hetzner.MachineKind{portal}, "0.0320", "19.99"},
		{"portal and two bridges", []hetzner.MachineKind{portal, {ServerType: "ccx13", Location: "fsn1", Count: 2, IPv4: true}}, "0.1714", "106.97"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			price, err := c.Hourly(t.Context(), tc.machines)
			if err != nil {
				t.Fatal(err)
			}
			if price.Currency != "EUR" || price.Hour.String() != tc.hour || price.Month.Cents() != tc.month {
				t.Errorf("got %s %s per hour, %s per month; want %s and %s", price.Currency, price.Hour, price.Month.Cents(), tc.hour, tc.month)
			}
		})
	}
}

func TestHourlyOfWhatIsNotOffered(t *testing.T) {
	_, c := newClient(t)
	for _, m := range []hetzner.MachineKind{{ServerType: "cpx22", Location: "moon1"}, {ServerType: "abacus", Location: "fsn1"}} {
		_, err := c.Hourly(t.Context(), []hetzner.MachineKind{m})
		if hetzner.Classify(err) != hetzner.Capacity {
			t.Errorf("%+v: %v", m, err)
		}
	}
}
