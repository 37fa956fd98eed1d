package provider

import (
	"context"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// act sends a request that may be repeated, and waits for the actions that it starts. Errors of the classes also are waited out too.
func (h handle) act(ctx context.Context, verb string, send func(context.Context) ([]*hcloud.Action, error), also ...hetzner.Class) error {
	var actions []*hcloud.Action
	err := h.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		actions, err = send(ctx)
		return err
	}, also...)
	if err != nil {
		return err
	}
	return h.cloud.Wait(ctx, verb, actions...)
}

// one and several are what hcloud-go answers to such a request.
func one(action *hcloud.Action, _ *hcloud.Response, err error) ([]*hcloud.Action, error) {
	return []*hcloud.Action{action}, err
}

func several(actions []*hcloud.Action, _ *hcloud.Response, err error) ([]*hcloud.Action, error) {
	return actions, err
}
