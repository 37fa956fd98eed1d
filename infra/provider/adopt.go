package provider

import "github.com/medienzentrenverbund/kreisraum/infra/hetzner"

// creations bounds how often something is asked for whose name is taken by something that then cannot be found, because it is just ending.
const creations = 3

// adoptOrMake returns the resource of a name: the one that is there, or one that it makes. find returns nil if there is none, and an error
// if the name is taken by somebody else; make asks for the resource once.
//
// An answer that did not come says nothing about what happened, and hcloud-go sends a request again by itself, so that the first thing
// that make hears may be that the name is taken, by its own success. Names are unique in a project, so looking is all it takes.
func adoptOrMake[T any](h handle, find, make func() (*T, error)) (*T, error) {
	if !h.fresh {
		if found, err := find(); err != nil || found != nil {
			return found, err
		}
	}
	for attempt := 1; ; attempt++ {
		made, err := make()
		class := hetzner.Classify(err)
		switch class {
		case hetzner.Conflict, hetzner.Retry, hetzner.Unreachable:
		default:
			return made, err
		}
		if found, findErr := find(); findErr != nil || found != nil {
			return found, findErr
		}
		if class != hetzner.Conflict || attempt == creations {
			return nil, err
		}
	}
}
