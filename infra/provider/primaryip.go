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

func (a PrimaryIPArgs) identity() (string, map[string]string) { return a.Name, a.Labels }

func (h handle) primaryIPs() kind[hcloud.PrimaryIP] {
	api := &h.cloud.Cloud().PrimaryIP
	return kind[hcloud.PrimaryIP]{
		handle: h, called: primaryIPKind, byName: api.GetByName, byID: api.GetByID,
		seen: func(ip *hcloud.PrimaryIP) (int64, map[string]string) { return ip.ID, ip.Labels },
		relabel: func(ctx context.Context, ip *hcloud.PrimaryIP, labels map[string]string) error {
			_, _, err := api.Update(ctx, ip, hcloud.PrimaryIPUpdateOpts{Labels: &labels})
			return err
		},
		remove: func(ctx context.Context, id int64) (*hcloud.Response, error) {
			return api.Delete(ctx, &hcloud.PrimaryIP{ID: id})
		},
	}
}

// Create adopts or makes the address and sets its reverse name.
func (r PrimaryIP) Create(ctx context.Context, req infer.CreateRequest[PrimaryIPArgs]) (infer.CreateResponse[PrimaryIPState], error) {
	return runCreate(ctx, r.primaryIPs(), req, PrimaryIPState{PrimaryIPArgs: req.Inputs}, r.ensure)
}

func (r PrimaryIP) ensure(ctx context.Context, in PrimaryIPArgs, state *PrimaryIPState) (*hcloud.PrimaryIP, error) {
	ip, err := r.primaryIPs().ensure(ctx, in, func(ctx context.Context) (*hcloud.PrimaryIP, []*hcloud.Action, error) {
		made, _, err := r.cloud.Cloud().PrimaryIP.Create(ctx, hcloud.PrimaryIPCreateOpts{
			Name: in.Name, Type: hcloud.PrimaryIPType(in.Type), Location: in.Location, AssigneeType: "server",
			AutoDelete: hcloud.Ptr(false), Labels: in.Labels,
		})
		if err != nil {
			return nil, nil, err
		}
		return made.PrimaryIP, []*hcloud.Action{made.Action}, nil
	})
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
	state.Address = addressOf(ip).String()
	return ip, r.reverse(ctx, ip, in)
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
	return r.act(ctx, what("set the reverse name of", primaryIPKind, in.Name), func(ctx context.Context) ([]*hcloud.Action, error) {
		return one(r.cloud.Cloud().PrimaryIP.ChangeDNSPtr(ctx, hcloud.PrimaryIPChangeDNSPtrOpts{ID: ip.ID, IP: address, DNSPtr: in.ReverseName}))
	})
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
func (r PrimaryIP) Update(ctx context.Context, req infer.UpdateRequest[PrimaryIPArgs, PrimaryIPState]) (infer.UpdateResponse[PrimaryIPState], error) {
	return runUpdate(ctx, r.primaryIPs(), req, PrimaryIPState{PrimaryIPArgs: req.Inputs, Address: req.State.Address}, r.reverse)
}

// Read brings the recorded state up to date; an address that is gone has no ID.
func (r PrimaryIP) Read(ctx context.Context, req infer.ReadRequest[PrimaryIPArgs, PrimaryIPState]) (infer.ReadResponse[PrimaryIPArgs, PrimaryIPState], error) {
	return runRead(ctx, r.primaryIPs(), req, primaryIPState)
}

// Delete releases the address, taking it off its server first; one that is gone is fine.
func (r PrimaryIP) Delete(ctx context.Context, req infer.DeleteRequest[PrimaryIPState]) (infer.DeleteResponse, error) {
	return runDelete(ctx, r.primaryIPs(), req, r.unassign)
}

// unassign takes the address off its server, which must be off. A server that is just being deleted lets go by itself.
func (h handle) unassign(ctx context.Context, ip *hcloud.PrimaryIP, name string) error {
	if ip.AssigneeID == 0 {
		return nil
	}
	return h.act(ctx, what("unassign", primaryIPKind, name), func(ctx context.Context) ([]*hcloud.Action, error) {
		current, _, err := h.cloud.Cloud().PrimaryIP.GetByID(ctx, ip.ID)
		if err != nil || current == nil || current.AssigneeID == 0 {
			return nil, err
		}
		actions, err := one(h.cloud.Cloud().PrimaryIP.Unassign(ctx, ip.ID))
		if err != nil && h.assignedTo(ctx, ip.ID, 0) {
			return nil, nil
		}
		return actions, err
	}, hetzner.InUse)
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
