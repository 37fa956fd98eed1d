package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// ensure finds or makes the server and takes it through the steps it lacks.
func (r Server) ensure(ctx context.Context, in ServerArgs, want refs) (*hcloud.Server, error) {
	server, err := r.find(ctx, in)
	if err != nil {
		return nil, err
	}
	if server == nil {
		if server, err = r.make(ctx, in, want); err != nil {
			return nil, err
		}
	} else {
		r.done("adopted", serverKind, server.ID)
	}
	if server.ServerType.Name != in.ServerType || server.Location.Name != in.Location {
		return nil, fmt.Errorf("the server %s exists as %s in %s instead of %s in %s, and the state that would allow to replace it is lost; "+
			"set type and location in the county's file to what exists, or delete the server in the Hetzner console",
			in.Name, server.ServerType.Name, server.Location.Name, in.ServerType, in.Location)
	}
	return r.converge(ctx, server.ID, in, want)
}

// make creates the server and names it in the error when Hetzner has no such machine.
func (r Server) make(ctx context.Context, in ServerArgs, want refs) (*hcloud.Server, error) {
	server, err := r.order(ctx, in, want)
	if errors.Is(err, hetzner.ErrSoldOut) {
		return nil, &hetzner.SoldOutError{Machine: in.Name, ServerType: in.ServerType, Location: in.Location, Err: err}
	}
	return server, err
}

// order creates the server switched off, so that its network is there before it boots for the first time: cloud-init only
// configures the interfaces it sees then.
func (r Server) order(ctx context.Context, in ServerArgs, want refs) (*hcloud.Server, error) {
	verb := what("create", serverKind, in.Name)
	var made hcloud.ServerCreateResult
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		made, _, err = r.cloud.Cloud().Server.Create(ctx, createOpts(in, want))
		return err
	})
	if hetzner.Classify(err) == hetzner.Conflict {
		// A resent request meets its own earlier success.
		if server, findErr := r.find(ctx, in); findErr != nil || server != nil {
			return server, findErr
		}
	}
	if err != nil {
		return nil, err
	}
	r.done("created", serverKind, made.Server.ID)
	return made.Server, r.cloud.Wait(ctx, verb, append(made.NextActions, made.Action)...)
}

func createOpts(in ServerArgs, want refs) hcloud.ServerCreateOpts {
	opts := hcloud.ServerCreateOpts{
		Name:             in.Name,
		ServerType:       &hcloud.ServerType{Name: in.ServerType},
		Image:            &hcloud.Image{Name: in.Image},
		Location:         &hcloud.Location{Name: in.Location},
		SSHKeys:          want.sshKeys,
		UserData:         in.UserData,
		StartAfterCreate: hcloud.Ptr(false),
		Labels:           in.Labels,
		Firewalls:        []*hcloud.ServerCreateFirewall{{Firewall: hcloud.Firewall{ID: want.firewall}}},
		PublicNet: &hcloud.ServerCreatePublicNet{
			EnableIPv4: true, IPv4: &hcloud.PrimaryIP{ID: want.ipv4},
			EnableIPv6: want.ipv6 != 0,
		},
	}
	if want.ipv6 != 0 {
		opts.PublicNet.IPv6 = &hcloud.PrimaryIP{ID: want.ipv6}
	}
	if want.placementGroup != 0 {
		opts.PlacementGroup = &hcloud.PlacementGroup{ID: want.placementGroup}
	}
	return opts
}

// find looks the name up and insists that it is ours; one that is being deleted is waited out.
func (r Server) find(ctx context.Context, in ServerArgs) (*hcloud.Server, error) {
	var server *hcloud.Server
	err := r.cloud.Do(ctx, what("look up", serverKind, in.Name), func(ctx context.Context) (err error) {
		server, _, err = r.cloud.Cloud().Server.GetByName(ctx, in.Name)
		return err
	})
	if err != nil || server == nil {
		return nil, err
	}
	if err := hetzner.Owned(serverKind, in.Name, server.Labels, in.Labels); err != nil {
		return nil, err
	}
	if server.Status == hcloud.ServerStatusDeleting {
		return nil, r.untilGone(ctx, server.ID, in.Name)
	}
	return server, nil
}

