package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// SSHKey is the operator's public key, injected into servers when they are made.
type SSHKey struct{ handle }

// SSHKeyArgs are the inputs of an SSHKey.
type SSHKeyArgs struct {
	Name      string            `pulumi:"name"`
	PublicKey string            `pulumi:"publicKey"`
	Labels    map[string]string `pulumi:"labels"`
}

// SSHKeyState is what is recorded of an SSHKey.
type SSHKeyState struct {
	SSHKeyArgs
	Fingerprint string `pulumi:"fingerprint"`
}

const sshKeyKind = "SSH key"

func (a SSHKeyArgs) identity() (string, map[string]string) { return a.Name, a.Labels }

func (r SSHKey) kind() kind[hcloud.SSHKey] {
	api := &r.cloud.Cloud().SSHKey
	return kind[hcloud.SSHKey]{
		handle: r.handle, called: sshKeyKind, byName: api.GetByName, byID: api.GetByID,
		seen: func(key *hcloud.SSHKey) (int64, map[string]string) { return key.ID, key.Labels },
		relabel: func(ctx context.Context, key *hcloud.SSHKey, labels map[string]string) error {
			_, _, err := api.Update(ctx, key, hcloud.SSHKeyUpdateOpts{Labels: labels})
			return err
		},
		remove: func(ctx context.Context, id int64) (*hcloud.Response, error) {
			return api.Delete(ctx, &hcloud.SSHKey{ID: id})
		},
	}
}

// Create adopts or makes the key. An own key of the same name with other content is left over from a lost operator's home;
// it is replaced, because keys are only read when a server is made.
func (r SSHKey) Create(ctx context.Context, req infer.CreateRequest[SSHKeyArgs]) (infer.CreateResponse[SSHKeyState], error) {
	return runCreate(ctx, r.kind(), req, SSHKeyState{SSHKeyArgs: req.Inputs}, r.ensure)
}

func (r SSHKey) ensure(ctx context.Context, in SSHKeyArgs, state *SSHKeyState) (*hcloud.SSHKey, error) {
	key, err := adoptOrMake(r.handle,
		func() (*hcloud.SSHKey, error) { return r.usable(ctx, in) },
		func() (*hcloud.SSHKey, error) { return r.make(ctx, in) })
	if hetzner.Classify(err) == hetzner.Conflict {
		return nil, r.takenElsewhere(ctx, in, err)
	}
	if err == nil {
		*state = sshKeyState(key, *state)
	}
	return key, err
}

func (r SSHKey) make(ctx context.Context, in SSHKeyArgs) (*hcloud.SSHKey, error) {
	return r.kind().make(ctx, in.Name, func(ctx context.Context) (*hcloud.SSHKey, []*hcloud.Action, error) {
		made, _, err := r.cloud.Cloud().SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: in.Name, PublicKey: in.PublicKey, Labels: in.Labels})
		return made, nil, err
	})
}

// usable is the key of that name. One of ours with other content makes room.
func (r SSHKey) usable(ctx context.Context, in SSHKeyArgs) (*hcloud.SSHKey, error) {
	key, err := r.kind().find(ctx, in.Name, in.Labels)
	if err != nil || key == nil || sameKey(key.PublicKey, in.PublicKey) {
		return key, err
	}
	return nil, r.kind().delete(ctx, key.ID, in.Name)
}

// takenElsewhere names the key that has the same content under another name; the API allows each content once per project.
func (r SSHKey) takenElsewhere(ctx context.Context, in SSHKeyArgs, conflict error) error {
	all, err := r.cloud.Cloud().SSHKey.All(ctx)
	if err != nil {
		return conflict
	}
	for _, other := range all {
		if sameKey(other.PublicKey, in.PublicKey) {
			return fmt.Errorf("the operator's SSH key is already in this Hetzner project under the name %s, and Hetzner takes each key once; "+
				"delete it there in the Hetzner console, or give the county a key or a project of its own", other.Name)
		}
	}
	return conflict
}

// Diff compares what is recorded with what is wanted.
func (r SSHKey) Diff(_ context.Context, req infer.DiffRequest[SSHKeyArgs, SSHKeyState]) (infer.DiffResponse, error) {
	return sshKeyChanges(req.State, req.Inputs).response(), nil
}

func sshKeyChanges(have SSHKeyState, want SSHKeyArgs) changes {
	c := changes{}
	c.replace("name", have.Name != want.Name)
	c.replace("publicKey", !sameKey(have.PublicKey, want.PublicKey))
	c.labels(have.Labels, want.Labels)
	return c
}

// Update writes the labels.
func (r SSHKey) Update(ctx context.Context, req infer.UpdateRequest[SSHKeyArgs, SSHKeyState]) (infer.UpdateResponse[SSHKeyState], error) {
	return runUpdate(ctx, r.kind(), req, SSHKeyState{SSHKeyArgs: req.Inputs, Fingerprint: req.State.Fingerprint})
}

// Read brings the recorded state up to date; a key that is gone has no ID.
func (r SSHKey) Read(ctx context.Context, req infer.ReadRequest[SSHKeyArgs, SSHKeyState]) (infer.ReadResponse[SSHKeyArgs, SSHKeyState], error) {
	return runRead(ctx, r.kind(), req, sshKeyState)
}

// Delete removes the key; one that is gone is fine.
func (r SSHKey) Delete(ctx context.Context, req infer.DeleteRequest[SSHKeyState]) (infer.DeleteResponse, error) {
	return runDelete(ctx, r.kind(), req)
}

func sshKeyState(key *hcloud.SSHKey, _ SSHKeyState) SSHKeyState {
	return SSHKeyState{
		SSHKeyArgs:  SSHKeyArgs{Name: key.Name, PublicKey: key.PublicKey, Labels: key.Labels},
		Fingerprint: key.Fingerprint,
	}
}

// sameKey compares type and key of two lines in OpenSSH format; the comment does not matter.
func sameKey(a, b string) bool { return keyFields(a) == keyFields(b) }

func keyFields(line string) string {
	fields := strings.Fields(line)
	return strings.Join(fields[:min(2, len(fields))], " ")
}
