package provider

import (
	"context"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// byID is hcloud-go's way to read a resource; nil if there is none.
type byID[T any] func(context.Context, int64) (*T, *hcloud.Response, error)

// get reads a resource; nil if it is gone.
func get[T any](ctx context.Context, h handle, kind, name string, id int64, read byID[T]) (found *T, err error) {
	err = h.cloud.Do(ctx, what("read", kind, name), func(ctx context.Context) (err error) {
		found, _, err = read(ctx, id)
		return err
	})
	return found, err
}

// mustGet reads a resource that is about to be changed.
func mustGet[T any](ctx context.Context, h handle, kind, name string, id int64, read byID[T]) (*T, error) {
	found, err := get(ctx, h, kind, name, id, read)
	if err == nil && found == nil {
		err = gone(kind, name)
	}
	return found, err
}

// gone is the error for a resource that was to be changed and is not there any more.
func gone(kind, name string) error {
	return &hetzner.Error{What: what("update", kind, name), Class: hetzner.Gone, Cause: "it was deleted meanwhile", Next: "run `up` again, it makes a new one"}
}
