package hcloudsim

import (
	"fmt"
	"net"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func cidr(t *testing.T, s string) *net.IPNet {
	t.Helper()
	_, n, err := net.ParseCIDR(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNetworks(t *testing.T) {
	c := newCloud(t)
	n := must[*hcloud.Network](t)(c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{Name: "private", IPRange: cidr(t, "10.77.0.0/16")}))
	s := c.createStopped("portal")
	_, _, err := c.client.Server.AttachToNetwork(c.ctx, s, hcloud.ServerAttachToNetworkOpts{Network: n})
	c.wantCode(err, hcloud.ErrorCodeNoSubnetAvailable)
	c.wait(must[*hcloud.Action](t)(c.client.Network.AddSubnet(c.ctx, n, hcloud.NetworkAddSubnetOpts{Subnet: hcloud.NetworkSubnet{
		Type: hcloud.NetworkSubnetTypeCloud, NetworkZone: hcloud.NetworkZoneEUCentral,
	}})))
	n = must[*hcloud.Network](t)(c.client.Network.GetByName(c.ctx, "private"))
	if len(n.Subnets) != 1 || n.Subnets[0].IPRange.String() != "10.77.0.0/24" || n.Subnets[0].Gateway.String() != "10.77.0.1" {
		t.Fatalf("subnets: got %+v, want the first /24", n.Subnets)
	}
	for _, wrong := range []hcloud.NetworkSubnet{
		{Type: "cloud", NetworkZone: "eu-central", IPRange: cidr(t, "10.78.0.0/24")},
		{Type: "cloud", NetworkZone: "eu-central", IPRange: cidr(t, "10.77.0.128/25")},
		{Type: "cloud", NetworkZone: "mars", IPRange: cidr(t, "10.77.2.0/24")},
		{Type: "vswitch", NetworkZone: "eu-central", IPRange: cidr(t, "10.77.2.0/24"), VSwitchID: 1},
	} {
		_, _, err := c.client.Network.AddSubnet(c.ctx, n, hcloud.NetworkAddSubnetOpts{Subnet: wrong})
		c.wantCode(err, hcloud.ErrorCodeInvalidInput)
	}

	attach := func(s *hcloud.Server, ip string) error {
		opts := hcloud.ServerAttachToNetworkOpts{Network: n}
		if ip != "" {
			opts.IP = net.ParseIP(ip)
		}
		a, _, err := c.client.Server.AttachToNetwork(c.ctx, s, opts)
		if err == nil {
			c.wait(a)
		}
		return err
	}
	if err := attach(s, "10.77.0.10"); err != nil {
		t.Fatal(err)
	}
	if m := c.machine(s.ID); len(m.Private) != 1 || m.Private[0].String() != "10.77.0.10" {
		t.Errorf("machine: got %v, want 10.77.0.10 while it is off", m.Private)
	}
	c.wantCode(attach(s, ""), hcloud.ErrorCodeServerAlreadyAttached)
	other := c.create(serverOpts("bridge"))
	c.wantCode(attach(other, "10.77.0.10"), hcloud.ErrorCodeIPNotAvailable)
	for _, wrong := range []string{"10.77.0.1", "10.77.0.0", "10.77.0.255", "10.77.9.9", "192.0.2.1"} {
		c.wantCode(attach(other, wrong), hcloud.ErrorCodeInvalidInput)
	}
	if err := attach(other, ""); err != nil {
		t.Fatal(err)
	}
	if got := c.server(other.ID).PrivateNet[0].IP.String(); got != "10.77.0.2" {
		t.Errorf("automatic address: got %s, want the lowest free one after the gateway", got)
	}
	if m := c.machine(other.ID); len(m.Networks) != 1 || m.Networks[0].Gateway.String() != "10.77.0.1" || m.Networks[0].Name != "private" ||
		m.Networks[0].Subnet.String() != "10.77.0.0/24" || m.Networks[0].ID == 0 || m.Networks[0].MAC == "" {
		t.Errorf("running machine: got %+v, want it told of its interface", m.Networks)
	}
	c.wait(must[*hcloud.Action](t)(c.client.Server.Reset(c.ctx, other)))
	if m := c.machine(other.ID); len(m.Private) != 1 || !m.on || m.boots != 2 {
		t.Errorf("machine after a reset: got %v on %v, boots %d", m.Private, m.on, m.boots)
	}

	overlapping := must[*hcloud.Network](t)(c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{
		Name: "overlapping", IPRange: cidr(t, "10.77.0.0/24"),
		Subnets: []hcloud.NetworkSubnet{{Type: "cloud", NetworkZone: "eu-central", IPRange: cidr(t, "10.77.0.0/25")}},
	}))
	_, _, err = c.client.Server.AttachToNetwork(c.ctx, s, hcloud.ServerAttachToNetworkOpts{Network: overlapping})
	c.wantCode(err, hcloud.ErrorCodeNetworksOverlap)

	_, _, err = c.client.Network.DeleteSubnet(c.ctx, n, hcloud.NetworkDeleteSubnetOpts{Subnet: n.Subnets[0]})
	c.wantCode(err, hcloud.ErrorCodeResourceInUse)
	c.wait(must[*hcloud.Action](t)(c.client.Server.DetachFromNetwork(c.ctx, s, hcloud.ServerDetachFromNetworkOpts{Network: n})))
	if m := c.machine(s.ID); len(m.Private) != 0 {
		t.Errorf("machine after detaching: got %v", m.Private)
	}
	if _, err := c.client.Network.Delete(c.ctx, n); err != nil {
		t.Fatal(err)
	}
	c.eventually("the server to be out of the deleted network", func() bool {
		got := c.server(other.ID)
		return len(got.PrivateNet) == 0 && !got.Locked
	})
}

func TestNetworkRangesAndRoutes(t *testing.T) {
	c := newCloud(t)
	for _, wrong := range []string{"8.8.8.0/24", "10.0.0.0/25", "fd00::/64"} {
		_, _, err := c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{Name: "wrong", IPRange: cidr(t, wrong)})
		c.wantCode(err, hcloud.ErrorCodeInvalidInput)
	}
	n := must[*hcloud.Network](t)(c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{Name: "private", IPRange: cidr(t, "10.77.0.0/24")}))
	rt := hcloud.NetworkRoute{Destination: cidr(t, "10.99.0.0/16"), Gateway: net.ParseIP("10.77.0.2")}
	c.wait(must[*hcloud.Action](t)(c.client.Network.AddRoute(c.ctx, n, hcloud.NetworkAddRouteOpts{Route: rt})))
	_, _, err := c.client.Network.AddRoute(c.ctx, n, hcloud.NetworkAddRouteOpts{Route: rt})
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)
	c.wait(must[*hcloud.Action](t)(c.client.Network.ChangeIPRange(c.ctx, n, hcloud.NetworkChangeIPRangeOpts{IPRange: cidr(t, "10.77.0.0/16")})))
	_, _, err = c.client.Network.ChangeIPRange(c.ctx, n, hcloud.NetworkChangeIPRangeOpts{IPRange: cidr(t, "10.77.0.0/24")})
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)
	got := must[*hcloud.Network](t)(c.client.Network.GetByID(c.ctx, n.ID))
	if len(got.Routes) != 1 || got.IPRange.String() != "10.77.0.0/16" {
		t.Errorf("got %+v", got)
	}
	c.wait(must[*hcloud.Action](t)(c.client.Network.DeleteRoute(c.ctx, n, hcloud.NetworkDeleteRouteOpts{Route: rt})))
	c.wait(must[*hcloud.Action](t)(c.client.Network.ChangeProtection(c.ctx, n, hcloud.NetworkChangeProtectionOpts{Delete: hcloud.Ptr(true)})))
	_, err = c.client.Network.Delete(c.ctx, n)
	c.wantCode(err, hcloud.ErrorCodeProtected)
}

func TestNetworkMembers(t *testing.T) {
	c := newCloud(t)
	n := must[*hcloud.Network](t)(c.client.Network.Create(c.ctx, hcloud.NetworkCreateOpts{
		Name: "private", IPRange: cidr(t, "10.77.0.0/16"),
		Subnets: []hcloud.NetworkSubnet{{Type: "cloud", NetworkZone: "eu-central", IPRange: cidr(t, "10.77.1.0/24")}},
	}))
	opts := serverOpts("portal")
	opts.Networks = []*hcloud.Network{n}
	opts.PublicNet = &hcloud.ServerCreatePublicNet{}
	s := c.create(opts)
	if m := c.machine(s.ID); len(m.Private) != 1 || m.Private[0].String() != "10.77.1.1" || m.IPv4.IsValid() {
		t.Errorf("machine: got %v %v, want the first address of a later subnet", m.Private, m.IPv4)
	}
	_, _, body := c.raw("GET", fmt.Sprintf("/v1/networks/%d/members", n.ID), testToken, "")
	member := body["members"].([]any)[0].(map[string]any)
	if member["ip"] != "10.77.1.1" || member["type"] != "server" || member["subnet"] != "10.77.1.0/24" {
		t.Errorf("member: got %v", member)
	}
}
