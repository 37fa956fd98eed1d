package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// ensure finds or makes the server and takes it through the steps it lacks. One that was made and then vanished, or never came to life,
// is made anew.
func (r Server) ensure(ctx context.Context, in ServerArgs, want refs) (*hcloud.Server, error) {
	for attempt := 1; ; attempt++ {
		server, err := adoptOrMake(r.handle,
			func() (*hcloud.Server, error) { return r.find(ctx, in) },
			func() (*hcloud.Server, error) { return r.order(ctx, in, want) })
		if err == nil {
			if err = sameMachine(server, in); err != nil {
				return nil, err
			}
			server, err = r.converge(ctx, server, in, want)
		}
		if errors.Is(err, errVanished) && attempt < creations {
			r.log.Warn("a new server vanished and is made anew", slog.String("kind", serverKind), slog.Any("error", err))
			continue
		}
		if errors.Is(err, hetzner.ErrSoldOut) || hetzner.Classify(err) == hetzner.Placement {
			return nil, &hetzner.SoldOutError{Machine: in.Name, ServerType: in.ServerType, Location: in.Location, Err: err}
		}
		return server, err
	}
}

// errVanished says that a server is gone before it ever ran.
var errVanished = errors.New("the server is gone before it ever ran")

// sameMachine refuses a server that was found and is another than the one that is wanted.
func sameMachine(server *hcloud.Server, in ServerArgs) error {
	if server.ServerType.Name == in.ServerType && server.Location.Name == in.Location {
		return nil
	}
	return fmt.Errorf("the server %s exists as %s in %s instead of %s in %s, and the state that would allow to change it is lost; "+
		"set type and location in the county's file to what exists and run `up`, then change them; or delete the server in the Hetzner console",
		in.Name, server.ServerType.Name, server.Location.Name, in.ServerType, in.Location)
}

// order creates the server switched off, so that its network is there before it boots for the first time: cloud-init only
// configures the interfaces it sees then.
//
// An action that fails after the server was visible is a refusal that came late: the server goes by itself, or is removed here.
func (r Server) order(ctx context.Context, in ServerArgs, want refs) (*hcloud.Server, error) {
	verb := what("create", serverKind, in.Name)
	var made hcloud.ServerCreateResult
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		made, _, err = r.cloud.Cloud().Server.Create(ctx, createOpts(in, want))
		return err
	})
	if err != nil {
		return nil, err
	}
	r.done("created", serverKind, made.Server.ID)
	bounded, cancel := context.WithTimeout(ctx, r.stuck)
	defer cancel()
	err = r.cloud.Wait(bounded, verb, append(made.NextActions, made.Action)...)
	switch {
	case err == nil:
		made.Server.Status, made.Server.Locked = hcloud.ServerStatusOff, false // as ordered; the last step of converge looks
		return made.Server, nil
	case ctx.Err() != nil, hetzner.Classify(err) == hetzner.Unreachable:
		return nil, err
	}
	if removeErr := r.removeStuck(ctx, made.Server.ID, in.Name); removeErr != nil {
		return nil, removeErr
	}
	if errors.Is(err, hetzner.ErrSoldOut) || hetzner.Classify(err) == hetzner.Placement {
		return nil, err
	}
	return nil, fmt.Errorf("%w: %w", errVanished, err)
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

// find looks the name up and insists that it is ours. One that is being deleted is waited out, and one that has been in the making for
// too long is removed: it never ran.
func (r Server) find(ctx context.Context, in ServerArgs) (*hcloud.Server, error) {
	server, err := r.kind().find(ctx, in.Name, in.Labels)
	if err != nil || server == nil {
		return nil, err
	}
	if server.Status == hcloud.ServerStatusDeleting {
		return nil, r.untilGone(ctx, server.ID, in.Name)
	}
	server, err = r.settled(ctx, server, in.Name)
	if errors.Is(err, errVanished) {
		return nil, nil
	}
	return server, err
}

// rounds bounds how often converge goes through its steps; the second one finds nothing to do, unless somebody else is at work too.
const rounds = 4

