package hcloudsim

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"golang.org/x/crypto/ssh"
)

func TestSSHKeys(t *testing.T) {
	c := newCloud(t)
	text := publicKey(t)
	key := must[*hcloud.SSHKey](t)(c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{
		Name: "operator", PublicKey: text, Labels: map[string]string{"a": "1"},
	}))
	parsed, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if want := ssh.FingerprintLegacyMD5(parsed); key.Fingerprint != want || len(want) != 47 {
		t.Errorf("fingerprint: got %s, want %s", key.Fingerprint, want)
	}
	if found := must[*hcloud.SSHKey](t)(c.client.SSHKey.GetByFingerprint(c.ctx, key.Fingerprint)); found == nil || found.ID != key.ID {
		t.Errorf("by fingerprint: got %v", found)
	}
	_, _, err = c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{Name: "same key", PublicKey: text})
	c.wantCode(err, hcloud.ErrorCodeUniquenessError)
	_, _, err = c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{Name: "operator", PublicKey: publicKey(t)})
	c.wantCode(err, hcloud.ErrorCodeUniquenessError)
	_, _, err = c.client.SSHKey.Create(c.ctx, hcloud.SSHKeyCreateOpts{Name: "two", PublicKey: text + "\n" + text})
	c.wantCode(err, hcloud.ErrorCodeInvalidInput)
	renamed := must[*hcloud.SSHKey](t)(c.client.SSHKey.Update(c.ctx, key, hcloud.SSHKeyUpdateOpts{Name: "op"}))
	if renamed.Name != "op" || renamed.Labels["a"] != "1" {
		t.Errorf("update: got %s %v", renamed.Name, renamed.Labels)
	}
	if _, err := c.client.SSHKey.Delete(c.ctx, key); err != nil {
		t.Fatal(err)
	}
	if gone := must[*hcloud.SSHKey](t)(c.client.SSHKey.GetByID(c.ctx, key.ID)); gone != nil {
		t.Error("key is still there")
	}
}

func TestPlacementGroupHoldsTen(t *testing.T) {
	c := newCloud(t)
	res := must[hcloud.PlacementGroupCreateResult](t)(c.client.PlacementGroup.Create(c.ctx, hcloud.PlacementGroupCreateOpts{
		Name: "spread", Type: hcloud.PlacementGroupTypeSpread,
	}))
	for i := range 10 {
		opts := serverOpts(fmt.Sprintf("bridge-%d", i))
		opts.PlacementGroup, opts.StartAfterCreate = res.PlacementGroup, hcloud.Ptr(false)
		c.create(opts)
	}
	opts := serverOpts("bridge-10")
	opts.PlacementGroup = res.PlacementGroup
	_, _, err := c.client.Server.Create(c.ctx, opts)
	c.wantCode(err, "placement_group_member_limit_reached")

	s := c.createStopped("bridge-10")
	_, _, err = c.client.Server.AddToPlacementGroup(c.ctx, s, res.PlacementGroup)
	c.wantCode(err, "placement_group_member_limit_reached")
	_, err = c.client.PlacementGroup.Delete(c.ctx, res.PlacementGroup)
	c.wantCode(err, hcloud.ErrorCodeResourceInUse)

	first := must[*hcloud.Server](t)(c.client.Server.GetByName(c.ctx, "bridge-0"))
	if first.PlacementGroup == nil || len(first.PlacementGroup.Servers) != 10 {
		t.Errorf("embedded group: got %+v", first.PlacementGroup)
	}
	c.wait(must[*hcloud.Action](t)(c.client.Server.RemoveFromPlacementGroup(c.ctx, first)))
	c.wait(must[*hcloud.Action](t)(c.client.Server.AddToPlacementGroup(c.ctx, s, res.PlacementGroup)))
	_, _, err = c.client.Server.AddToPlacementGroup(c.ctx, s, res.PlacementGroup)
	c.wantCode(err, "already_in_placement_group")
	group := must[*hcloud.PlacementGroup](t)(c.client.PlacementGroup.GetByName(c.ctx, "spread"))
	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s)).Action)
	if after := must[*hcloud.PlacementGroup](t)(c.client.PlacementGroup.GetByID(c.ctx, group.ID)); len(after.Servers) != 9 {
		t.Errorf("members after delete: got %d, want 9", len(after.Servers))
	}
}

