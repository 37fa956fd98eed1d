package provider

import (
	"context"
	"fmt"
	"net"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// PrimaryIP is an address of its own, so that it and its DNS record outlive the server that uses it.
type PrimaryIP struct{ handle }

// PrimaryIPArgs are the inputs of a PrimaryIP. It is never deleted with its server.
type PrimaryIPArgs struct {
	Name string `pulumi:"name"`
	// Type is "ipv4" or "ipv6".
	Type     string `pulumi:"type"`
	Location string `pulumi:"location"`
	// ReverseName is the PTR record of Address. Empty: left as it is.
	ReverseName string            `pulumi:"reverseName,optional"`
	Labels      map[string]string `pulumi:"labels"`
}

// PrimaryIPState is what is recorded of a PrimaryIP.
type PrimaryIPState struct {
	PrimaryIPArgs
	// Address of the machine: the IPv4 address, or the ::1 of the IPv6 network.
	Address string `pulumi:"address"`
}

const primaryIPKind = "primary IP"

// Create adopts or makes the address and sets its reverse name.
func (r PrimaryIP) Create(ctx context.Context, req infer.CreateRequest[PrimaryIPArgs]) (resp infer.CreateResponse[PrimaryIPState], err error) {
	defer r.report(&err)
	resp.Output = PrimaryIPState{PrimaryIPArgs: req.Inputs}
	if req.DryRun {
		return resp, nil
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	ip, err := r.ensure(ctx, req.Inputs)
	if err != nil {
		return resp, err
	}
	resp.ID = formatID(ip.ID)
	resp.Output.Address = addressOf(ip).String()
	return resp, nil
}

func (r PrimaryIP) ensure(ctx context.Context, in PrimaryIPArgs) (*hcloud.PrimaryIP, error) {
	ip, err := adoptOrMake(r.handle,
		func() (*hcloud.PrimaryIP, error) { return r.find(ctx, in) },
		func() (*hcloud.PrimaryIP, error) { return r.make(ctx, in) })
	if err != nil {
		return nil, err
	}
	if string(ip.Type) != in.Type || ip.Location.Name != in.Location {
		return nil, fmt.Errorf("the primary IP %s exists as %s in %s instead of %s in %s; put that location first in the county's file, "+
			"or delete the address in the Hetzner console if its DNS record may change", in.Name, ip.Type, ip.Location.Name, in.Type, in.Location)
	}
	if err := r.keep(ctx, ip, in); err != nil {
		return nil, err
	}
	return ip, r.reverse(ctx, ip, in)
}

func (r PrimaryIP) make(ctx context.Context, in PrimaryIPArgs) (*hcloud.PrimaryIP, error) {
	verb := what("create", primaryIPKind, in.Name)
	var made *hcloud.PrimaryIPCreateResult
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		made, _, err = r.cloud.Cloud().PrimaryIP.Create(ctx, hcloud.PrimaryIPCreateOpts{
			Name: in.Name, Type: hcloud.PrimaryIPType(in.Type), Location: in.Location, AssigneeType: "server",
			AutoDelete: hcloud.Ptr(false), Labels: in.Labels,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	r.done("created", primaryIPKind, made.PrimaryIP.ID)
	return made.PrimaryIP, r.cloud.Wait(ctx, verb, made.Action)
}

// keep makes sure that an adopted address is not deleted with its server.
func (r PrimaryIP) keep(ctx context.Context, ip *hcloud.PrimaryIP, in PrimaryIPArgs) error {
	if !ip.AutoDelete {
		return nil
	}
	return r.cloud.Do(ctx, what("keep", primaryIPKind, in.Name), func(ctx context.Context) error {
		_, _, err := r.cloud.Cloud().PrimaryIP.Update(ctx, ip, hcloud.PrimaryIPUpdateOpts{AutoDelete: hcloud.Ptr(false)})
		return err
	})
}

// reverse sets the PTR record if it differs.
func (r PrimaryIP) reverse(ctx context.Context, ip *hcloud.PrimaryIP, in PrimaryIPArgs) error {
	address := addressOf(ip).String()
	if in.ReverseName == "" || ip.DNSPtr[address] == in.ReverseName {
		return nil
	}
	verb := what("set the reverse name of", primaryIPKind, in.Name)
	var action *hcloud.Action
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		action, _, err = r.cloud.Cloud().PrimaryIP.ChangeDNSPtr(ctx, hcloud.PrimaryIPChangeDNSPtrOpts{ID: ip.ID, IP: address, DNSPtr: in.ReverseName})
		return err
	})
	if err != nil {
		return err
	}
	return r.cloud.Wait(ctx, verb, action)
}

func (r PrimaryIP) find(ctx context.Context, in PrimaryIPArgs) (*hcloud.PrimaryIP, error) {
	var ip *hcloud.PrimaryIP
	err := r.cloud.Do(ctx, what("look up", primaryIPKind, in.Name), func(ctx context.Context) (err error) {
		ip, _, err = r.cloud.Cloud().PrimaryIP.GetByName(ctx, in.Name)
		return err
	})
	if err != nil || ip == nil {
		return nil, err
	}
	return ip, hetzner.Owned(primaryIPKind, in.Name, ip.Labels, in.Labels)
}

// Diff compares what is recorded with what is wanted.
func (r PrimaryIP) Diff(_ context.Context, req infer.DiffRequest[PrimaryIPArgs, PrimaryIPState]) (infer.DiffResponse, error) {
	return primaryIPChanges(req.State, req.Inputs).response(), nil
}

func primaryIPChanges(have PrimaryIPState, want PrimaryIPArgs) changes {
	c := changes{}
	c.replace("name", have.Name != want.Name)
	c.replace("type", have.Type != want.Type)
	c.replace("location", have.Location != want.Location)
	c.update("reverseName", want.ReverseName != "" && have.ReverseName != want.ReverseName)
	c.labels(have.Labels, want.Labels)
	return c
}

// primaryIPState is the recorded state with what the address is now.
func primaryIPState(ip *hcloud.PrimaryIP, recorded PrimaryIPState) PrimaryIPState {
	state := recorded
	state.Labels = ip.Labels
	state.Address = addressOf(ip).String()
	if state.ReverseName != "" {
		state.ReverseName = ip.DNSPtr[state.Address]
	}
	return state
}

// Update writes labels and reverse name.
func (r PrimaryIP) Update(ctx context.Context, req infer.UpdateRequest[PrimaryIPArgs, PrimaryIPState]) (resp infer.UpdateResponse[PrimaryIPState], err error) {
	defer r.report(&err)
	resp.Output = PrimaryIPState{PrimaryIPArgs: req.Inputs, Address: req.State.Address}
	if req.DryRun {
		return resp, nil
	}
	id, err := parseID(primaryIPKind, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	ip, err := mustGet(ctx, r.handle, primaryIPKind, req.Inputs.Name, id, r.cloud.Cloud().PrimaryIP.GetByID)
	if err != nil {
		return resp, err
	}
	labels := hetzner.Merged(ip.Labels, req.Inputs.Labels)
	err = r.cloud.Do(ctx, what("label", primaryIPKind, req.Inputs.Name), func(ctx context.Context) (err error) {
		_, _, err = r.cloud.Cloud().PrimaryIP.Update(ctx, ip, hcloud.PrimaryIPUpdateOpts{Labels: &labels})
		return err
	})
	if err != nil {
		return resp, err
	}
	return resp, r.reverse(ctx, ip, req.Inputs)
}

// Read brings the recorded state up to date; an address that is gone has no ID.
func (r PrimaryIP) Read(ctx context.Context, req infer.ReadRequest[PrimaryIPArgs, PrimaryIPState]) (resp infer.ReadResponse[PrimaryIPArgs, PrimaryIPState], err error) {
	defer r.report(&err)
	id, err := parseID(primaryIPKind, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	ip, err := get(ctx, r.handle, primaryIPKind, req.State.Name, id, r.cloud.Cloud().PrimaryIP.GetByID)
	if err != nil || ip == nil {
		return resp, err
	}
	return infer.ReadResponse[PrimaryIPArgs, PrimaryIPState]{ID: req.ID, Inputs: req.Inputs, State: primaryIPState(ip, req.State)}, nil
}

// Delete releases the address, taking it off its server first; one that is gone is fine.
func (r PrimaryIP) Delete(ctx context.Context, req infer.DeleteRequest[PrimaryIPState]) (_ infer.DeleteResponse, err error) {
	defer r.report(&err)
	id, err := parseID(primaryIPKind, req.ID)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	name := req.State.Name
	ip, err := get(ctx, r.handle, primaryIPKind, name, id, r.cloud.Cloud().PrimaryIP.GetByID)
	if err != nil || ip == nil {
		return infer.DeleteResponse{}, err
	}
	if err := r.unassign(ctx, ip, name); err != nil {
		return infer.DeleteResponse{}, err
	}
	err = r.cloud.Do(ctx, what("delete", primaryIPKind, name), func(ctx context.Context) error {
		_, err := r.cloud.Cloud().PrimaryIP.Delete(ctx, ip)
		return err
	}, hetzner.InUse)
	return infer.DeleteResponse{}, r.tolerateGone(err, primaryIPKind, id)
}

// unassign takes the address off its server, which must be off. A server that is just being deleted lets go by itself.
func (h handle) unassign(ctx context.Context, ip *hcloud.PrimaryIP, name string) error {
	if ip.AssigneeID == 0 {
		return nil
	}
	verb := what("unassign", primaryIPKind, name)
	var action *hcloud.Action
	err := h.cloud.Do(ctx, verb, func(ctx context.Context) error {
		current, _, err := h.cloud.Cloud().PrimaryIP.GetByID(ctx, ip.ID)
		if err != nil || current == nil || current.AssigneeID == 0 {
			return err
		}
		action, _, err = h.cloud.Cloud().PrimaryIP.Unassign(ctx, ip.ID)
		if err != nil && h.assignedTo(ctx, ip.ID, 0) {
			return nil
		}
		return err
	}, hetzner.InUse)
	if err != nil {
		return err
	}
	return h.cloud.Wait(ctx, verb, action)
}

// assignedTo looks whether a refused request was a resent one that met its own earlier success.
func (h handle) assignedTo(ctx context.Context, id, server int64) bool {
	ip, _, err := h.cloud.Cloud().PrimaryIP.GetByID(ctx, id)
	return err == nil && ip != nil && ip.AssigneeID == server
}

// addressOf is the address a machine uses: of an IPv6 network its ::1.
func addressOf(ip *hcloud.PrimaryIP) net.IP {
	if ip.Type != hcloud.PrimaryIPTypeIPv6 {
		return ip.IP
	}
	base := ip.IP
	if ip.Network != nil {
		base = ip.Network.IP
	}
	first := make(net.IP, net.IPv6len)
	copy(first, base.To16())
	first[net.IPv6len-1] |= 1
	return first
}