// converge takes the server from wherever it is to: of the right type, addresses assigned, in the network, behind the firewall, running.
// Each step looks first, so that this is the path of a new server, of a resumed one and of a repair. What a step did is noted on the
// server as it was read, and once all are through it is read again: only what Hetzner says counts.
func (r Server) converge(ctx context.Context, server *hcloud.Server, in ServerArgs, want refs) (*hcloud.Server, error) {
	for range rounds {
		changed := false
		for _, step := range []func(context.Context, *hcloud.Server, ServerArgs, refs) (changed bool, err error){
			r.resize, r.assignAddresses, r.attachNetwork, r.applyFirewall, r.powerOn,
		} {
			did, err := step(ctx, server, in, want)
			if hetzner.Classify(err) == hetzner.Gone {
				return nil, fmt.Errorf("%w: %w", errVanished, err)
			}
			if err != nil {
				return nil, err
			}
			changed = changed || did
		}
		if !changed {
			return server, nil
		}
		var err error
		if server, err = r.read(ctx, server.ID, in.Name); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("the server %s does not stay as it is set up; somebody else is at work on it in the Hetzner console or with the "+
		"same token. Run `up` again when they are done", in.Name)
}

// read reads the server once nothing is being done to it.
func (r Server) read(ctx context.Context, id int64, name string) (*hcloud.Server, error) {
	server, err := r.kind().get(ctx, id, name)
	if err == nil && server == nil {
		err = fmt.Errorf("%s: %w", what("read", serverKind, name), errVanished)
	}
	if err != nil {
		return nil, err
	}
	return r.settled(ctx, server, name)
}

// settled waits until the server is off or running and nothing is being done to it. Its actions are waited for first, which costs less
// than asking for the server again and again. One that is in the making for longer than r.stuck never ran: it is removed. Returns
// errVanished when there is none left.
func (r Server) settled(ctx context.Context, server *hcloud.Server, name string) (*hcloud.Server, error) {
	if resting(server) {
		return server, nil
	}
	verb, id := what("wait for", serverKind, name), server.ID
	bounded, cancel := ctx, func() {}
	if server.Status == hcloud.ServerStatusInitializing {
		bounded, cancel = context.WithTimeout(ctx, r.stuck)
	}
	defer cancel()
	err := r.actionsOf(bounded, server, name)
	if err == nil {
		err = r.cloud.Until(bounded, verb, func(ctx context.Context) (bool, error) {
			now, err := r.kind().get(ctx, id, name)
			if err == nil && (now == nil || now.Status == hcloud.ServerStatusDeleting) {
				err = fmt.Errorf("%s: %w", verb, errVanished)
			}
			if err != nil {
				return false, err
			}
			server = now
			return resting(now), nil
		})
	}
	switch {
	case err == nil:
		return server, nil
	case errors.Is(err, errVanished), ctx.Err() != nil, bounded.Err() == nil, server.Status != hcloud.ServerStatusInitializing:
		return nil, err
	}
	r.log.Warn("a server was in the making for too long and is removed", slog.String("kind", serverKind), slog.Int64("id", id), slog.Duration("after", r.stuck))
	if err := r.removeStuck(ctx, id, name); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("%s: %w", verb, errVanished)
}

// removeStuck removes a server that never ran. Hetzner does not let it go as long as it is at work on it.
func (r Server) removeStuck(ctx context.Context, id int64, name string) error {
	err := r.remove(ctx, id, name)
	if hcloud.IsError(err, hcloud.ErrorCodeLocked) {
		return &hetzner.Error{
			What: what("create", serverKind, name), Class: hetzner.Retry, Cause: "Hetzner has been making it for long, and keeps it locked meanwhile",
			Next: "run `up` again later, it goes on from there; if it stays so for an hour, tell Hetzner's support the server's number " + formatID(id),
		}
	}
	return err
}

func resting(server *hcloud.Server) bool {
	return (server.Status == hcloud.ServerStatusOff || server.Status == hcloud.ServerStatusRunning) && !server.Locked
}

// actionsOf waits until what is being done to the server has ended, well or not: the server itself tells what came of it.
func (r Server) actionsOf(ctx context.Context, server *hcloud.Server, name string) error {
	verb := what("wait for", serverKind, name)
	var actions []*hcloud.Action
	err := r.cloud.Do(ctx, verb, func(ctx context.Context) (err error) {
		actions, _, err = r.cloud.Cloud().Server.Action.ListFor(ctx, server, hcloud.ActionListOpts{Status: []hcloud.ActionStatus{hcloud.ActionStatusRunning}})
		return err
	})
	if err != nil {
		return err
	}
	if err := r.cloud.Wait(ctx, verb, actions...); ctx.Err() != nil {
		return err
	}
	return nil
}

// assignAddresses gives the server the primary IPs it should have and takes others away, for which it must be off.
func (r Server) assignAddresses(ctx context.Context, server *hcloud.Server, in ServerArgs, want refs) (bool, error) {
	changed := false
	for _, address := range []struct {
		have *int64
		want int64
	}{
		{&server.PublicNet.IPv4.ID, want.ipv4},
		{&server.PublicNet.IPv6.ID, want.ipv6},
	} {
		if *address.have == address.want {
			continue
		}
		if err := r.powerOff(ctx, server, in.Name); err != nil {
			return false, err
		}
		if err := r.exchange(ctx, server, in.Name, *address.have, address.want); err != nil {
			return false, err
		}
		*address.have, changed = address.want, true
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
	return r.act(ctx, what("assign the primary IP of", serverKind, name), func(ctx context.Context) ([]*hcloud.Action, error) {
		actions, err := one(r.cloud.Cloud().PrimaryIP.Assign(ctx, hcloud.PrimaryIPAssignOpts{ID: want, AssigneeID: server.ID, AssigneeType: "server"}))
		if err != nil && r.assignedTo(ctx, want, server.ID) {
			return nil, nil
		}
		return actions, err
	}, hetzner.InUse)
}

// dropAddress takes a primary IP off the server. One that was made along with the server has nobody else to delete it.
func (r Server) dropAddress(ctx context.Context, name string, id int64) error {
	ip, err := r.primaryIPs().get(ctx, id, name)
	if err != nil || ip == nil {
		return err
	}
	if err := r.unassign(ctx, ip, name); err != nil || !ip.AutoDelete {
		return err
	}
	ip.AssigneeID = 0
	return r.dropLeaked(ctx, name, id)
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
	err := r.act(ctx, what("attach the network to", serverKind, in.Name), func(ctx context.Context) ([]*hcloud.Action, error) {
		return one(r.cloud.Cloud().Server.AttachToNetwork(ctx, server, hcloud.ServerAttachToNetworkOpts{Network: network, IP: want.privateIP}))
	}, hetzner.InUse) // the address may belong to a server that is just being deleted
	if hcloud.IsError(err, hcloud.ErrorCodeServerAlreadyAttached) {
		return r.reread(ctx, server, in.Name) // a resent request met its own earlier success, whose action may still run
	}
	if err != nil {
		return false, err
	}
	server.PrivateNet = append(server.PrivateNet, hcloud.ServerPrivateNet{Network: network, IP: want.privateIP})
	return true, nil
}

// reread brings what is known of the server up to date.
func (r Server) reread(ctx context.Context, server *hcloud.Server, name string) (changed bool, err error) {
	now, err := r.read(ctx, server.ID, name)
	if err == nil {
		*server = *now
	}
	return true, err
}

func (r Server) detach(ctx context.Context, server *hcloud.Server, in ServerArgs, network *hcloud.Network) error {
	err := r.act(ctx, what("detach the network from", serverKind, in.Name), func(ctx context.Context) ([]*hcloud.Action, error) {
		return one(r.cloud.Cloud().Server.DetachFromNetwork(ctx, server, hcloud.ServerDetachFromNetworkOpts{Network: network}))
	})
	if err != nil {
		return err
	}
	server.PrivateNet = slices.DeleteFunc(server.PrivateNet, func(n hcloud.ServerPrivateNet) bool { return n.Network.ID == network.ID })
	return nil
}

// applyFirewall puts the server behind the firewall.
func (r Server) applyFirewall(ctx context.Context, server *hcloud.Server, in ServerArgs, want refs) (bool, error) {
	if protectedBy(server, want.firewall) {
		return false, nil
	}
	err := r.act(ctx, what("apply the firewall to", serverKind, in.Name), func(ctx context.Context) ([]*hcloud.Action, error) {
		return several(r.cloud.Cloud().Firewall.ApplyResources(ctx, &hcloud.Firewall{ID: want.firewall}, []hcloud.FirewallResource{
			{Type: hcloud.FirewallResourceTypeServer, Server: &hcloud.FirewallResourceServer{ID: server.ID}},
		}))
	})
	if hcloud.IsError(err, hcloud.ErrorCodeFirewallAlreadyApplied) {
		return r.reread(ctx, server, in.Name)
	}
	if err != nil {
		return false, err
	}
	server.PublicNet.Firewalls = append(server.PublicNet.Firewalls, &hcloud.ServerFirewallStatus{Firewall: hcloud.Firewall{ID: want.firewall}})
	return true, nil
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
