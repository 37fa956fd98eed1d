package provider

import (
	"context"
	"fmt"
	"net"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Network is a private network with its one subnet.
type Network struct{ handle }

// NetworkArgs are the inputs of a Network.
type NetworkArgs struct {
	Name string `pulumi:"name"`
	// IPRange of the whole network and Subnet within it, both IPv4 CIDR.
	IPRange string `pulumi:"ipRange"`
	Subnet  string `pulumi:"subnet"`
	// Zone of the subnet, for example "eu-central".
	Zone   string            `pulumi:"zone"`
	Labels map[string]string `pulumi:"labels"`
}

// NetworkState is what is recorded of a Network.
type NetworkState struct{ NetworkArgs }

const networkKind = "network"

// Create adopts or makes the network and gives it the subnet if it lacks that.
func (r Network) Create(ctx context.Context, req infer.CreateRequest[NetworkArgs]) (resp infer.CreateResponse[NetworkState], err error) {
	defer r.report(&err)
	resp.Output = NetworkState{req.Inputs}
	if req.DryRun {
		return resp, nil
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	network, err := r.ensure(ctx, req.Inputs)
	if err != nil {
		return resp, err
	}
	resp.ID = formatID(network.ID)
	resp.Output.Labels = network.Labels
	return resp, nil
}

func (r Network) ensure(ctx context.Context, in NetworkArgs) (*hcloud.Network, error) {
	network, err := adoptOrMake(r.handle,
		func() (*hcloud.Network, error) { return r.find(ctx, in) },
		func() (*hcloud.Network, error) { return r.make(ctx, in) })
	if err != nil {
		return nil, err
	}
	if got := network.IPRange.String(); got != in.IPRange {
		return nil, fmt.Errorf("the network %s exists with the range %s instead of %s; delete it in the Hetzner console when no server uses it any more",
			in.Name, got, in.IPRange)
	}
	return network, r.addSubnet(ctx, network, in)
}

func (r Network) make(ctx context.Context, in NetworkArgs) (*hcloud.Network, error) {
	_, ipRange, err := net.ParseCIDR(in.IPRange)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what("create", networkKind, in.Name), err)
	}
	subnet, err := subnetOf(in)
	if err != nil {
		return nil, err
	}
	var made *hcloud.Network
	err = r.cloud.Do(ctx, what("create", networkKind, in.Name), func(ctx context.Context) (err error) {
		made, _, err = r.cloud.Cloud().Network.Create(ctx, hcloud.NetworkCreateOpts{
			Name: in.Name, IPRange: ipRange, Subnets: []hcloud.NetworkSubnet{subnet}, Labels: in.Labels,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	r.done("created", networkKind, made.ID)
	return made, nil
}

func (r Network) addSubnet(ctx context.Context, network *hcloud.Network, in NetworkArgs) error {
	if hasSubnet(network, in.Subnet) {
		return nil
	}
	subnet, err := subnetOf(in)
	if err != nil {
		return err
	}
	verb := what("add the subnet of", networkKind, in.Name)
	var action *hcloud.Action
	err = r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		action, _, err = r.cloud.Cloud().Network.AddSubnet(ctx, network, hcloud.NetworkAddSubnetOpts{Subnet: subnet})
		return err
	})
	if err != nil {
		// A resent request may have met its own earlier success.
		if now, getErr := get(ctx, r.handle, networkKind, in.Name, network.ID, r.cloud.Cloud().Network.GetByID); getErr == nil && now != nil && hasSubnet(now, in.Subnet) {
			return nil
		}
		return err
	}
	return r.cloud.Wait(ctx, verb, action)
}

func (r Network) find(ctx context.Context, in NetworkArgs) (*hcloud.Network, error) {
	var network *hcloud.Network
	err := r.cloud.Do(ctx, what("look up", networkKind, in.Name), func(ctx context.Context) (err error) {
		network, _, err = r.cloud.Cloud().Network.GetByName(ctx, in.Name)
		return err
	})
	if err != nil || network == nil {
		return nil, err
	}
	return network, hetzner.Owned(networkKind, in.Name, network.Labels, in.Labels)
}

// Diff compares what is recorded with what is wanted.
func (r Network) Diff(_ context.Context, req infer.DiffRequest[NetworkArgs, NetworkState]) (infer.DiffResponse, error) {
	return networkChanges(req.State, req.Inputs).response(), nil
}

func networkChanges(have NetworkState, want NetworkArgs) changes {
	c := changes{}
	c.replace("name", have.Name != want.Name)
	c.replace("ipRange", have.IPRange != want.IPRange)
	c.inPlace("subnet", have.Subnet, want.Subnet)
	c.replace("zone", have.Zone != want.Zone)
	c.labels(have.Labels, want.Labels)
	return c
}

// networkState is the recorded state with what the network is now.
func networkState(network *hcloud.Network, recorded NetworkState) NetworkState {
	state := recorded
	state.Labels = network.Labels
	if !hasSubnet(network, state.Subnet) {
		state.Subnet = ""
	}
	return state
}

// Update writes the labels and adds a missing subnet.
func (r Network) Update(ctx context.Context, req infer.UpdateRequest[NetworkArgs, NetworkState]) (resp infer.UpdateResponse[NetworkState], err error) {
	defer r.report(&err)
	resp.Output = NetworkState{req.Inputs}
	if req.DryRun {
		return resp, nil
	}
	id, err := parseID(networkKind, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	network, err := mustGet(ctx, r.handle, networkKind, req.Inputs.Name, id, r.cloud.Cloud().Network.GetByID)
	if err != nil {
		return resp, err
	}
	err = r.cloud.Do(ctx, what("label", networkKind, req.Inputs.Name), func(ctx context.Context) (err error) {
		_, _, err = r.cloud.Cloud().Network.Update(ctx, network, hcloud.NetworkUpdateOpts{Labels: hetzner.Merged(network.Labels, req.Inputs.Labels)})
		return err
	})
	if err != nil {
		return resp, err
	}
	return resp, r.addSubnet(ctx, network, req.Inputs)
}

// Read brings the recorded state up to date; a network that is gone has no ID.
func (r Network) Read(ctx context.Context, req infer.ReadRequest[NetworkArgs, NetworkState]) (resp infer.ReadResponse[NetworkArgs, NetworkState], err error) {
	defer r.report(&err)
	id, err := parseID(networkKind, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	network, err := get(ctx, r.handle, networkKind, req.State.Name, id, r.cloud.Cloud().Network.GetByID)
	if err != nil || network == nil {
		return resp, err
	}
	return infer.ReadResponse[NetworkArgs, NetworkState]{ID: req.ID, Inputs: req.Inputs, State: networkState(network, req.State)}, nil
}

// Delete removes the network once no server is in it; one that is gone is fine.
func (r Network) Delete(ctx context.Context, req infer.DeleteRequest[NetworkState]) (_ infer.DeleteResponse, err error) {
	defer r.report(&err)
	id, err := parseID(networkKind, req.ID)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	err = r.cloud.Do(ctx, what("delete", networkKind, req.State.Name), func(ctx context.Context) error {
		_, err := r.cloud.Cloud().Network.Delete(ctx, &hcloud.Network{ID: id})
		return err
	}, hetzner.InUse)
	return infer.DeleteResponse{}, r.tolerateGone(err, networkKind, id)
}

func hasSubnet(network *hcloud.Network, cidr string) bool {
	for _, s := range network.Subnets {
		if s.IPRange != nil && s.IPRange.String() == cidr {
			return true
		}
	}
	return false
}

func subnetOf(in NetworkArgs) (hcloud.NetworkSubnet, error) {
	_, ipRange, err := net.ParseCIDR(in.Subnet)
	if err != nil {
		return hcloud.NetworkSubnet{}, fmt.Errorf("subnet of network %s: %w", in.Name, err)
	}
	return hcloud.NetworkSubnet{Type: hcloud.NetworkSubnetTypeCloud, IPRange: ipRange, NetworkZone: hcloud.NetworkZone(in.Zone)}, nil
}
