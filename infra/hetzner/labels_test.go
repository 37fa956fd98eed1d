package hetzner_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"pgregory.net/rapid"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

func TestLabelsAreValid(t *testing.T) {
	labels := map[string]any{}
	for k, v := range hetzner.Labels("demo", "portal") {
		labels[k] = v
	}
	if ok, err := hcloud.ValidateResourceLabels(labels); !ok {
		t.Error(err)
	}
}

var (
	keys   = rapid.SampledFrom([]string{hetzner.LabelCounty, hetzner.LabelRole, hetzner.LabelManagedBy, "team", "env"})
	values = rapid.SampledFrom([]string{"demo", "other", "portal", "bridge", "kreisraum", ""})
)

// A resource is ours exactly if all three labels have our values, whatever else it carries; and what Merged writes is then
// ours and keeps every label of others.
func TestOwnershipProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		have := rapid.MapOf(keys, values).Draw(t, "have")
		want := hetzner.Labels("demo", rapid.SampledFrom([]string{"portal", "bridge"}).Draw(t, "role"))

		err := hetzner.Owned("server", "kreisraum-demo-portal", have, want)
		if ours := hetzner.Covers(have, want); ours != (err == nil) {
			t.Fatalf("have %v, want %v: %v", have, want, err)
		}
		var foreign *hetzner.ForeignError
		if err != nil && (!errors.As(err, &foreign) || len(foreign.Missing) == 0) {
			t.Fatalf("have %v: the error does not say what is missing: %v", have, err)
		}
		before := maps.Clone(have)
		merged := hetzner.Merged(have, want)
		if hetzner.Owned("server", "x", merged, want) != nil {
			t.Fatalf("merged %v is not ours", merged)
		}
		for k, v := range have {
			if _, overwritten := want[k]; !overwritten && merged[k] != v {
				t.Fatalf("label %s of others got lost", k)
			}
		}
		if !maps.Equal(before, have) {
			t.Fatal("the labels given were changed")
		}
	})
}
