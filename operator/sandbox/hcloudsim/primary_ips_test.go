package hcloudsim

import (
	"net/netip"
	"testing"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

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
