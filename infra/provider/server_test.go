package provider

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"
	"pgregory.net/rapid"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
	"github.com/medienzentrenverbund/kreisraum/operator/sandbox/hcloudsim"
)

func TestServerBootsWithItsNetwork(t *testing.T) {
	p := newProject(t)
	in := p.serverArgs()
	id := create(p, Server{p.handle}, in)
	server := p.complete(in)
	if formatID(server.ID) != id || p.boots.first[server.ID] != 1 {
		t.Errorf("server %d, ID %s, private addresses at the first boot: %d", server.ID, id, p.boots.first[server.ID])
	}
	if server.PlacementGroup == nil || formatID(server.PlacementGroup.ID) != in.PlacementGroup {
		t.Errorf("placement group: %+v", server.PlacementGroup)
	}
}

// A server found in any half-made form is taken the rest of the way, and never made a second time.
func TestServerIsAdoptedHalfMade(t *testing.T) {
	cases := map[string]func(*project, ServerArgs, *hcloud.ServerCreateOpts){
		"switched off, without network": func(*project, ServerArgs, *hcloud.ServerCreateOpts) {},
		"without firewall":              func(_ *project, _ ServerArgs, o *hcloud.ServerCreateOpts) { o.Firewalls = nil },
		"running, without network":      func(_ *project, _ ServerArgs, o *hcloud.ServerCreateOpts) { o.StartAfterCreate = hcloud.Ptr(true) },
		"with other addresses": func(_ *project, _ ServerArgs, o *hcloud.ServerCreateOpts) {
			o.PublicNet = &hcloud.ServerCreatePublicNet{EnableIPv4: true, EnableIPv6: true}
			o.StartAfterCreate = hcloud.Ptr(true)
		},
		"at another private address": func(p *project, in ServerArgs, o *hcloud.ServerCreateOpts) {
			id, err := parseID(networkKind, in.Network)
			if err != nil {
				p.t.Fatal(err)
			}
			o.Networks = []*hcloud.Network{{ID: id}} // Hetzner picks the first free address
		},
		"with a label of somebody": func(_ *project, _ ServerArgs, o *hcloud.ServerCreateOpts) {
			o.Labels = hetzner.Merged(map[string]string{"team": "other"}, o.Labels)
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			in := p.serverArgs()
			want, err := parseRefs(in)
			if err != nil {
				t.Fatal(err)
			}
			opts := createOpts(in, want)
			change(p, in, &opts)
			made, _, err := p.cloud.Server.Create(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			// No waiting: the run that is simulated here was killed right after its request.
			id := create(p, Server{p.handle}, in)
			if got := p.complete(in); got.ID != made.Server.ID || formatID(got.ID) != id {
				t.Errorf("server %d with ID %s, want the found %d", got.ID, id, made.Server.ID)
			}
		})
	}
}

// The answer to the creation is lost after it took effect; resending meets the own server.
func TestServerCreationWithLostAnswer(t *testing.T) {
	for name, fault := range map[string]hcloudsim.Fault{
		"504, resent by hcloud-go": {Status: http.StatusGatewayTimeout, Code: "timeout"},
		"500, resent by us":        {Status: http.StatusInternalServerError, Code: "server_error"},
		"a proxy's page":           {Status: http.StatusBadGateway},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			in := p.serverArgs()
			fault.Method, fault.PathPrefix, fault.Times, fault.AfterCommit = http.MethodPost, "/servers", 1, true
			p.sim.InjectFault(fault)
			create(p, Server{p.handle}, in)
			p.complete(in)
		})
	}
}

