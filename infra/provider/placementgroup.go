package provider

import (
	"context"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"
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

func (a PlacementGroupArgs) identity() (string, map[string]string) { return a.Name, a.Labels }

func (r PlacementGroup) kind() kind[hcloud.PlacementGroup] {
	api := &r.cloud.Cloud().PlacementGroup
	return kind[hcloud.PlacementGroup]{
		handle: r.handle, called: placementGroupKind, byName: api.GetByName, byID: api.GetByID,
		seen: func(g *hcloud.PlacementGroup) (int64, map[string]string) { return g.ID, g.Labels },
		relabel: func(ctx context.Context, g *hcloud.PlacementGroup, labels map[string]string) error {
			_, _, err := api.Update(ctx, g, hcloud.PlacementGroupUpdateOpts{Labels: labels})
			return err
		},
		remove: func(ctx context.Context, id int64) (*hcloud.Response, error) {
			return api.Delete(ctx, &hcloud.PlacementGroup{ID: id})
		},
	}
}

// Create adopts or makes the group.
func (r PlacementGroup) Create(ctx context.Context, req infer.CreateRequest[PlacementGroupArgs]) (infer.CreateResponse[PlacementGroupState], error) {
	return runCreate(ctx, r.kind(), req, PlacementGroupState{req.Inputs}, r.ensure)
}

func (r PlacementGroup) ensure(ctx context.Context, in PlacementGroupArgs, _ *PlacementGroupState) (*hcloud.PlacementGroup, error) {
	return r.kind().ensure(ctx, in, func(ctx context.Context) (*hcloud.PlacementGroup, []*hcloud.Action, error) {
		made, _, err := r.cloud.Cloud().PlacementGroup.Create(ctx, hcloud.PlacementGroupCreateOpts{
			Name: in.Name, Labels: in.Labels, Type: hcloud.PlacementGroupTypeSpread,
		})
		return made.PlacementGroup, []*hcloud.Action{made.Action}, err
	})
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
func (r PlacementGroup) Update(ctx context.Context, req infer.UpdateRequest[PlacementGroupArgs, PlacementGroupState]) (infer.UpdateResponse[PlacementGroupState], error) {
	return runUpdate(ctx, r.kind(), req, PlacementGroupState{req.Inputs})
}

// Read brings the recorded state up to date; a group that is gone has no ID.
func (r PlacementGroup) Read(ctx context.Context, req infer.ReadRequest[PlacementGroupArgs, PlacementGroupState]) (infer.ReadResponse[PlacementGroupArgs, PlacementGroupState], error) {
	return runRead(ctx, r.kind(), req, placementGroupState)
}

// Delete removes the group; one that is gone is fine.
func (r PlacementGroup) Delete(ctx context.Context, req infer.DeleteRequest[PlacementGroupState]) (infer.DeleteResponse, error) {
	return runDelete(ctx, r.kind(), req)
}

func placementGroupState(group *hcloud.PlacementGroup, _ PlacementGroupState) PlacementGroupState {
	return PlacementGroupState{PlacementGroupArgs{Name: group.Name, Labels: group.Labels}}
}
