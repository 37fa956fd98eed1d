package provider

import (
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/pulumi/pulumi-go-provider/infer"
	"pgregory.net/rapid"

	"github.com/medienzentrenverbund/kreisraum/infra/hetzner"
)

func TestFirewallKeepsTheTemporaryRule(t *testing.T) {
	p := newProject(t)
	r, in := Firewall{p.handle}, firewallArgs()
	id := create(p, r, in)
	number, err := parseID(firewallKind, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.handle.cloud.OpenSSH(t.Context(), number, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}); err != nil {
		t.Fatal(err)
	}
	read, err := r.Read(t.Context(), infer.ReadRequest[FirewallArgs, FirewallState]{ID: id, Inputs: in, State: FirewallState{in}})
	if err != nil || !sameRules(read.State.Rules, in.Rules) {
		t.Errorf("read %+v, %v", read.State.Rules, err)
	}
	changed := in
	changed.Rules = in.Rules[:1]
	if _, err := r.Update(t.Context(), infer.UpdateRequest[FirewallArgs, FirewallState]{ID: id, State: FirewallState{in}, Inputs: changed}); err != nil {
		t.Fatal(err)
	}
	firewall, _, err := p.cloud.Firewall.GetByID(t.Context(), number)
	if err != nil || len(firewall.Rules) != 2 || len(temporary(firewall.Rules)) != 1 {
		t.Errorf("rules after an update: %+v, %v", firewall.Rules, err)
	}
}

