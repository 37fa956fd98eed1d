package provider

import (
	"context"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// kind is a kind of resource that Hetzner knows by name and by number: what all of them can do, whatever else they are. T is hcloud-go's
// type of it.
type kind[T any] struct {
	handle
	// called is what people call it, for example "primary IP".
	called string
	// seen reads what every resource has.
	seen   func(*T) (id int64, labels map[string]string)
	byName func(context.Context, string) (*T, *hcloud.Response, error)
	byID   func(context.Context, int64) (*T, *hcloud.Response, error)
	// relabel writes all labels anew.
	relabel func(context.Context, *T, map[string]string) error
	// remove asks for the end. Nil for servers, whose end takes steps of its own.
	remove func(context.Context, int64) (*hcloud.Response, error)
}

// find looks the name up and insists that what it finds is ours; nil if there is none.
func (k kind[T]) find(ctx context.Context, name string, want map[string]string) (found *T, err error) {
	err = k.cloud.Do(ctx, what("look up", k.called, name), func(ctx context.Context) (err error) {
		found, _, err = k.byName(ctx, name)
		return err
	})
	if err != nil || found == nil {
		return nil, err
	}
	_, have := k.seen(found)
	return found, hetzner.Owned(k.called, name, have, want)
}

// get reads a resource; nil if it is gone.
func (k kind[T]) get(ctx context.Context, id int64, name string) (found *T, err error) {
	err = k.cloud.Do(ctx, what("read", k.called, name), func(ctx context.Context) (err error) {
		found, _, err = k.byID(ctx, id)
		return err
	})
	return found, err
}

// ensure adopts the resource of that name, or asks for it with send.
func (k kind[T]) ensure(ctx context.Context, in inputs, send func(context.Context) (*T, []*hcloud.Action, error)) (*T, error) {
	name, want := in.identity()
	return adoptOrMake(k.handle,
		func() (*T, error) { return k.find(ctx, name, want) },
		func() (*T, error) { return k.make(ctx, name, send) })
}

// make asks for a resource and waits until it is ready.
func (k kind[T]) make(ctx context.Context, name string, send func(context.Context) (*T, []*hcloud.Action, error)) (*T, error) {
	verb := what("create", k.called, name)
	var made *T
	var actions []*hcloud.Action
	err := k.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		made, actions, err = send(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	id, _ := k.seen(made)
	k.done("created", k.called, id)
	return made, k.cloud.Wait(ctx, verb, actions...)
}

// label gives the resource the labels that it lacks, and leaves those that others added.
func (k kind[T]) label(ctx context.Context, found *T, in inputs) error {
	name, want := in.identity()
	_, have := k.seen(found)
	if hetzner.Covers(have, want) {
		return nil
	}
	return k.cloud.Do(ctx, what("label", k.called, name), func(ctx context.Context) error {
		return k.relabel(ctx, found, hetzner.Merged(have, want))
	})
}

// delete removes the resource once nothing uses it any more; one that is gone is fine.
func (k kind[T]) delete(ctx context.Context, id int64, name string) error {
	err := k.cloud.Do(ctx, what("delete", k.called, name), func(ctx context.Context) error {
		_, err := k.remove(ctx, id)
		return err
	}, hetzner.InUse)
	return k.tolerateGone(err, k.called, id)
}

// tolerateGone makes a deletion of what is gone a success.
func (h handle) tolerateGone(err error, kind string, id int64) error {
	if err == nil {
		h.done("deleted", kind, id)
		return nil
	}
	if hetzner.Classify(err) == hetzner.Gone {
		return nil
	}
	return err
}
