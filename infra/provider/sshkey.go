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

// Create adopts or makes the key. An own key of the same name with other content is left over from a lost operator's home;
// it is replaced, because keys are only read when a server is made.
func (r SSHKey) Create(ctx context.Context, req infer.CreateRequest[SSHKeyArgs]) (resp infer.CreateResponse[SSHKeyState], err error) {
	defer r.report(&err)
	if req.DryRun {
		return infer.CreateResponse[SSHKeyState]{Output: SSHKeyState{SSHKeyArgs: req.Inputs}}, nil
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	key, err := r.ensure(ctx, req.Inputs)
	if err != nil {
		return resp, err
	}
	return infer.CreateResponse[SSHKeyState]{ID: formatID(key.ID), Output: sshKeyState(key)}, nil
}

func (r SSHKey) ensure(ctx context.Context, in SSHKeyArgs) (*hcloud.SSHKey, error) {
	key, err := adoptOrMake(r.handle,
		func() (*hcloud.SSHKey, error) { return r.usable(ctx, in) },
		func() (*hcloud.SSHKey, error) { return r.make(ctx, in) })
	if hetzner.Classify(err) == hetzner.Conflict {
		return nil, r.takenElsewhere(ctx, in, err)
	}
	return key, err
}

func (r SSHKey) make(ctx context.Context, in SSHKeyArgs) (*hcloud.SSHKey, error) {
	var made *hcloud.SSHKey
	err := r.cloud.Do(ctx, what("create", sshKeyKind, in.Name), func(ctx context.Context) (err error) {
		made, _, err = r.cloud.Cloud().SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: in.Name, PublicKey: in.PublicKey, Labels: in.Labels})
		return err
	})
	if err != nil {
		return nil, err
	}
	r.done("created", sshKeyKind, made.ID)
	return made, nil
}

// usable is the key of that name. One of ours with other content makes room.
func (r SSHKey) usable(ctx context.Context, in SSHKeyArgs) (*hcloud.SSHKey, error) {
	key, err := r.find(ctx, in)
	if err != nil || key == nil || sameKey(key.PublicKey, in.PublicKey) {
		return key, err
	}
	return nil, r.remove(ctx, key.ID, in.Name)
}

// find looks the name up and insists that it is ours.
func (r SSHKey) find(ctx context.Context, in SSHKeyArgs) (*hcloud.SSHKey, error) {
	var key *hcloud.SSHKey
	err := r.cloud.Do(ctx, what("look up", sshKeyKind, in.Name), func(ctx context.Context) (err error) {
		key, _, err = r.cloud.Cloud().SSHKey.GetByName(ctx, in.Name)
		return err
	})
	if err != nil || key == nil {
		return nil, err
	}
	return key, hetzner.Owned(sshKeyKind, in.Name, key.Labels, in.Labels)
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
func (r SSHKey) Update(ctx context.Context, req infer.UpdateRequest[SSHKeyArgs, SSHKeyState]) (resp infer.UpdateResponse[SSHKeyState], err error) {
	defer r.report(&err)
	resp.Output = SSHKeyState{SSHKeyArgs: req.Inputs, Fingerprint: req.State.Fingerprint}
	if req.DryRun {
		return resp, nil
	}
	id, err := parseID(sshKeyKind, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	key, err := mustGet(ctx, r.handle, sshKeyKind, req.Inputs.Name, id, r.cloud.Cloud().SSHKey.GetByID)
	if err != nil {
		return resp, err
	}
	return resp, r.cloud.Do(ctx, what("label", sshKeyKind, req.Inputs.Name), func(ctx context.Context) error {
		_, _, err := r.cloud.Cloud().SSHKey.Update(ctx, key, hcloud.SSHKeyUpdateOpts{Labels: hetzner.Merged(key.Labels, req.Inputs.Labels)})
		return err
	})
}

// Read brings the recorded state up to date; a key that is gone has no ID.
func (r SSHKey) Read(ctx context.Context, req infer.ReadRequest[SSHKeyArgs, SSHKeyState]) (resp infer.ReadResponse[SSHKeyArgs, SSHKeyState], err error) {
	defer r.report(&err)
	id, err := parseID(sshKeyKind, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	key, err := get(ctx, r.handle, sshKeyKind, req.State.Name, id, r.cloud.Cloud().SSHKey.GetByID)
	if err != nil || key == nil {
		return resp, err
	}
	return infer.ReadResponse[SSHKeyArgs, SSHKeyState]{ID: req.ID, Inputs: req.Inputs, State: sshKeyState(key)}, nil
}

// Delete removes the key; one that is gone is fine.
func (r SSHKey) Delete(ctx context.Context, req infer.DeleteRequest[SSHKeyState]) (_ infer.DeleteResponse, err error) {
	defer r.report(&err)
	id, err := parseID(sshKeyKind, req.ID)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	return infer.DeleteResponse{}, r.remove(ctx, id, req.State.Name)
}

func (r SSHKey) remove(ctx context.Context, id int64, name string) error {
	err := r.cloud.Do(ctx, what("delete", sshKeyKind, name), func(ctx context.Context) error {
		_, err := r.cloud.Cloud().SSHKey.Delete(ctx, &hcloud.SSHKey{ID: id})
		return err
	})
	return r.tolerateGone(err, sshKeyKind, id)
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

func sshKeyState(key *hcloud.SSHKey) SSHKeyState {
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
