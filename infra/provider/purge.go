package provider

import (
	"context"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Purge deletes resources that no state knows, as listed by hetzner.Client.Managed, in the order in which they let go of each other:
// DNS records, servers, addresses, firewalls, networks, the rest. It stops at the first error, which may be the guard's. Kinds that
// kreisraum never makes stay.
func Purge(ctx context.Context, cfg Config, found []hetzner.Resource) error {
	h := newHandle(cfg)
	for _, step := range []struct {
		kind   string
		remove func(context.Context, string, string) error
	}{
		{"rrset", func(ctx context.Context, id, _ string) error {
			_, err := Record{h}.Delete(ctx, infer.DeleteRequest[RecordState]{ID: id})
			return err
		}},
		{"server", func(ctx context.Context, id, name string) error {
			_, err := Server{h}.Delete(ctx, infer.DeleteRequest[ServerState]{ID: id, State: ServerState{Name: name}})
			return err
		}},
		{"primary_ip", func(ctx context.Context, id, name string) error {
			_, err := PrimaryIP{h}.Delete(ctx, infer.DeleteRequest[PrimaryIPState]{ID: id, State: PrimaryIPState{PrimaryIPArgs: PrimaryIPArgs{Name: name}}})
			return err
		}},
		{"firewall", func(ctx context.Context, id, name string) error {
			_, err := Firewall{h}.Delete(ctx, infer.DeleteRequest[FirewallState]{ID: id, State: FirewallState{FirewallArgs{Name: name}}})
			return err
		}},
		{"network", func(ctx context.Context, id, name string) error {
			_, err := Network{h}.Delete(ctx, infer.DeleteRequest[NetworkState]{ID: id, State: NetworkState{NetworkArgs{Name: name}}})
			return err
		}},
		{"placement_group", func(ctx context.Context, id, name string) error {
			_, err := PlacementGroup{h}.Delete(ctx, infer.DeleteRequest[PlacementGroupState]{ID: id, State: PlacementGroupState{PlacementGroupArgs{Name: name}}})
			return err
		}},
		{"ssh_key", func(ctx context.Context, id, name string) error {
			_, err := SSHKey{h}.Delete(ctx, infer.DeleteRequest[SSHKeyState]{ID: id, State: SSHKeyState{SSHKeyArgs: SSHKeyArgs{Name: name}}})
			return err
		}},
		{"image", h.removeImage},
	} {
		for _, r := range found {
			if r.Kind != step.kind {
				continue
			}
			if err := step.remove(ctx, r.Key(), r.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeImage deletes a snapshot; one that is gone is fine.
func (h handle) removeImage(ctx context.Context, key, name string) error {
	id, err := parseID(imageKind, key)
	if err != nil {
		return err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	api := &h.cloud.Cloud().Image
	snapshots := kind[hcloud.Image]{handle: h, called: imageKind, remove: func(ctx context.Context, id int64) (*hcloud.Response, error) {
		return api.Delete(ctx, &hcloud.Image{ID: id})
	}}
	return snapshots.delete(ctx, id, name)
}

const imageKind = "snapshot"