// converge takes the server from wherever it is to: addresses assigned, in the network, behind the firewall, running. Each
// step looks first, so that this is the path of a new server, of a resumed one and of a repair.
func (r Server) converge(ctx context.Context, id int64, in ServerArgs, want refs) (*hcloud.Server, error) {
	server, err := r.settled(ctx, id, in.Name)
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context, *hcloud.Server, ServerArgs, refs) (changed bool, err error){
		r.assignAddresses, r.attachNetwork, r.applyFirewall, r.powerOn,
	} {
		changed, err := step(ctx, server, in, want)
		if err != nil {
			return nil, err
		}
		if !changed {
			continue
		}
		if server, err = r.settled(ctx, id, in.Name); err != nil {
			return nil, err
		}
	}
	return server, nil
}

// settled waits until the server is off or running and nothing is being done to it.
func (r Server) settled(ctx context.Context, id int64, name string) (server *hcloud.Server, err error) {
	err = r.cloud.Until(ctx, what("wait for", serverKind, name), func(ctx context.Context) (bool, error) {
		server, err = r.get(ctx, id, name)
		if err != nil {
			return false, err
		}
		if server == nil || server.Status == hcloud.ServerStatusDeleting {
			return false, fmt.Errorf("the server %s was deleted while it was being set up; run `up` again to make a new one", name)
		}
		resting := server.Status == hcloud.ServerStatusOff || server.Status == hcloud.ServerStatusRunning
		return resting && !server.Locked, nil
	})
	return server, err
}

// assignAddresses gives the server the primary IPs it should have and takes others away, for which it must be off.
func (r Server) assignAddresses(ctx context.Context, server *hcloud.Server, in ServerArgs, want refs) (bool, error) {
	changed := false
	for _, address := range []struct{ have, want int64 }{
		{server.PublicNet.IPv4.ID, want.ipv4},
		{server.PublicNet.IPv6.ID, want.ipv6},
	} {
		if address.have == address.want {
			continue
		}
		if !changed {
			if err := r.powerOff(ctx, server, in.Name); err != nil {
				return false, err
			}
		}
		changed = true
		if err := r.exchange(ctx, server, in.Name, address.have, address.want); err != nil {
			return false, err
		}
	}
	return changed, nil
}

// exchange puts the primary IP want in the place of have; either may be 0, which is none.
func (r Server) exchange(ctx context.Context, server *hcloud.Server, name string, have, want int64) error {
	if have != 0 {
		if err := r.dropAddress(ctx, name, have); err != nil {
			return err
		}
	}
	if want == 0 {
		return nil
	}
	verb := what("assign the primary IP of", serverKind, name)
	var action *hcloud.Action
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		action, _, err = r.cloud.Cloud().PrimaryIP.Assign(ctx, hcloud.PrimaryIPAssignOpts{ID: want, AssigneeID: server.ID, AssigneeType: "server"})
		if err != nil && r.assignedTo(ctx, want, server.ID) {
			return nil
		}
		return err
	}, hetzner.InUse)
	if err != nil {
		return err
	}
	return r.cloud.Wait(ctx, verb, action)
}

// dropAddress takes a primary IP off the server. One that was made along with the server has nobody else to delete it.
func (r Server) dropAddress(ctx context.Context, name string, id int64) error {
	ip, err := get(ctx, r.handle, primaryIPKind, name, id, r.cloud.Cloud().PrimaryIP.GetByID)
	if err != nil || ip == nil {
		return err
	}
	if err := r.unassign(ctx, ip, name); err != nil || !ip.AutoDelete {
		return err
	}
	err = r.cloud.Do(ctx, what("delete the automatic primary IP of", serverKind, name), func(ctx context.Context) error {
		_, err := r.cloud.Cloud().PrimaryIP.Delete(ctx, ip)
		return err
	}, hetzner.InUse)
	return r.tolerateGone(err, primaryIPKind, id)
}