// The answer to one of the later requests is lost after it took effect.
func TestServerStepsWithLostAnswer(t *testing.T) {
	others := &hcloud.ServerCreatePublicNet{EnableIPv4: true, EnableIPv6: true}
	for step, prepare := range map[string]func(*hcloud.ServerCreateOpts, refs) (path string){
		"attach the network":   func(*hcloud.ServerCreateOpts, refs) string { return "/servers/" },
		"take an address away": func(o *hcloud.ServerCreateOpts, _ refs) string { o.PublicNet = others; return "/primary_ips/" },
		"assign an address": func(o *hcloud.ServerCreateOpts, want refs) string {
			o.PublicNet = others
			return fmt.Sprintf("/primary_ips/%d/", want.ipv4)
		},
	} {
		for name, fault := range map[string]hcloudsim.Fault{
			"504, resent by hcloud-go": {Status: http.StatusGatewayTimeout, Code: "timeout"},
			"500, resent by us":        {Status: http.StatusInternalServerError, Code: "server_error"},
		} {
			t.Run(step+" "+name, func(t *testing.T) {
				t.Parallel()
				p := newProject(t)
				in := p.serverArgs()
				want, err := parseRefs(in)
				if err != nil {
					t.Fatal(err)
				}
				opts := createOpts(in, want)
				path := prepare(&opts, want)
				if _, _, err := p.cloud.Server.Create(t.Context(), opts); err != nil {
					t.Fatal(err)
				}
				fault.Method, fault.PathPrefix, fault.Times, fault.AfterCommit = http.MethodPost, path, 1, true
				p.sim.InjectFault(fault)
				create(p, Server{p.handle}, in)
				p.complete(in)
			})
		}
	}
}

func TestServerOutlastsLocks(t *testing.T) {
	p := newProject(t)
	in := p.serverArgs()
	p.sim.InjectFault(hcloudsim.Fault{Method: http.MethodPost, PathPrefix: "/servers", Times: 2, Status: http.StatusLocked, Code: "locked"})
	id := create(p, Server{p.handle}, in)
	p.complete(in)
	p.sim.InjectFault(hcloudsim.Fault{Method: http.MethodDelete, PathPrefix: "/servers", Times: 2, Status: http.StatusLocked, Code: "locked"})
	if _, err := (Server{p.handle}).Delete(t.Context(), infer.DeleteRequest[ServerState]{ID: id, State: wantedServer(in)}); err != nil {
		t.Fatal(err)
	}
}

func TestServerRefusals(t *testing.T) {
	cases := []struct {
		name  string
		found func(*ServerArgs)
		says  string
	}{
		{"foreign", func(in *ServerArgs) { in.Labels = nil }, "not labelled as this county's"},
		{"of another county", func(in *ServerArgs) { in.Labels = hetzner.Labels("other", "portal") }, "kreisraum/county=demo missing"},
		{"of another role", func(in *ServerArgs) { in.Labels = hetzner.Labels("demo", "bridge") }, "kreisraum/role=portal missing"},
		{"of another type", func(in *ServerArgs) { in.ServerType = "cpx32" }, "cpx32 in fsn1 instead of cpx22 in fsn1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := newProject(t)
			in := p.serverArgs()
			other := in
			c.found(&other)
			want, err := parseRefs(other)
			if err != nil {
				t.Fatal(err)
			}
			made, _, err := p.cloud.Server.Create(t.Context(), createOpts(other, want))
			if err != nil {
				t.Fatal(err)
			}
			p.done(append(made.NextActions, made.Action)...)
			_, err = Server{p.handle}.Create(t.Context(), infer.CreateRequest[ServerArgs]{Inputs: in})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v", err)
			}
			if got := p.server(in); got.Status != hcloud.ServerStatusOff || len(got.PrivateNet) > 0 {
				t.Error("the server found was touched")
			}
		})
	}
}