func TestPrimaryIPsOutliveServers(t *testing.T) {
	c := newCloud(t)
	made := must[*hcloud.PrimaryIPCreateResult](t)(c.client.PrimaryIP.Create(c.ctx, hcloud.PrimaryIPCreateOpts{
		Name: "portal-v4", Type: hcloud.PrimaryIPTypeIPv4, Location: "nbg1", Labels: map[string]string{"role": "portal"},
	}))
	ip := made.PrimaryIP
	if ip.AssigneeID != 0 || ip.AssigneeType != "unassigned" || ip.Location.Name != "nbg1" || ip.AutoDelete {
		t.Errorf("new primary IP: got %+v", ip)
	}
	opts := serverOpts("portal")
	opts.PublicNet = &hcloud.ServerCreatePublicNet{EnableIPv4: true, IPv4: ip}
	_, _, err := c.client.Server.Create(c.ctx, opts) // wanted at fsn1
	c.wantCode(err, "primary_ip_datacenter_mismatch")
	opts.Location = nil
	s := c.create(opts)
	if s.Location.Name != "nbg1" || !s.PublicNet.IPv4.IP.Equal(ip.IP) || !s.PublicNet.IPv6.IsUnspecified() {
		t.Errorf("server: got %s %s %v", s.Location.Name, s.PublicNet.IPv4.IP, s.PublicNet.IPv6)
	}
	if _, res, err := c.client.Server.Create(c.ctx, func() hcloud.ServerCreateOpts { o := opts; o.Name = "second"; return o }()); !hcloud.IsError(err, "primary_ip_assigned") {
		t.Errorf("a second server with it: got %v %v", res.StatusCode, err)
	}
	_, err = c.client.PrimaryIP.Delete(c.ctx, ip)
	c.wantCode(err, "must_be_unassigned")
	_, _, err = c.client.PrimaryIP.Unassign(c.ctx, ip.ID)
	c.wantCode(err, hcloud.ErrorCodeServerNotStopped)

	c.wait(must[*hcloud.Action](t)(c.client.Server.Poweroff(c.ctx, s)))
	c.wait(must[*hcloud.Action](t)(c.client.PrimaryIP.Unassign(c.ctx, ip.ID)))
	if m := c.machine(s.ID); m.IPv4.IsValid() {
		t.Errorf("machine still has %s", m.IPv4)
	}
	c.wait(must[*hcloud.Action](t)(c.client.PrimaryIP.Assign(c.ctx, hcloud.PrimaryIPAssignOpts{ID: ip.ID, AssigneeID: s.ID, AssigneeType: "server"})))
	if m := c.machine(s.ID); m.IPv4.String() != ip.IP.String() {
		t.Errorf("machine: got %s, want %s", m.IPv4, ip.IP)
	}
	extra := must[*hcloud.PrimaryIPCreateResult](t)(c.client.PrimaryIP.Create(c.ctx, hcloud.PrimaryIPCreateOpts{
		Name: "extra", Type: hcloud.PrimaryIPTypeIPv4, Location: "nbg1",
	}))
	_, _, err = c.client.PrimaryIP.Assign(c.ctx, hcloud.PrimaryIPAssignOpts{ID: extra.PrimaryIP.ID, AssigneeID: s.ID, AssigneeType: "server"})
	c.wantCode(err, "server_has_ipv4")

	c.wait(must[*hcloud.ServerDeleteResult](t)(c.client.Server.DeleteWithResult(c.ctx, s)).Action)
	after := must[*hcloud.PrimaryIP](t)(c.client.PrimaryIP.GetByName(c.ctx, "portal-v4"))
	if after == nil || after.AssigneeID != 0 {
		t.Fatalf("after the server went: got %+v, want it unassigned", after)
	}
	c.wait(must[*hcloud.Action](t)(c.client.PrimaryIP.ChangeProtection(c.ctx, hcloud.PrimaryIPChangeProtectionOpts{ID: ip.ID, Delete: true})))
	_, err = c.client.PrimaryIP.Delete(c.ctx, ip)
	c.wantCode(err, hcloud.ErrorCodeProtected)
	c.wait(must[*hcloud.Action](t)(c.client.PrimaryIP.ChangeProtection(c.ctx, hcloud.PrimaryIPChangeProtectionOpts{ID: ip.ID})))
	if _, err := c.client.PrimaryIP.Delete(c.ctx, ip); err != nil {
		t.Error(err)
	}
}