// attachNetwork puts the server into the network at its fixed address.
func (r Server) attachNetwork(ctx context.Context, server *hcloud.Server, in ServerArgs, want refs) (bool, error) {
	if attachedAt(server, want.network, in.PrivateIP) {
		return false, nil
	}
	network := &hcloud.Network{ID: want.network}
	if server.PrivateNetFor(network) != nil {
		if err := r.detach(ctx, server, in, network); err != nil {
			return false, err
		}
	}
	verb := what("attach the network to", serverKind, in.Name)
	var action *hcloud.Action
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		action, _, err = r.cloud.Cloud().Server.AttachToNetwork(ctx, server, hcloud.ServerAttachToNetworkOpts{Network: network, IP: want.privateIP})
		return err
	}, hetzner.InUse) // the address may belong to a server that is just being deleted
	if hcloud.IsError(err, hcloud.ErrorCodeServerAlreadyAttached) {
		return true, nil // a resent request meets its own earlier success; settled waits for its action
	}
	if err != nil {
		return false, err
	}
	return true, r.cloud.Wait(ctx, verb, action)
}

func (r Server) detach(ctx context.Context, server *hcloud.Server, in ServerArgs, network *hcloud.Network) error {
	verb := what("detach the network from", serverKind, in.Name)
	var action *hcloud.Action
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		action, _, err = r.cloud.Cloud().Server.DetachFromNetwork(ctx, server, hcloud.ServerDetachFromNetworkOpts{Network: network})
		return err
	})
	if err != nil {
		return err
	}
	return r.cloud.Wait(ctx, verb, action)
}

// applyFirewall puts the server behind the firewall.
func (r Server) applyFirewall(ctx context.Context, server *hcloud.Server, in ServerArgs, want refs) (bool, error) {
	if protectedBy(server, want.firewall) {
		return false, nil
	}
	verb := what("apply the firewall to", serverKind, in.Name)
	var actions []*hcloud.Action
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		actions, _, err = r.cloud.Cloud().Firewall.ApplyResources(ctx, &hcloud.Firewall{ID: want.firewall}, []hcloud.FirewallResource{
			{Type: hcloud.FirewallResourceTypeServer, Server: &hcloud.FirewallResourceServer{ID: server.ID}},
		})
		return err
	})
	if hcloud.IsError(err, hcloud.ErrorCodeFirewallAlreadyApplied) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, r.cloud.Wait(ctx, verb, actions...)
}

// powerOn boots the server if it is off.
func (r Server) powerOn(ctx context.Context, server *hcloud.Server, in ServerArgs, _ refs) (bool, error) {
	if server.Status == hcloud.ServerStatusRunning {
		return false, nil
	}
	verb := what("power on", serverKind, in.Name)
	var action *hcloud.Action
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		action, _, err = r.cloud.Cloud().Server.Poweron(ctx, server)
		return err
	})
	if err != nil {
		return false, err
	}
	return true, r.cloud.Wait(ctx, verb, action)
}

func (r Server) powerOff(ctx context.Context, server *hcloud.Server, name string) error {
	if server.Status == hcloud.ServerStatusOff {
		return nil
	}
	verb := what("power off", serverKind, name)
	var action *hcloud.Action
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		action, _, err = r.cloud.Cloud().Server.Poweroff(ctx, server)
		return err
	})
	if err != nil {
		return err
	}
	return r.cloud.Wait(ctx, verb, action)
}

// attachedAt reports whether the server has the address in the network.
func attachedAt(server *hcloud.Server, network int64, address string) bool {
	attached := server.PrivateNetFor(&hcloud.Network{ID: network})
	return attached != nil && attached.IP.String() == address
}

// protectedBy reports whether the firewall is in force, or about to be, for the server.
func protectedBy(server *hcloud.Server, firewall int64) bool {
	return slices.ContainsFunc(server.PublicNet.Firewalls, func(s *hcloud.ServerFirewallStatus) bool {
		return s.Firewall.ID == firewall
	})
}
