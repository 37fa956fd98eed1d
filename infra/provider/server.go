package provider

import (
	"context"
	"errors"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

// Server is a machine with its own primary IPs, a fixed private address and a firewall.
type Server struct{ handle }

// ServerArgs are the inputs of a Server. IDs are those of the other resources.
type ServerArgs struct {
	Name       string `pulumi:"name"`
	ServerType string `pulumi:"serverType"`
	Location   string `pulumi:"location"`

	// Image, UserData, SSHKeys and PlacementGroup are read when the server is made. A later change is no difference: none of
	// them is worth destroying a machine that runs.
	Image          string   `pulumi:"image"`
	UserData       string   `pulumi:"userData" provider:"secret"`
	SSHKeys        []string `pulumi:"sshKeys"`
	PlacementGroup string   `pulumi:"placementGroup,optional"`

	// Network and PrivateIP, the fixed address in it.
	Network   string `pulumi:"network"`
	PrivateIP string `pulumi:"privateIp"`
	Firewall  string `pulumi:"firewall"`
	// PrimaryIPv4 and PrimaryIPv6 are the public addresses; without the latter the server has no IPv6.
	PrimaryIPv4 string            `pulumi:"primaryIpv4"`
	PrimaryIPv6 string            `pulumi:"primaryIpv6,optional"`
	Labels      map[string]string `pulumi:"labels"`
}

// ServerState is what is recorded of a Server. Empty Network, Firewall or primary IP: the server lost it and gets it back.
type ServerState struct {
	Name        string            `pulumi:"name"`
	ServerType  string            `pulumi:"serverType"`
	Location    string            `pulumi:"location"`
	Network     string            `pulumi:"network"`
	PrivateIP   string            `pulumi:"privateIp"`
	Firewall    string            `pulumi:"firewall"`
	PrimaryIPv4 string            `pulumi:"primaryIpv4"`
	PrimaryIPv6 string            `pulumi:"primaryIpv6,optional"`
	Labels      map[string]string `pulumi:"labels"`
	Running     bool              `pulumi:"running"`
}

const serverKind = "server"

func (a ServerArgs) identity() (string, map[string]string) { return a.Name, a.Labels }

func (r Server) kind() kind[hcloud.Server] {
	api := &r.cloud.Cloud().Server
	return kind[hcloud.Server]{
		handle: r.handle, called: serverKind, byName: api.GetByName, byID: api.GetByID,
		seen: func(s *hcloud.Server) (int64, map[string]string) { return s.ID, s.Labels },
		relabel: func(ctx context.Context, s *hcloud.Server, labels map[string]string) error {
			_, _, err := api.Update(ctx, s, hcloud.ServerUpdateOpts{Labels: labels})
			return err
		},
	}
}

// Create adopts or makes the server and takes it through the steps it lacks until it runs.
func (r Server) Create(ctx context.Context, req infer.CreateRequest[ServerArgs]) (resp infer.CreateResponse[ServerState], err error) {
	defer r.report(&err)
	resp.Output = wantedServer(req.Inputs)
	if req.DryRun {
		return resp, nil
	}
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	want, err := parseRefs(req.Inputs)
	if err != nil {
		return resp, err
	}
	server, err := r.ensure(ctx, req.Inputs, want)
	if err != nil {
		return resp, err
	}
	resp.ID = formatID(server.ID)
	return resp, nil
}

// Diff compares what is recorded with what is wanted; see ServerArgs for what is deliberately left out. Only another type makes it ask
// Hetzner: whether the machine's disk fits into it.
func (r Server) Diff(ctx context.Context, req infer.DiffRequest[ServerArgs, ServerState]) (infer.DiffResponse, error) {
	c := serverChanges(req.State, req.Inputs)
	if id, err := parseID(serverKind, req.ID); err == nil && c["serverType"].Kind == p.Update && !r.fits(ctx, id, req.State.Name, req.Inputs.ServerType) {
		c.replace("serverType", true)
	}
	return c.response(), nil
}

func serverChanges(have ServerState, want ServerArgs) changes {
	c := changes{}
	c.replace("name", have.Name != want.Name)
	if Architecture(have.ServerType) == Architecture(want.ServerType) {
		c.update("serverType", have.ServerType != want.ServerType)
	} else {
		c.replace("serverType", true)
	}
	c.replace("location", have.Location != want.Location)
	c.update("network", have.Network != want.Network)
	c.update("privateIp", have.PrivateIP != want.PrivateIP)
	c.update("firewall", have.Firewall != want.Firewall)
	c.inPlace("primaryIpv4", have.PrimaryIPv4, want.PrimaryIPv4)
	c.update("primaryIpv6", have.PrimaryIPv6 != want.PrimaryIPv6) // the name people use has an IPv4 address anyway
	c.labels(have.Labels, want.Labels)
	if !have.Running {
		c["running"] = p.PropertyDiff{Kind: p.Update}
	}
	return c
}

// Update writes labels and takes the server through the steps it lacks.
func (r Server) Update(ctx context.Context, req infer.UpdateRequest[ServerArgs, ServerState]) (resp infer.UpdateResponse[ServerState], err error) {
	defer r.report(&err)
	resp.Output = wantedServer(req.Inputs)
	if req.DryRun {
		return resp, nil
	}
	id, err := parseID(serverKind, req.ID)
	if err != nil {
		return resp, err
	}
	want, err := parseRefs(req.Inputs)
	if err != nil {
		return resp, err
	}
	ctx, cancel := context.WithTimeout(ctx, serverPatience)
	defer cancel()
	server, err := r.read(ctx, id, req.Inputs.Name)
	if errors.Is(err, errVanished) {
		return resp, gone(serverKind, req.Inputs.Name)
	}
	if err != nil {
		return resp, err
	}
	if err := r.kind().label(ctx, server, req.Inputs); err != nil {
		return resp, err
	}
	_, err = r.converge(ctx, server, req.Inputs, want)
	return resp, err
}

// Read brings the recorded state up to date; a server that is gone has no ID. Type and location stay as recorded: what
// somebody changed by hand must not make the next `up` destroy the machine.
func (r Server) Read(ctx context.Context, req infer.ReadRequest[ServerArgs, ServerState]) (resp infer.ReadResponse[ServerArgs, ServerState], err error) {
	defer r.report(&err)
	id, err := parseID(serverKind, req.ID)
	if err != nil {
		return resp, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	server, err := r.kind().get(ctx, id, req.State.Name)
	if err != nil || server == nil || server.Status == hcloud.ServerStatusDeleting {
		return resp, err
	}
	return infer.ReadResponse[ServerArgs, ServerState]{ID: req.ID, Inputs: req.Inputs, State: observed(server, req.State)}, nil
}

// observed is the recorded state with what the server lost blanked out.
func observed(server *hcloud.Server, recorded ServerState) ServerState {
	state := recorded
	state.Labels = server.Labels
	state.Running = server.Status == hcloud.ServerStatusRunning || server.Status == hcloud.ServerStatusStarting
	if id, err := parseID(networkKind, recorded.Network); err != nil || !attachedAt(server, id, recorded.PrivateIP) {
		state.Network = ""
	}
	if id, err := parseID(firewallKind, recorded.Firewall); err != nil || !protectedBy(server, id) {
		state.Firewall = ""
	}
	if formatID(server.PublicNet.IPv4.ID) != recorded.PrimaryIPv4 {
		state.PrimaryIPv4 = ""
	}
	state.PrimaryIPv6 = ""
	if id := server.PublicNet.IPv6.ID; id != 0 { // also one that an older state knows nothing of
		state.PrimaryIPv6 = formatID(id)
	}
	return state
}

// Delete removes the server and returns once it is gone, because only then its name and addresses are free. Addresses that Hetzner made
// along with it, which carry no label, go too.
func (r Server) Delete(ctx context.Context, req infer.DeleteRequest[ServerState]) (_ infer.DeleteResponse, err error) {
	defer r.report(&err)
	id, err := parseID(serverKind, req.ID)
	if err != nil {
		return infer.DeleteResponse{}, err
	}
	ctx, cancel := withPatience(ctx)
	defer cancel()
	server, err := r.kind().get(ctx, id, req.State.Name)
	if err != nil || server == nil {
		return infer.DeleteResponse{}, err
	}
	if server.Status == hcloud.ServerStatusRunning {
		if err := r.guard(ctx, req.State.Name); err != nil {
			return infer.DeleteResponse{}, err
		}
	}
	if err := r.remove(ctx, id, req.State.Name); err != nil {
		return infer.DeleteResponse{}, err
	}
	for _, address := range []int64{server.PublicNet.IPv4.ID, server.PublicNet.IPv6.ID} {
		if known := formatID(address); address == 0 || known == req.State.PrimaryIPv4 || known == req.State.PrimaryIPv6 {
			continue
		}
		if err := r.dropLeaked(ctx, req.State.Name, address); err != nil {
			return infer.DeleteResponse{}, err
		}
	}
	return infer.DeleteResponse{}, nil
}

// dropLeaked removes an address that was made along with a server which is gone now, should it have outlived it.
func (r Server) dropLeaked(ctx context.Context, name string, id int64) error {
	ip, err := r.primaryIPs().get(ctx, id, name)
	if err != nil || ip == nil || !ip.AutoDelete || ip.AssigneeID != 0 {
		return err
	}
	err = r.cloud.Do(ctx, what("delete the automatic primary IP of", serverKind, name), func(ctx context.Context) error {
		_, err := r.cloud.Cloud().PrimaryIP.Delete(ctx, ip)
		return err
	}, hetzner.InUse)
	return r.tolerateGone(err, primaryIPKind, id)
}

func (r Server) remove(ctx context.Context, id int64, name string) error {
	verb := what("delete", serverKind, name)
	err := r.act(ctx, verb, func(ctx context.Context) ([]*hcloud.Action, error) {
		result, _, err := r.cloud.Cloud().Server.DeleteWithResult(ctx, &hcloud.Server{ID: id})
		if err != nil {
			return nil, err
		}
		return []*hcloud.Action{result.Action}, nil
	})
	if err != nil && hetzner.Classify(err) != hetzner.Gone {
		return err
	}
	if err := r.untilGone(ctx, id, name); err != nil {
		return err
	}
	r.done("deleted", serverKind, id)
	return nil
}

func (r Server) untilGone(ctx context.Context, id int64, name string) error {
	return r.cloud.Until(ctx, what("wait for the end of", serverKind, name), func(ctx context.Context) (bool, error) {
		server, err := r.kind().get(ctx, id, name)
		return server == nil, err
	})
}

// wantedServer is the state once everything is done.
func wantedServer(in ServerArgs) ServerState {
	return ServerState{
		Name: in.Name, ServerType: in.ServerType, Location: in.Location,
		Network: in.Network, PrivateIP: in.PrivateIP, Firewall: in.Firewall,
		PrimaryIPv4: in.PrimaryIPv4, PrimaryIPv6: in.PrimaryIPv6, Labels: in.Labels, Running: true,
	}
}
