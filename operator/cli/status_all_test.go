package cli

import (
	"strings"
	"testing"

	"github.com/medienzentrenverbund/kreisraum/conference/opsapi"
	"github.com/medienzentrenverbund/kreisraum/operator/county"
)

func TestStatusOfAllDoesNotCallACountyDownThatItCouldNotLookAt(t *testing.T) {
	machine := []county.Resource{{Kind: "server"}}
	for want, s := range map[string]shownStatus{
		"unknown":  {Status: county.Status{County: "anton", Problem: "anton.yaml:3: nam: unknown key"}, unknown: true},
		"up 1":     {Status: county.Status{County: "anton", Resources: machine, Server: &opsapi.Info{}}},
		"not up 0": {Status: county.Status{County: "anton"}},
		"not up 1": {Status: county.Status{County: "anton", Resources: machine}},
	} {
		row, _, _ := strings.Cut(statusRow(s), "\n")
		if got := strings.Join(strings.Fields(row)[1:], " "); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
