package provider

import (
	"context"

	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// What Pulumi asks of a resource goes the same way for every kind: nothing is touched on a dry run, the time is bounded, the ID is
// Hetzner's number, and what fails is reported. The kinds bring what is their own as steps.

// inputs are what every kind is given. A state, which embeds them, has the same.
type inputs interface {
	identity() (name string, labels map[string]string)
}

// runCreate brings the resource into the wanted state with ensure, which may add to the planned state what only Hetzner knows.
func runCreate[T, State any, In inputs](ctx context.Context, k kind[T], req infer.CreateRequest[In], planned State,
	ensure func(context.Context, In, *State) (*T, error)) (resp infer.CreateResponse[State], err error) {
	defer k.report(&err)
	resp.Output = planned
	if req.DryRun {
		return resp, nil
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	found, err := ensure(ctx, req.Inputs, &resp.Output)
	if err != nil {
		return resp, err
	}
	id, _ := k.seen(found)
	resp.ID = formatID(id)
	return resp, nil
}

// runUpdate writes the labels that are missing and takes the resource through steps, each of which looks first.
func runUpdate[T, State any, In inputs](ctx context.Context, k kind[T], req infer.UpdateRequest[In, State], planned State,
	steps ...func(context.Context, *T, In) error) (resp infer.UpdateResponse[State], err error) {
	defer k.report(&err)
	resp.Output = planned
	if req.DryRun {
		return resp, nil
	}
	id, err := parseID(k.called, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	name, _ := req.Inputs.identity()
	found, err := k.get(ctx, id, name)
	if err == nil && found == nil {
		err = gone(k.called, name)
	}
	if err != nil {
		return resp, err
	}
	if err := k.label(ctx, found, req.Inputs); err != nil {
		return resp, err
	}
	for _, step := range steps {
		if err := step(ctx, found, req.Inputs); err != nil {
			return resp, err
		}
	}
	return resp, nil
}

// gone is the error for a resource that was to be changed and is not there any more.
func gone(kind, name string) error {
	return &hetzner.Error{What: what("update", kind, name), Class: hetzner.Gone, Cause: "it was deleted meanwhile", Next: "run `up` again, it makes a new one"}
}

// runRead brings the recorded state up to date with what is there now; what is gone has no ID.
func runRead[T, In any, State inputs](ctx context.Context, k kind[T], req infer.ReadRequest[In, State],
	now func(found *T, recorded State) State) (resp infer.ReadResponse[In, State], err error) {
	defer k.report(&err)
	id, err := parseID(k.called, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	name, _ := req.State.identity()
	found, err := k.get(ctx, id, name)
	if err != nil || found == nil {
		return resp, err
	}
	return infer.ReadResponse[In, State]{ID: req.ID, Inputs: req.Inputs, State: now(found, req.State)}, nil
}

// runDelete removes the resource after the steps that make it let go of others; one that is gone is fine.
func runDelete[T any, State inputs](ctx context.Context, k kind[T], req infer.DeleteRequest[State],
	letGo ...func(ctx context.Context, found *T, name string) error) (_ infer.DeleteResponse, err error) {
	defer k.report(&err)
	id, err := parseID(k.called, req.ID)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	name, _ := req.State.identity()
	for _, step := range letGo {
		found, err := k.get(ctx, id, name)
		if err != nil || found == nil {
			return infer.DeleteResponse{}, err
		}
		if err := step(ctx, found, name); err != nil {
			return infer.DeleteResponse{}, err
		}
	}
	return infer.DeleteResponse{}, k.delete(ctx, id, name)
}
