package provider

import (
	"context"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// PlacementGroup spreads up to ten servers over different hosts.
type PlacementGroup struct{ handle }

// PlacementGroupArgs are the inputs of a PlacementGroup, whose type is always "spread".
type PlacementGroupArgs struct {
	Name   string            `pulumi:"name"`
	Labels map[string]string `pulumi:"labels"`
}

// PlacementGroupState is what is recorded of a PlacementGroup.
type PlacementGroupState struct{ PlacementGroupArgs }

const placementGroupKind = "placement group"

// Create adopts or makes the group.
func (r PlacementGroup) Create(ctx context.Context, req infer.CreateRequest[PlacementGroupArgs]) (resp infer.CreateResponse[PlacementGroupState], err error) {
	defer r.report(&err)
	resp.Output = PlacementGroupState{req.Inputs}
	if req.DryRun {
		return resp, nil
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	group, err := r.ensure(ctx, req.Inputs)
	if err != nil {
		return resp, err
	}
	return infer.CreateResponse[PlacementGroupState]{ID: formatID(group.ID), Output: placementGroupState(group)}, nil
}

func (r PlacementGroup) ensure(ctx context.Context, in PlacementGroupArgs) (*hcloud.PlacementGroup, error) {
	return adoptOrMake(r.handle,
		func() (*hcloud.PlacementGroup, error) { return r.find(ctx, in) },
		func() (*hcloud.PlacementGroup, error) { return r.make(ctx, in) })
}

func (r PlacementGroup) make(ctx context.Context, in PlacementGroupArgs) (*hcloud.PlacementGroup, error) {
	var made hcloud.PlacementGroupCreateResult
	verb := what("create", placementGroupKind, in.Name)
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		made, _, err = r.cloud.Cloud().PlacementGroup.Create(ctx, hcloud.PlacementGroupCreateOpts{
			Name: in.Name, Labels: in.Labels, Type: hcloud.PlacementGroupTypeSpread,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	r.done("created", placementGroupKind, made.PlacementGroup.ID)
	return made.PlacementGroup, r.cloud.Wait(ctx, verb, made.Action)
}

func (r PlacementGroup) find(ctx context.Context, in PlacementGroupArgs) (*hcloud.PlacementGroup, error) {
	var group *hcloud.PlacementGroup
	err := r.cloud.Do(ctx, what("look up", placementGroupKind, in.Name), func(ctx context.Context) (err error) {
		group, _, err = r.cloud.Cloud().PlacementGroup.GetByName(ctx, in.Name)
		return err
	})
	if err != nil || group == nil {
		return nil, err
	}
	return group, hetzner.Owned(placementGroupKind, in.Name, group.Labels, in.Labels)
}

// Diff compares what is recorded with what is wanted.
func (r PlacementGroup) Diff(_ context.Context, req infer.DiffRequest[PlacementGroupArgs, PlacementGroupState]) (infer.DiffResponse, error) {
	return placementGroupChanges(req.State, req.Inputs).response(), nil
}

func placementGroupChanges(have PlacementGroupState, want PlacementGroupArgs) changes {
	c := changes{}
	c.replace("name", have.Name != want.Name)
	c.labels(have.Labels, want.Labels)
	return c
}

// Update writes the labels.
func (r PlacementGroup) Update(ctx context.Context, req infer.UpdateRequest[PlacementGroupArgs, PlacementGroupState]) (resp infer.UpdateResponse[PlacementGroupState], err error) {
	defer r.report(&err)
	resp.Output = PlacementGroupState{req.Inputs}
	if req.DryRun {
		return resp, nil
	}
	id, err := parseID(placementGroupKind, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	group, err := mustGet(ctx, r.handle, placementGroupKind, req.Inputs.Name, id, r.cloud.Cloud().PlacementGroup.GetByID)
	if err != nil {
		return resp, err
	}
	return resp, r.cloud.Do(ctx, what("label", placementGroupKind, req.Inputs.Name), func(ctx context.Context) error {
		_, _, err := r.cloud.Cloud().PlacementGroup.Update(ctx, group,
			hcloud.PlacementGroupUpdateOpts{Labels: hetzner.Merged(group.Labels, req.Inputs.Labels)})
		return err
	})
}

// Read brings the recorded state up to date; a group that is gone has no ID.
func (r PlacementGroup) Read(ctx context.Context, req infer.ReadRequest[PlacementGroupArgs, PlacementGroupState]) (resp infer.ReadResponse[PlacementGroupArgs, PlacementGroupState], err error) {
	defer r.report(&err)
	id, err := parseID(placementGroupKind, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	group, err := get(ctx, r.handle, placementGroupKind, req.State.Name, id, r.cloud.Cloud().PlacementGroup.GetByID)
	if err != nil || group == nil {
		return resp, err
	}
	return infer.ReadResponse[PlacementGroupArgs, PlacementGroupState]{ID: req.ID, Inputs: req.Inputs, State: placementGroupState(group)}, nil
}

// Delete removes the group; one that is gone is fine.
func (r PlacementGroup) Delete(ctx context.Context, req infer.DeleteRequest[PlacementGroupState]) (_ infer.DeleteResponse, err error) {
	defer r.report(&err)
	id, err := parseID(placementGroupKind, req.ID)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	err = r.cloud.Do(ctx, what("delete", placementGroupKind, req.State.Name), func(ctx context.Context) error {
		_, err := r.cloud.Cloud().PlacementGroup.Delete(ctx, &hcloud.PlacementGroup{ID: id})
		return err
	}, hetzner.InUse)
	return infer.DeleteResponse{}, r.tolerateGone(err, placementGroupKind, id)
}

func placementGroupState(group *hcloud.PlacementGroup) PlacementGroupState {
	return PlacementGroupState{PlacementGroupArgs{Name: group.Name, Labels: group.Labels}}
}