func TestPrimaryIPForAServer(t *testing.T) {
	c := newCloud(t)
	opts := serverOpts("portal")
	opts.PublicNet = &hcloud.ServerCreatePublicNet{EnableIPv4: true}
	opts.StartAfterCreate = hcloud.Ptr(false)
	s := c.create(opts)
	made := must[*hcloud.PrimaryIPCreateResult](t)(c.client.PrimaryIP.Create(c.ctx, hcloud.PrimaryIPCreateOpts{
		Name: "v6", Type: hcloud.PrimaryIPTypeIPv6, AssigneeID: &s.ID, AssigneeType: "server", AutoDelete: hcloud.Ptr(true),
	}))
	c.wait(made.Action)
	if made.PrimaryIP.Location.Name != "fsn1" || made.PrimaryIP.AssigneeID != s.ID {
		t.Errorf("got %+v", made.PrimaryIP)
	}
	if m := c.machine(s.ID); m.IPv6 != mustPrefix("fd77:6b72:0:1::/64") {
		t.Errorf("machine: got %s", m.IPv6)
	}
}

func TestAddressPools(t *testing.T) {
	p := newProject()
	pool := mustPrefix("127.77.0.0/24")
	var got []netip.Prefix
	for {
		a, ok := p.freeIPv4(pool)
		if !ok {
			break
		}
		got = append(got, a)
		id := p.nextID()
		p.PrimaryIPs[id] = &primaryIP{meta: meta{ID: id}, Prefix: a}
	}
	if len(got) != 245 || got[0] != mustPrefix("127.77.0.10/32") || got[244] != mustPrefix("127.77.0.254/32") {
		t.Errorf("got %d addresses from %s to %s, want .10 to .254", len(got), got[0], got[len(got)-1])
	}
	delete(p.PrimaryIPs, 3)
	if a, _ := p.freeIPv4(pool); a != mustPrefix("127.77.0.12/32") {
		t.Errorf("after a release: got %s, want .12 again", a)
	}
	small := mustPrefix("fd77:6b72::/62")
	for _, want := range []string{"fd77:6b72:0:1::/64", "fd77:6b72:0:2::/64", "fd77:6b72:0:3::/64", ""} {
		a, ok := p.freeIPv6(small)
		if ok != (want != "") || ok && a.String() != want {
			t.Errorf("IPv6: got %s %v, want %q", a, ok, want)
		}
		if id := p.nextID(); ok {
			p.PrimaryIPs[id] = &primaryIP{meta: meta{ID: id}, Prefix: a}
		}
	}
}

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
	if m := c.machine(other.ID); len(m.Private) != 0 {
		t.Errorf("running machine: got %v, want it to learn at the next start", m.Private)
	}
	c.wait(must[*hcloud.Action](t)(c.client.Server.Reset(c.ctx, other)))
	if m := c.machine(other.ID); len(m.Private) != 1 || !m.on {
		t.Errorf("machine after a reset: got %v on %v", m.Private, m.on)
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

func TestCatalog(t *testing.T) {
	c := newCloud(t)
	typ := must[*hcloud.ServerType](t)(c.client.ServerType.GetByName(c.ctx, "cpx22"))
	if typ.ID != 109 || typ.Cores != 2 || typ.Memory != 4 || typ.Disk != 80 || len(typ.Pricings) != 3 || len(typ.Locations) != 3 {
		t.Errorf("cpx22: got %+v", typ)
	}
	if p := typ.Pricings[0]; p.Monthly.Net != "19.4900000000" || p.Monthly.Gross != "23.1931000000000000" || p.Hourly.Net != "0.0312000000" {
		t.Errorf("price of cpx22: got %+v", p)
	}
	if err := c.sim.SetStock("cpx22", "nbg1", false); err != nil {
		t.Fatal(err)
	}
	if err := c.sim.SetStock("cpx22", "sin", false); err == nil {
		t.Error("stock of a pair that is not offered: got no error")
	}
	typ = must[*hcloud.ServerType](t)(c.client.ServerType.GetByID(c.ctx, 109))
	for _, l := range typ.Locations {
		if l.Available != (l.Location.Name != "nbg1") {
			t.Errorf("cpx22 at %s: available %v", l.Location.Name, l.Available)
		}
	}
	pricing := must[hcloud.Pricing](t)(c.client.Pricing.Get(c.ctx))
	if pricing.Currency != "EUR" || len(pricing.ServerTypes) != 20 || len(pricing.PrimaryIPs) != 2 {
		t.Errorf("pricing: got %s, %d types, %d primary IPs", pricing.Currency, len(pricing.ServerTypes), len(pricing.PrimaryIPs))
	}
	locations, err := c.client.Location.All(c.ctx)
	if err != nil || len(locations) != 6 || locations[0].Name != "fsn1" || locations[0].NetworkZone != "eu-central" {
		t.Errorf("locations: got %d %v", len(locations), err)
	}
	for _, arch := range []hcloud.Architecture{hcloud.ArchitectureX86, hcloud.ArchitectureARM} {
		images, err := c.client.Image.AllWithOpts(c.ctx, hcloud.ImageListOpts{
			Name: "debian-12", Architecture: []hcloud.Architecture{arch}, Type: []hcloud.ImageType{hcloud.ImageTypeSystem}, IncludeDeprecated: true,
		})
		if err != nil || len(images) != 1 || images[0].Architecture != arch {
			t.Errorf("debian-12 for %s: got %d %v", arch, len(images), err)
		}
	}
	snapshots, err := c.client.Image.AllWithOpts(c.ctx, hcloud.ImageListOpts{Type: []hcloud.ImageType{hcloud.ImageTypeSnapshot}})
	if err != nil || len(snapshots) != 0 {
		t.Errorf("snapshots: got %d %v", len(snapshots), err)
	}
}

func TestEveryOfferedTypeHasAnImageAndAPrice(t *testing.T) {
	cat, err := loadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	ids := map[int64]string{}
	for _, typ := range cat.Types {
		if other, taken := ids[typ.ID]; taken {
			t.Errorf("%s has the ID of %s", typ.Name, other)
		}
		ids[typ.ID] = typ.Name
		for _, p := range cat.typePrices(typ) {
			if strings.HasPrefix(p.PriceMonthly.Net, "0.00") || strings.HasPrefix(p.PriceHourly.Net, "0.0000") || p.IncludedTraffic == 0 {
				t.Errorf("%s at %s: price %+v", typ.Name, p.Location, p)
			}
		}
		images := 0
		for _, img := range cat.Images {
			if img.Arch == typ.Arch {
				images++
			}
		}
		if images != 3 || typ.Cores == 0 || typ.Memory == 0 || typ.Disk == 0 {
			t.Errorf("%s: %d images, %+v", typ.Name, images, typ)
		}
	}
}
