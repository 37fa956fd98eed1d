package provider

import (
	p "github.com/pulumi/pulumi-go-provider"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// changes collects what differs between the recorded state and the wanted inputs.
type changes map[string]p.PropertyDiff

// replace notes a property whose change needs a new resource. Names are deterministic, so the old one always goes first.
func (c changes) replace(name string, differs bool) {
	if differs {
		c[name] = p.PropertyDiff{Kind: p.UpdateReplace, InputDiff: true}
	}
}

// update notes a property that can be changed in place.
func (c changes) update(name string, differs bool) {
	if differs {
		c[name] = p.PropertyDiff{Kind: p.Update, InputDiff: true}
	}
}

// labels notes labels that are missing or different; labels that others added are left alone.
func (c changes) labels(have, want map[string]string) {
	c.update("labels", !hetzner.Covers(have, want))
}

func (c changes) response() p.DiffResponse {
	return p.DiffResponse{HasChanges: len(c) > 0, DetailedDiff: c, DeleteBeforeReplace: true}
}

// inPlace notes a property that a resource can be given when it has none, but that needs a new resource to be exchanged.
func (c changes) inPlace(name, have, want string) {
	c.update(name, have == "" && want != "")
	c.replace(name, have != "" && have != want)
}