func TestServerReadSeesWhatIsLost(t *testing.T) {
	p := newProject(t)
	in := p.serverArgs()
	id := create(p, Server{p.handle}, in)
	read := func() infer.ReadResponse[ServerArgs, ServerState] {
		t.Helper()
		resp, err := Server{p.handle}.Read(t.Context(), infer.ReadRequest[ServerArgs, ServerState]{ID: id, Inputs: in, State: wantedServer(in)})
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	if c := serverChanges(read().State, in); len(c) > 0 {
		t.Errorf("untouched server: %v", c)
	}
	server := p.server(in)
	network, err := parseID(networkKind, in.Network)
	if err != nil {
		t.Fatal(err)
	}
	action, _, err := p.cloud.Server.DetachFromNetwork(t.Context(), server, hcloud.ServerDetachFromNetworkOpts{Network: &hcloud.Network{ID: network}})
	if err != nil {
		t.Fatal(err)
	}
	p.done(action)
	state := read().State
	c := serverChanges(state, in)
	if _, lost := c["network"]; !lost || len(c) != 1 {
		t.Errorf("without network: %v", c)
	}
	if _, err := (Server{p.handle}).Update(t.Context(), infer.UpdateRequest[ServerArgs, ServerState]{ID: id, State: state, Inputs: in}); err != nil {
		t.Fatal(err)
	}
	p.complete(in)

	if _, err := (Server{p.handle}).Delete(t.Context(), infer.DeleteRequest[ServerState]{ID: id, State: state}); err != nil {
		t.Fatal(err)
	}
	if gone := read(); gone.ID != "" {
		t.Errorf("a deleted server still has the ID %s", gone.ID)
	}
	if _, err := (Server{p.handle}).Delete(t.Context(), infer.DeleteRequest[ServerState]{ID: id, State: state}); err != nil {
		t.Errorf("second deletion: %v", err)
	}
}

func TestParseRefs(t *testing.T) {
	good := ServerArgs{Network: "1", Firewall: "2", PrimaryIPv4: "3", PrivateIP: "10.77.1.10", SSHKeys: []string{"4"}}
	if want, err := parseRefs(good); err != nil || want.ipv6 != 0 || want.network != 1 || !want.privateIP.Equal(net.IPv4(10, 77, 1, 10)) {
		t.Errorf("got %+v, %v", want, err)
	}
	for name, spoil := range map[string]func(*ServerArgs){
		"no network":  func(in *ServerArgs) { in.Network = "" },
		"no firewall": func(in *ServerArgs) { in.Firewall = "x" },
		"negative":    func(in *ServerArgs) { in.PrimaryIPv4 = "-1" },
		"key":         func(in *ServerArgs) { in.SSHKeys = []string{"0"} },
		"IPv6":        func(in *ServerArgs) { in.PrivateIP = "fd00::1" },
	} {
		bad := good
		spoil(&bad)
		if _, err := parseRefs(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

var words = rapid.SampledFrom([]string{"", "1", "2", "cpx22", "cax11", "fsn1"})

func drawServer(t *rapid.T) ServerArgs {
	in := ServerArgs{
		Name: words.Draw(t, "name"), ServerType: words.Draw(t, "serverType"), Location: words.Draw(t, "location"),
		Network: words.Draw(t, "network"), PrivateIP: words.Draw(t, "privateIp"), Firewall: words.Draw(t, "firewall"),
		PrimaryIPv4: words.Draw(t, "ipv4"), PrimaryIPv6: words.Draw(t, "ipv6"), Labels: labels(words.Draw(t, "role")),
	}
	return in
}

// What was just done is no difference, whatever the create-only inputs say; a machine is only ever replaced for its name,
// architecture, location or IPv4 address; and only a difference is a change.
func TestServerChangesProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawServer(t), drawServer(t)
		same := before
		same.Image, same.UserData, same.PlacementGroup = words.Draw(t, "image"), words.Draw(t, "userData"), words.Draw(t, "group")
		same.SSHKeys = rapid.SliceOf(words).Draw(t, "sshKeys")
		if c := serverChanges(wantedServer(before), same); len(c) > 0 {
			t.Fatalf("create-only inputs make a difference: %v", c)
		}
		response := serverChanges(wantedServer(before), after).response()
		replaced := before.Name != after.Name || Architecture(before.ServerType) != Architecture(after.ServerType) || before.Location != after.Location ||
			before.PrimaryIPv4 != "" && before.PrimaryIPv4 != after.PrimaryIPv4
		found := false
		for _, d := range response.DetailedDiff {
			found = found || strings.HasSuffix(string(d.Kind), "replace")
		}
		if found != replaced {
			t.Fatalf("replacement %v, want %v: %v", found, replaced, response.DetailedDiff)
		}
		if response.HasChanges != (len(response.DetailedDiff) > 0) || !response.DeleteBeforeReplace {
			t.Fatalf("response %+v", response)
		}
	})
}