func TestFirewallRulesThatSomebodyChangedAreRestoredOnAdoption(t *testing.T) {
	p := newProject(t)
	r, in := Firewall{p.handle}, firewallArgs()
	number, err := parseID(firewallKind, create(p, r, in))
	if err != nil {
		t.Fatal(err)
	}
	open := append(slices.Clone(in.Rules), FirewallRule{Description: "oops", Protocol: "tcp", Port: "22", Sources: []string{"0.0.0.0/0"}})
	rules, err := toCloud(open)
	if err != nil {
		t.Fatal(err)
	}
	actions, _, err := p.cloud.Firewall.SetRules(t.Context(), &hcloud.Firewall{ID: number}, hcloud.FirewallSetRulesOpts{Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	p.done(actions...)
	create(p, r, in)
	firewall, _, err := p.cloud.Firewall.GetByID(t.Context(), number)
	if err != nil || !sameRules(fromCloud(firewall.Rules), in.Rules) {
		t.Errorf("rules: %+v, %v", firewall.Rules, err)
	}
}

// Rules survive the way to the API's form and back, in any order of rules and sources.
func TestFirewallRulesProperty(t *testing.T) {
	source := rapid.SampledFrom([]string{"0.0.0.0/0", "::/0", "192.0.2.0/24", "198.51.100.7/32", "2001:db8::/32"})
	rule := rapid.Custom(func(t *rapid.T) FirewallRule {
		return FirewallRule{
			Description: rapid.SampledFrom([]string{"site", "media", ""}).Draw(t, "description"),
			Protocol:    rapid.SampledFrom([]string{"tcp", "udp"}).Draw(t, "protocol"),
			Port:        rapid.SampledFrom([]string{"443", "10000", "1-2"}).Draw(t, "port"),
			Sources:     rapid.SliceOfN(source, 0, 4).Draw(t, "sources"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		rules := rapid.SliceOf(rule).Draw(t, "rules")
		shuffled := rapid.Permutation(rules).Draw(t, "order")
		written, err := toCloud(shuffled)
		if err != nil {
			t.Fatal(err)
		}
		if !sameRules(fromCloud(written), rules) {
			t.Fatalf("%+v came back as %+v", rules, fromCloud(written))
		}
		if more := append(slices.Clone(rules), FirewallRule{Description: "another"}); sameRules(more, rules) {
			t.Fatal("an additional rule is no difference")
		}
	})
}

func TestOutboundRuleIsADifference(t *testing.T) {
	in := firewallArgs()
	rules, err := toCloud(in.Rules)
	if err != nil {
		t.Fatal(err)
	}
	rules = append(rules, hcloud.FirewallRule{Direction: hcloud.FirewallRuleDirectionOut, Protocol: hcloud.FirewallRuleProtocolTCP, Port: hcloud.Ptr("25")})
	if sameRules(fromCloud(rules), in.Rules) {
		t.Error("an outbound rule, which closes everything else outbound, is not noticed")
	}
}

func TestToCloudRefusesWhatIsNoNetwork(t *testing.T) {
	if _, err := toCloud([]FirewallRule{{Description: "x", Protocol: "tcp", Sources: []string{"example.org"}}}); err == nil {
		t.Error("accepted")
	}
}

func TestFirewallInUseIsReleased(t *testing.T) {
	p := newProject(t)
	in := p.serverArgs()
	create(p, Server{p.handle}, in)
	if _, err := (Firewall{p.handle}).Delete(t.Context(), infer.DeleteRequest[FirewallState]{ID: in.Firewall, State: FirewallState{firewallArgs()}}); err != nil {
		t.Fatal(err)
	}
	if server := p.server(in); len(server.PublicNet.Firewalls) > 0 {
		t.Error("the server still has the firewall")
	}
}

func TestNetworkAdoptionAddsTheSubnet(t *testing.T) {
	p := newProject(t)
	in := networkArgs()
	_, ipRange, err := net.ParseCIDR(in.IPRange)
	if err != nil {
		t.Fatal(err)
	}
	made, _, err := p.cloud.Network.Create(t.Context(), hcloud.NetworkCreateOpts{Name: in.Name, IPRange: ipRange, Labels: in.Labels})
	if err != nil {
		t.Fatal(err)
	}
	if id := create(p, Network{p.handle}, in); id != formatID(made.ID) {
		t.Errorf("ID %s, want %d", id, made.ID)
	}
	network, _, err := p.cloud.Network.GetByID(t.Context(), made.ID)
	if err != nil || !hasSubnet(network, in.Subnet) {
		t.Errorf("subnets: %+v, %v", network.Subnets, err)
	}
}

func TestNetworkOfAnotherRangeIsRefused(t *testing.T) {
	p := newProject(t)
	other := networkArgs()
	other.IPRange, other.Subnet = "10.1.0.0/16", "10.1.1.0/24"
	create(p, Network{p.handle}, other)
	_, err := Network{p.handle}.Create(t.Context(), infer.CreateRequest[NetworkArgs]{Inputs: networkArgs()})
	if err == nil || !strings.Contains(err.Error(), "10.1.0.0/16 instead of 10.77.0.0/16") {
		t.Errorf("got %v", err)
	}
}

func TestPrimaryIPIsNeverDeletedWithItsServer(t *testing.T) {
	p := newProject(t)
	in := addressArgs("ipv4")
	// As a server's own address, made by hand with our labels, would be.
	made, _, err := p.cloud.PrimaryIP.Create(t.Context(), hcloud.PrimaryIPCreateOpts{
		Name: in.Name, Type: hcloud.PrimaryIPTypeIPv4, Location: in.Location, AssigneeType: "server", AutoDelete: hcloud.Ptr(true), Labels: in.Labels,
	})
	if err != nil {
		t.Fatal(err)
	}
	create(p, PrimaryIP{p.handle}, in)
	ip, _, err := p.cloud.PrimaryIP.GetByID(t.Context(), made.PrimaryIP.ID)
	if err != nil || ip.AutoDelete || ip.DNSPtr[ip.IP.String()] != in.ReverseName {
		t.Errorf("address: %+v, %v", ip, err)
	}
}

func TestPrimaryIPInAnotherLocationIsRefused(t *testing.T) {
	p := newProject(t)
	create(p, PrimaryIP{p.handle}, addressArgs("ipv4"))
	moved := addressArgs("ipv4")
	moved.Location = "nbg1"
	_, err := PrimaryIP{p.handle}.Create(t.Context(), infer.CreateRequest[PrimaryIPArgs]{Inputs: moved})
	if err == nil || !strings.Contains(err.Error(), "ipv4 in fsn1 instead of ipv4 in nbg1") {
		t.Errorf("got %v", err)
	}
}

func TestPrimaryIPIsTakenOffItsServer(t *testing.T) {
	p := newProject(t)
	in := p.serverArgs()
	create(p, Server{p.handle}, in)
	server := p.server(in)
	action, _, err := p.cloud.Server.Poweroff(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	p.done(action)
	if _, err := (PrimaryIP{p.handle}).Delete(t.Context(), infer.DeleteRequest[PrimaryIPState]{ID: in.PrimaryIPv6, State: PrimaryIPState{PrimaryIPArgs: addressArgs("ipv6")}}); err != nil {
		t.Fatal(err)
	}
	if got := p.server(in); got.PublicNet.IPv6.ID != 0 || got.PublicNet.IPv4.ID == 0 {
		t.Errorf("addresses: %+v", got.PublicNet)
	}
}

func TestAddressOf(t *testing.T) {
	_, v6, err := net.ParseCIDR("2001:db8:1:2::/64")
	if err != nil {
		t.Fatal(err)
	}
	for want, ip := range map[string]*hcloud.PrimaryIP{
		"192.0.2.1":       {Type: hcloud.PrimaryIPTypeIPv4, IP: net.ParseIP("192.0.2.1")},
		"2001:db8:1:2::1": {Type: hcloud.PrimaryIPTypeIPv6, IP: v6.IP, Network: v6},
	} {
		if got := addressOf(ip).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestSSHKeyOfALostHomeIsReplaced(t *testing.T) {
	p := newProject(t)
	in := SSHKeyArgs{Name: "kreisraum-demo", PublicKey: publicKey, Labels: labels("operator")}
	before := create(p, SSHKey{p.handle}, in)
	in.PublicKey = strings.Replace(publicKey, "IAABAgME", "IAEBAgME", 1)
	after := create(p, SSHKey{p.handle}, in)
	if before == after {
		t.Error("the old key stayed")
	}
	keys, err := p.cloud.SSHKey.All(t.Context())
	if err != nil || len(keys) != 1 || !sameKey(keys[0].PublicKey, in.PublicKey) {
		t.Errorf("keys: %+v, %v", keys, err)
	}
}

func TestSameKey(t *testing.T) {
	cases := []struct {
		a, b string
		want bool
	}{
		{"ssh-ed25519 AAAA operator", "ssh-ed25519 AAAA", true},
		{"ssh-ed25519 AAAA", " ssh-ed25519   AAAA other\n", true},
		{"ssh-ed25519 AAAA", "ssh-ed25519 BBBB", false},
		{"ssh-ed25519 AAAA", "ssh-rsa AAAA", false},
		{"", "ssh-rsa AAAA", false},
	}
	for _, c := range cases {
		if got := sameKey(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

// Labels that others added survive an update of ours, on every kind of resource, though the state does not know them.
func TestUpdatesKeepLabelsOfOthers(t *testing.T) {
	p := newProject(t)
	args := p.serverArgs()
	serverID := create(p, Server{p.handle}, args)
	theirs := map[string]string{"team": "other", hetzner.LabelRole: "old"}
	stale := map[string]string{hetzner.LabelRole: "old"}
	number := func(id string) int64 {
		n, err := parseID("resource", id)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	ctx := t.Context()
	cases := []struct {
		kind          string
		spoil, update func() error
		read          func() map[string]string
	}{
		{serverKind, func() error {
			_, _, err := p.cloud.Server.Update(ctx, &hcloud.Server{ID: number(serverID)}, hcloud.ServerUpdateOpts{Labels: theirs})
			return err
		}, func() error {
			state := wantedServer(args)
			state.Labels = stale
			_, err := Server{p.handle}.Update(ctx, infer.UpdateRequest[ServerArgs, ServerState]{ID: serverID, State: state, Inputs: args})
			return err
		}, func() map[string]string { x, _, _ := p.cloud.Server.GetByID(ctx, number(serverID)); return x.Labels }},
		{networkKind, func() error {
			_, _, err := p.cloud.Network.Update(ctx, &hcloud.Network{ID: number(args.Network)}, hcloud.NetworkUpdateOpts{Labels: theirs})
			return err
		}, func() error {
			state := NetworkState{networkArgs()}
			state.Labels = stale
			_, err := Network{p.handle}.Update(ctx, infer.UpdateRequest[NetworkArgs, NetworkState]{ID: args.Network, State: state, Inputs: networkArgs()})
			return err
		}, func() map[string]string {
			x, _, _ := p.cloud.Network.GetByID(ctx, number(args.Network))
			return x.Labels
		}},
		{firewallKind, func() error {
			_, _, err := p.cloud.Firewall.Update(ctx, &hcloud.Firewall{ID: number(args.Firewall)}, hcloud.FirewallUpdateOpts{Labels: theirs})
			return err
		}, func() error {
			state := FirewallState{firewallArgs()}
			state.Labels = stale
			_, err := Firewall{p.handle}.Update(ctx, infer.UpdateRequest[FirewallArgs, FirewallState]{ID: args.Firewall, State: state, Inputs: firewallArgs()})
			return err
		}, func() map[string]string {
			x, _, _ := p.cloud.Firewall.GetByID(ctx, number(args.Firewall))
			return x.Labels
		}},
		{primaryIPKind, func() error {
			_, _, err := p.cloud.PrimaryIP.Update(ctx, &hcloud.PrimaryIP{ID: number(args.PrimaryIPv4)}, hcloud.PrimaryIPUpdateOpts{Labels: &theirs})
			return err
		}, func() error {
			state := PrimaryIPState{PrimaryIPArgs: addressArgs("ipv4")}
			state.Labels = stale
			_, err := PrimaryIP{p.handle}.Update(ctx, infer.UpdateRequest[PrimaryIPArgs, PrimaryIPState]{ID: args.PrimaryIPv4, State: state, Inputs: addressArgs("ipv4")})
			return err
		}, func() map[string]string {
			x, _, _ := p.cloud.PrimaryIP.GetByID(ctx, number(args.PrimaryIPv4))
			return x.Labels
		}},
		{placementGroupKind, func() error {
			_, _, err := p.cloud.PlacementGroup.Update(ctx, &hcloud.PlacementGroup{ID: number(args.PlacementGroup)}, hcloud.PlacementGroupUpdateOpts{Labels: theirs})
			return err
		}, func() error {
			in := PlacementGroupArgs{Name: "kreisraum-demo-1", Labels: labels("county")}
			_, err := PlacementGroup{p.handle}.Update(ctx, infer.UpdateRequest[PlacementGroupArgs, PlacementGroupState]{
				ID: args.PlacementGroup, State: PlacementGroupState{PlacementGroupArgs{Name: in.Name, Labels: stale}}, Inputs: in})
			return err
		}, func() map[string]string {
			x, _, _ := p.cloud.PlacementGroup.GetByID(ctx, number(args.PlacementGroup))
			return x.Labels
		}},
		{sshKeyKind, func() error {
			_, _, err := p.cloud.SSHKey.Update(ctx, &hcloud.SSHKey{ID: number(args.SSHKeys[0])}, hcloud.SSHKeyUpdateOpts{Labels: theirs})
			return err
		}, func() error {
			in := SSHKeyArgs{Name: "kreisraum-demo", PublicKey: publicKey, Labels: labels("operator")}
			state := SSHKeyState{SSHKeyArgs: in}
			state.Labels = stale
			_, err := SSHKey{p.handle}.Update(ctx, infer.UpdateRequest[SSHKeyArgs, SSHKeyState]{ID: args.SSHKeys[0], State: state, Inputs: in})
			return err
		}, func() map[string]string {
			x, _, _ := p.cloud.SSHKey.GetByID(ctx, number(args.SSHKeys[0]))
			return x.Labels
		}},
	}
	for _, c := range cases {
		t.Run(c.kind, func(t *testing.T) {
			if err := c.spoil(); err != nil {
				t.Fatal(err)
			}
			if err := c.update(); err != nil {
				t.Fatal(err)
			}
			got := c.read()
			if got["team"] != "other" || got[hetzner.LabelManagedBy] != hetzner.ManagedBy || got[hetzner.LabelRole] == "old" {
				t.Errorf("labels %v", got)
			}
		})
	}
}
