package provider

import (
	"context"
	"fmt"
	"net"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"
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

func (a NetworkArgs) identity() (string, map[string]string) { return a.Name, a.Labels }

func (r Network) kind() kind[hcloud.Network] {
	api := &r.cloud.Cloud().Network
	return kind[hcloud.Network]{
		handle: r.handle, called: networkKind, byName: api.GetByName, byID: api.GetByID,
		seen: func(n *hcloud.Network) (int64, map[string]string) { return n.ID, n.Labels },
		relabel: func(ctx context.Context, n *hcloud.Network, labels map[string]string) error {
			_, _, err := api.Update(ctx, n, hcloud.NetworkUpdateOpts{Labels: labels})
			return err
		},
		remove: func(ctx context.Context, id int64) (*hcloud.Response, error) {
			return api.Delete(ctx, &hcloud.Network{ID: id})
		},
	}
}

// Create adopts or makes the network and gives it the subnet if it lacks that.
func (r Network) Create(ctx context.Context, req infer.CreateRequest[NetworkArgs]) (infer.CreateResponse[NetworkState], error) {
	return runCreate(ctx, r.kind(), req, NetworkState{req.Inputs}, r.ensure)
}

func (r Network) ensure(ctx context.Context, in NetworkArgs, _ *NetworkState) (*hcloud.Network, error) {
	network, err := r.kind().ensure(ctx, in, func(ctx context.Context) (*hcloud.Network, []*hcloud.Action, error) {
		opts, err := in.opts()
		if err != nil {
			return nil, nil, err
		}
		made, _, err := r.cloud.Cloud().Network.Create(ctx, opts)
		return made, nil, err
	})
	if err != nil {
		return nil, err
	}
	if got := network.IPRange.String(); got != in.IPRange {
		return nil, fmt.Errorf("the network %s exists with the range %s instead of %s; delete it in the Hetzner console when no server uses it any more",
			in.Name, got, in.IPRange)
	}
	return network, r.addSubnet(ctx, network, in)
}

func (a NetworkArgs) opts() (hcloud.NetworkCreateOpts, error) {
	_, ipRange, err := net.ParseCIDR(a.IPRange)
	if err != nil {
		return hcloud.NetworkCreateOpts{}, err
	}
	subnet, err := subnetOf(a)
	return hcloud.NetworkCreateOpts{Name: a.Name, IPRange: ipRange, Subnets: []hcloud.NetworkSubnet{subnet}, Labels: a.Labels}, err
}

func (r Network) addSubnet(ctx context.Context, network *hcloud.Network, in NetworkArgs) error {
	if hasSubnet(network, in.Subnet) {
		return nil
	}
	subnet, err := subnetOf(in)
	if err != nil {
		return err
	}
	err = r.act(ctx, what("add the subnet of", networkKind, in.Name), func(ctx context.Context) ([]*hcloud.Action, error) {
		return one(r.cloud.Cloud().Network.AddSubnet(ctx, network, hcloud.NetworkAddSubnetOpts{Subnet: subnet}))
	})
	if err != nil {
		// A resent request may have met its own earlier success.
		if now, getErr := r.kind().get(ctx, network.ID, in.Name); getErr == nil && now != nil && hasSubnet(now, in.Subnet) {
			return nil
		}
	}
	return err
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
func (r Network) Update(ctx context.Context, req infer.UpdateRequest[NetworkArgs, NetworkState]) (infer.UpdateResponse[NetworkState], error) {
	return runUpdate(ctx, r.kind(), req, NetworkState{req.Inputs}, r.addSubnet)
}

// Read brings the recorded state up to date; a network that is gone has no ID.
func (r Network) Read(ctx context.Context, req infer.ReadRequest[NetworkArgs, NetworkState]) (infer.ReadResponse[NetworkArgs, NetworkState], error) {
	return runRead(ctx, r.kind(), req, networkState)
}

// Delete removes the network once no server is in it; one that is gone is fine.
func (r Network) Delete(ctx context.Context, req infer.DeleteRequest[NetworkState]) (infer.DeleteResponse, error) {
	return runDelete(ctx, r.kind(), req)
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
